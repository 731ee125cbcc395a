"""JSON in one format."""

from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, File, Finding, PerFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def _number_or_text(text: str) -> "int | str":
    try:
        return int(text)
    except ValueError:
        return text


def _names(text: str) -> "list[str]":
    return text.split(",")


class PrettyJson(PerFile):
    """Formats JSON: a diff of what is to be done, or with `--autofix` the deed."""

    options = (
        Option(("--autofix",), "autofix", False, const=True),
        Option(("--indent",), "indent", 2, convert=_number_or_text),
        Option(("--no-ensure-ascii",), "keep_unicode", False, const=True),
        Option(("--no-sort-keys",), "keep_order", False, const=True),
        Option(("--top-keys",), "top_keys", (), convert=_names),
    )

    def __init__(
        self, *, autofix: bool, indent: "int | str", keep_unicode: bool, keep_order: bool, top_keys: "Sequence[str]"
    ) -> None:
        self._autofix = autofix
        self._indent = indent
        self._keep_unicode = keep_unicode
        self._keep_order = keep_order
        self._places = {key: place for place, key in reversed(list(enumerate(top_keys)))}

    def check(self, file: File, content: bytes) -> Finding:
        """A diff, or the formatted content; CR LF counts as LF."""
        text = content.decode().replace("\r\n", "\n").replace("\r", "\n")
        try:
            pretty = self._pretty(text)
        except ValueError:
            return Finding(b"Input File %s is not a valid JSON, consider using check-json\n" % file.path, 1)
        if pretty == text:
            return CLEAN
        if self._autofix:
            return Finding(b"Fixing file " + file.path + b"\n", 1, pretty.encode())
        return Finding(_diff(text, pretty, file.path), 1)

    def _pretty(self, text: str) -> str:
        import json

        loaded = json.loads(text, object_pairs_hook=self._ordered)
        return json.dumps(loaded, indent=self._indent, ensure_ascii=not self._keep_unicode) + "\n"

    def _ordered(self, pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
        first = [pair for pair in pairs if pair[0] in self._places]
        first.sort(key=lambda pair: self._places[pair[0]])
        rest = [pair for pair in pairs if pair[0] not in self._places]
        return dict(first + (rest if self._keep_order else sorted(rest)))


def _diff(before: str, after: str, path: bytes) -> bytes:
    from difflib import unified_diff

    name = path.decode("utf-8", "surrogateescape")
    lines = unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, name)
    return "".join(lines).encode("utf-8", "surrogateescape")
