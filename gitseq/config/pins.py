"""Where a configuration names other repositories, and writing a new rev there with all else left alone."""

import re

from gitseq.config import foreign_check, reading
from gitseq.config.explain import Findings
from gitseq.errors import UsageError
from gitseq.host import files
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.explain import Document
    from gitseq.config.kept import Where
    from gitseq.config.lines import Path

_OWN = ("local", "meta", "builtin")
_TOML_REV = re.compile(r"""(?<![\w-])["']?rev["']?\s*=\s*("(?:\\.|[^"\\\n])*"|'[^'\n]*')""")
_YAML_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
"""An anchor and a tag: PyYAML counts them as part of the value they stand before."""
_FROZEN = re.compile(r"[ \t]*# frozen: \S+")


class Pin(Record):
    """One place where a repository is named."""

    url: str
    rev: str
    ids: tuple[str, ...]
    """The hooks that are used of it."""
    start: int
    """Where its rev stands in the text, quotes included: from ..."""
    end: int
    """... to before this character."""


class Pinned(Record):
    """A configuration file and its pins."""

    path: bytes
    name: str
    text: str
    pins: tuple[Pin, ...]


def find(where: "Where") -> Pinned:
    """The pins of the configuration. Raises ConfigError for one that is not sound, NoConfiguration for none."""
    document = reading.find(reading.Reader(where))
    _refuse_unsound(document)
    path = where.path(document.name.encode("utf-8", "surrogateescape"))
    text = (files.read(path) or b"").decode("utf-8")
    found = _of_yaml(text) if document.is_foreign else _of_toml(text, document.data, document.line)
    return Pinned(path, document.name, text, tuple(found))


def _refuse_unsound(document: "Document") -> None:
    if document.is_foreign:
        foreign_check.check(document)
        return
    from gitseq.config.check import check_file
    from gitseq.config.schema import Config

    findings = Findings()
    check_file(document, Config, findings)
    findings.raise_any()


def rewritten(text: str, changes: "dict[Pin, tuple[str, str]]") -> str:
    """A text with new revs in the places of pins; pin -> (rev, the tag that is frozen in it, or '')."""
    for pin in sorted(changes, key=lambda pin: pin.start, reverse=True):
        rev, frozen = changes[pin]
        before, old, rest = text[: pin.start], text[pin.start : pin.end], text[pin.end :]
        line, newline, below = rest.partition("\n")
        carriage = line[len(line.rstrip("\r")) :]
        line = _FROZEN.sub("", line.rstrip("\r"), count=1)
        if frozen and (not line.strip() or line.lstrip().startswith("#")):
            line = f"  # frozen: {frozen}{line}"
        text = before + _in_style(rev, old) + line + carriage + newline + below
    return text


def _in_style(rev: str, old: str) -> str:
    """A rev quoted as the old one was; what YAML would take for a number is quoted."""
    if old[:1] in ("'", '"'):
        return old[0] + rev + old[0]
    import yaml

    return rev if yaml.safe_load(rev) == rev else f"'{rev}'"


def _of_yaml(text: str) -> "list[Pin]":
    import yaml

    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    found: "list[Pin]" = []
    for repo in _members(root)["repos"].value:
        keys = _members(repo)
        if keys["repo"].value in _OWN or "rev" not in keys:
            continue
        ids = tuple(_members(hook)["id"].value for hook in keys["hooks"].value)
        rev = keys["rev"]
        properties = _YAML_PROPERTIES.match(text, rev.start_mark.index)
        start = properties.end() if properties else rev.start_mark.index
        if rev.style in ("|", ">") or any(pin.start == start for pin in found):
            raise _unwritable(rev.start_mark.line + 1, keys["repo"].value, "Write `rev: ...` without `|`, `>` and `*`.")
        found.append(Pin(keys["repo"].value, rev.value, ids, start, rev.end_mark.index))
    return found


def _members(node: "Any") -> "dict[str, Any]":
    return {key.value: value for key, value in node.value}


def _of_toml(text: str, data: "dict[str, Any]", line_of: "Any") -> "list[Pin]":
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for index, repo in enumerate(data.get("repo", [])):
        path: Path = ("repo", index, "rev")
        offset = starts[line_of(path) - 1]
        line = text[offset : text.find("\n", offset) % (len(text) + 1)]
        places = [match for match in _TOML_REV.finditer(line) if match[1][1:-1] == repo["rev"]]
        if len(places) != 1:
            raise _unwritable(line_of(path), repo["url"], 'Write `rev = "..."` on a line of its own.')
        ids = tuple(hook["id"] for hook in repo.get("hook", []))
        place = places[0]
        found.append(Pin(repo["url"], repo["rev"], ids, offset + place.start(1), offset + place.end(1)))
    return found


def _unwritable(line: int, url: str, hint: str) -> UsageError:
    return UsageError(f"line {line}: the rev of {url} cannot be rewritten there by a program", hint=hint)
