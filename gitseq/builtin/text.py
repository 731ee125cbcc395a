"""Blanks, line ends and the byte-order mark: the fixers that most files go through.

Nearly every file is clean, so each fixer first asks a question that C answers in one pass over the bytes, and looks
at lines only after that.
"""

from gitseq.builtin import arguments
from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, Batch, Context, File, Finding, PerFile
from gitseq.host.search import holds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BOM = b"\xef\xbb\xbf"
_NO_TEXT = (b"\n", b"\r", b"")
"""What stands before a last line end that is not the only one."""


class TrailingWhitespace(PerFile):
    """Strips blanks at the ends of lines; in a markdown file it leaves the two that break a line."""

    options = (
        Option(("--no-markdown-linebreak-ext",), "obsolete", False, const=True),
        Option(("--markdown-linebreak-ext",), "extensions", (), append=True),
        Option(("--chars",), "chars"),
    )

    def __init__(self, *, obsolete: bool, extensions: "Sequence[str]", chars: "str | None") -> None:
        self._obsolete = obsolete
        self._all_markdown = "*" in extensions
        self._markdown = frozenset(_dotted(extensions))
        self._chars = None if chars is None else chars.encode("utf-8", "surrogateescape")

    @classmethod
    def of(cls, name: str, args: "Sequence[str]") -> "TrailingWhitespace":
        """The check with these arguments. Raises ConfigError."""
        values = arguments.parse(name, cls.options, args)
        if "" in values["extensions"]:
            arguments.refuse(name, "--markdown-linebreak-ext requires a non-empty argument")
        for extension in _dotted(values["extensions"]):
            if any(c in extension[1:] for c in r"./\:"):
                arguments.refuse(name, f"bad --markdown-linebreak-ext extension {extension!r} (has . / \\ :)")
        return cls(**values)

    def suspects(self, batch: Batch) -> "list[File]":
        """None of them, when no line of any ends in a blank; a CR that ends a file looks like a line end here.

        Blanks other than the space are rare: those who have one are looked at by themselves.
        """
        text = batch.text() if self._chars is None else None
        if text is None or b"\r" in text or text.endswith(b" ") or holds(text, b" \n"):
            return batch.files
        rare = [blank for blank in _RARE if blank in text]
        return [file for file in batch.files if _ends_in(rare, file.held or b"")] if rare else []

    def check(self, file: File, content: bytes) -> Finding:
        """Fixed when a line ends in a blank."""
        if self._chars is None and not _has_trailing_blank(content):
            return CLEAN
        fixed = self._stripped(content, markdown=self._is_markdown(file.path))
        return CLEAN if fixed == content else _fixing(file, fixed)

    def check_large(self, file: File) -> Finding:
        """The same, block by block."""
        markdown = self._is_markdown(file.path)
        if all(self._stripped(block, markdown=markdown) == block for block in file.blocks()):
            return CLEAN
        return _fixing(file, (self._stripped(block, markdown=markdown) for block in file.blocks()))

    def end(self, context: Context) -> Finding:  # noqa: ARG002
        """A word about an argument that has lost its meaning."""
        return Finding(b"--no-markdown-linebreak-ext now does nothing!\n") if self._obsolete else CLEAN

    def _is_markdown(self, path: bytes) -> bool:
        name = path[path.rfind(b"/") + 1 :].decode("utf-8", "surrogateescape").lower()
        dot = name.rfind(".")
        extension = name[dot:] if name[: max(dot, 0)].strip(".") else ""
        return self._all_markdown or extension in self._markdown

    def _stripped(self, content: bytes, *, markdown: bool) -> bytes:
        lines, chars = content.split(b"\n"), self._chars
        if chars is None and not markdown and b"\r" not in content:
            return b"\n".join([line.rstrip() for line in lines])
        strip = _strip_markdown if markdown else _strip
        last = strip(lines.pop(), chars)
        ends = [strip(line[:-1], chars) + b"\r" if line[-1:] == b"\r" else strip(line, chars) for line in lines]
        return b"\n".join([*ends, last])


def _dotted(extensions: "Sequence[str]") -> "list[str]":
    """Lower-case extensions with one dot in front; of none at all the list with a lone dot, as in pre-commit-hooks."""
    return ["." + part.lower().lstrip(".") for part in ",".join(extensions).split(",")]


_RARE = (b"\t", b"\x0b", b"\x0c")
"""What ends a line of few files, and a line of most of none."""


def _has_trailing_blank(content: bytes) -> bool:
    """Whether stripping would change anything; `in` for one byte is memchr, so a byte that is absent costs nothing."""
    if holds(content, b" \n") or content[-1:] in (b" ", b"\r") or _ends_in(_RARE, content):
        return True
    return b"\r" in content and any(blank + b"\r\n" in content for blank in (b" ", b"\t", b"\x0b", b"\x0c", b"\r"))


def _ends_in(blanks: "Sequence[bytes]", content: bytes) -> bool:
    """Whether a line ends in one of these."""
    there = [blank for blank in blanks if blank in content]
    return any(content.endswith(blank) or blank + b"\n" in content for blank in there)


def _strip(line: bytes, chars: "bytes | None") -> bytes:
    return line.rstrip(chars)


def _strip_markdown(line: bytes, chars: "bytes | None") -> bytes:
    if line.endswith(b"  ") and not line.isspace():
        return line[:-2].rstrip(chars) + b"  "
    return line.rstrip(chars)


class EndOfFile(PerFile):
    """Makes a file end in one line end, or be empty."""

    def suspects(self, batch: Batch) -> "list[File]":
        """Those that do not end in just one LF."""
        return [
            file
            for file in batch.files
            if (content := file.held) is None or content[-1:] != b"\n" or content[-2:-1] in _NO_TEXT
        ]

    def check(self, file: File, content: bytes) -> Finding:
        """Fixed when the end is missing or there are several."""
        if content[-1:] == b"\n" and content[-2:-1] not in _NO_TEXT:
            return CLEAN
        fixed = _ended(content)
        return CLEAN if fixed == content else _fixing(file, fixed)

    def check_large(self, file: File) -> Finding:
        """The same from the last bytes alone, unless all of those are line ends."""
        tail = file.tail(4096)
        if tail and not tail.strip(b"\r\n"):
            return super().check_large(file)
        fixed = _ended(tail)
        return CLEAN if fixed == tail else _fixing(file, _with_tail(file, len(tail), fixed))


def _ended(content: bytes) -> bytes:
    body = content.rstrip(b"\r\n")
    if not body:
        return b""
    ends = content[len(body) :]
    if ends.startswith(b"\r\n"):
        return body + b"\r\n"
    return body + (ends[:1] or b"\n")


def _with_tail(file: File, length: int, tail: bytes) -> "Iterator[bytes]":
    """The content with other last bytes."""
    left = file.size() - length
    for block in file.blocks():
        yield block[:left]
        left -= len(block)
        if left <= 0:
            break
    yield tail


class MixedLineEnding(PerFile):
    """Makes all lines of a file end alike."""

    options = (Option(("-f", "--fix"), "fix", "auto", choices=("auto", "no", "cr", "crlf", "lf")),)

    def __init__(self, *, fix: str) -> None:
        self._fix = fix
        self._lf_is_fine = fix != "crlf" and fix != "cr"

    def suspects(self, batch: Batch) -> "list[File]":
        """None of them, when all lines end in LF and may."""
        text = batch.text() if self._lf_is_fine else None
        return batch.files if text is None or b"\r" in text else []

    def check(self, file: File, content: bytes) -> Finding:
        """Fixed, or with `--fix=no` only told, when lines end in different ways."""
        if b"\r" not in content and self._lf_is_fine:
            return CLEAN
        ending = self._wanted(_counts(content))
        if ending is None:
            return CLEAN
        if not ending:
            return Finding(file.path + b": mixed line endings\n", 1)
        return Finding(file.path + b": fixed mixed line endings\n", 1, _with_ends(content, ending))

    def check_large(self, file: File) -> Finding:
        """The same, block by block: no block ends between the two bytes of a line end."""
        total = [0, 0, 0]
        for block in file.blocks():
            total = [sum(pair) for pair in zip(total, _counts(block), strict=True)]
        ending = self._wanted((total[0], total[1], total[2]))
        if ending is None:
            return CLEAN
        if not ending:
            return Finding(file.path + b": mixed line endings\n", 1)
        blocks = (_with_ends(block, ending) for block in file.blocks())
        return Finding(file.path + b": fixed mixed line endings\n", 1, blocks)

    def _wanted(self, counts: "tuple[int, int, int]") -> "bytes | None":
        """How lines should end: None when they do, b'' when they do not and must not be touched."""
        cr, crlf, lf = counts
        mixed = (cr > 0) + (crlf > 0) + (lf > 0) > 1
        if self._fix == "no":
            return b"" if mixed else None
        if self._fix == "auto":
            most = max(counts)  # LF before CRLF before CR where two are as frequent
            return (b"\n" if lf == most else b"\r\n" if crlf == most else b"\r") if mixed else None
        ending, own = {"cr": (b"\r", cr), "crlf": (b"\r\n", crlf), "lf": (b"\n", lf)}[self._fix]
        return ending if sum(counts) > own else None


def _counts(content: bytes) -> "tuple[int, int, int]":
    """How many lines end in CR, CRLF and LF."""
    crlf = content.count(b"\r\n")
    return content.count(b"\r") - crlf, crlf, content.count(b"\n") - crlf


def _with_ends(content: bytes, ending: bytes) -> bytes:
    """Every line with this end; a last line without one gets it too, as in pre-commit-hooks."""
    plain = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if plain[-1:] != b"\n":
        plain += b"\n"
    return plain if ending == b"\n" else plain.replace(b"\n", ending)


class ByteOrderMark(PerFile):
    """Removes a UTF-8 byte-order mark."""

    def suspects(self, batch: Batch) -> "list[File]":
        """Those that begin with one."""
        return [file for file in batch.files if (content := file.held) is None or content[:3] == _BOM]

    def check(self, file: File, content: bytes) -> Finding:
        """Fixed when the file begins with one and is UTF-8."""
        if content[:3] != _BOM:
            return CLEAN
        _prove_utf8((content,))
        return _removed(file, content[3:])

    def check_large(self, file: File) -> Finding:
        """The same, block by block: no block of UTF-8 ends inside a character."""
        if file.head(3) != _BOM:
            return CLEAN
        _prove_utf8(file.blocks())
        return _removed(file, file.blocks(3))


def _prove_utf8(blocks: "Iterable[bytes]") -> None:
    """Raises ValueError, which says where, for what is not UTF-8 after all: then it must not be touched."""
    passed = 0
    for block in blocks:
        try:
            block.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"byte {passed + error.start} is not UTF-8") from None
        passed += len(block)


def _removed(file: File, content: "bytes | Iterable[bytes]") -> Finding:
    return Finding(file.path + b": removed byte-order marker\n", 1, content)


def _fixing(file: File, content: "bytes | Iterable[bytes]") -> Finding:
    return Finding(b"Fixing " + file.path + b"\n", 1, content)
