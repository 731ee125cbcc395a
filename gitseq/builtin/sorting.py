"""Files whose lines have an order."""

import io

from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, File, Finding, PerFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern


class FileContents(PerFile):
    """Sorts lines, and drops empty ones."""

    options = (
        Option(("--ignore-case",), "ignore_case", False, const=True, group="how"),
        Option(("--unique",), "unique", False, const=True, group="how"),
    )

    def __init__(self, *, ignore_case: bool, unique: bool) -> None:
        self._key = bytes.lower if ignore_case else None
        self._unique = unique

    def check(self, file: File, content: bytes) -> Finding:
        """Fixed when the order is another."""
        lines = [line.rstrip(b"\r\n") for line in io.BytesIO(content) if line.strip()]
        ordered = sorted(set(lines) if self._unique else lines, key=self._key)
        fixed = b"".join([line + b"\n" for line in ordered])
        return CLEAN if fixed == content else _sorting(file, fixed)


class Requirements(PerFile):
    """Sorts requirements by name, each with the comments above it, and drops what is there twice."""

    def check(self, file: File, content: bytes) -> Finding:
        """Fixed when the order is another."""
        if not content.strip():
            return CLEAN
        fixed = _sorted_requirements(content if content.endswith(b"\n") else content + b"\n")
        return CLEAN if fixed == content else _sorting(file, fixed)


def _sorting(file: File, fixed: bytes) -> Finding:
    return Finding(b"Sorting " + file.path + b"\n", 1, fixed)


class _Requirement:
    """A requirement, its continuation lines, and the comments above it."""

    def __init__(self) -> None:
        self.value = b""
        self.comments: "list[bytes]" = []

    @property
    def is_complete(self) -> bool:
        return bool(self.value) and not self.value.rstrip(b"\r\n").endswith(b"\\")


_TOP = b"\n"
"""The value of what is not a requirement but the comment at the top of the file."""

_BROKEN_BY_DEBIAN = (b"pkg-resources==0.0.0\n", b"pkg_resources==0.0.0\n")


def _sorted_requirements(content: bytes) -> bytes:
    requirements, rest = _requirements(content)
    requirements = [each for each in requirements if each.value not in _BROKEN_BY_DEBIAN]
    after: "list[bytes]" = []
    previous = None
    for each in _by_name(requirements):
        after += each.comments
        if each.value != previous:
            after.append(each.value)
            previous = each.value
    return b"".join(after + rest)


def _requirements(content: bytes) -> "tuple[list[_Requirement], list[bytes]]":
    """The requirements, and the comments after the last."""
    found = [_Requirement()]
    for line in io.BytesIO(content):
        if found[-1].is_complete:
            found.append(_Requirement())
        current, blank = found[-1], not line.strip()
        if blank and len(found) == 1 and current.comments and current.comments[0].startswith(b"#"):
            current.value = _TOP
        elif blank or line.lstrip().startswith(b"#"):
            current.comments.append(line)
        else:
            current.value += line
    return (found, []) if found[-1].value else (found[:-1], found[-1].comments)


def _by_name(requirements: "list[_Requirement]") -> "list[_Requirement]":
    """The top first, then by name; of one name those with comments first, so that the comment survives."""
    import re

    named = [each for each in requirements if each.value != _TOP]
    if len(named) < 2:
        return sorted(requirements, key=lambda each: each.value != _TOP)
    word, comparison = re.compile(rb"[^;\s]+"), re.compile(rb"={2,3}|!=|~=|>=?|<=?")
    keys = {id(each): (_name(each.value, word, comparison), not each.comments) for each in named}
    named.sort(key=lambda each: keys[id(each)])
    return [each for each in requirements if each.value == _TOP] + named


def _name(value: bytes, word: "Pattern[bytes]", comparison: "Pattern[bytes]") -> bytes:
    lower = value.lower()
    for egg in (b"#egg=", b"&egg="):
        if egg in value:
            return lower.partition(egg)[2]
    match = word.match(lower)
    if match is None:
        raise ValueError(f"no name in the requirement {value!r}")
    return comparison.split(match.group(), maxsplit=1)[0]


class SimpleYaml(PerFile):
    """Sorts the blocks of a file of top-level keys; comments and what is nested stay with their block."""

    def check(self, file: File, content: bytes) -> Finding:
        """Fixed when the order is another."""
        text = content.decode().replace("\r\n", "\n").replace("\r", "\n")
        lines = [line.rstrip() for line in text.split("\n")]
        if not text or text.endswith("\n"):
            lines.pop()
        ordered = _sorted_blocks(lines)
        if ordered == lines:
            return CLEAN
        return Finding(b"Fixing file `%s`\n" % file.path, 1, ("\n".join(ordered) + "\n").encode())


def _sorted_blocks(lines: "list[str]") -> "list[str]":
    head = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    blocks: "list[list[str]]" = [[]]
    for line in lines[head:]:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    ordered = lines[:head]
    for block in sorted(filter(None, blocks), key=_first_key):
        if ordered:
            ordered.append("")
        ordered += block
    return ordered


def _first_key(block: "list[str]") -> str:
    line = next((line for line in block if not line.startswith("#")), "")
    return line[1:] if line.startswith(("'", '"')) else line
