"""Places in files that a tool's output names. Text in, values out: whether a file exists is for others to say.

Understood: `path:line:col: message`, `path:line: message`, `path(line,col): message`, with or without a word for how
bad it is (gcc, mypy, flake8, ruff's concise form, shellcheck, eslint's unix form, tsc ...); ruff's and Rust's full form
(a message, then `--> path:line:col`); eslint's stylish form (a line that is a path, below it indented `line:col`);
Python tracebacks; and GitHub's own `::error file=...::message`.
"""

import re

from gitseq.model import Record

ERROR, WARNING, NOTE = "error", "warning", "note"
MOST = 1000
"""Annotations taken from one output."""
_LONGEST_LINE = 2000
"""Characters; a longer line is a minified file or worse, and says nothing to a person."""


class Annotation(Record):
    """Something said about a place in a file."""

    path: str
    line: int
    """From 1."""
    column: int
    """From 1; 0 when none was given."""
    level: str
    message: str


_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_COLONS = re.compile(
    r"^(?P<path>(?:[A-Za-z]:[\\/])?[^\s:(][^:(]*?):(?P<line>\d{1,7})(?::(?P<col>\d{1,7}))?(?::\s*|\s+)(?P<said>\S.*)$"
)
_RANGE = re.compile(r"^(?P<path>[^\s:(][^:(]*?):(?P<line>\d{1,7}):(?P<col>\d{1,7})[-:]\d[\d:]*:?\s+(?P<said>\S.*)$")
_BRACKETS = re.compile(r"^(?P<path>[^\s:(][^:(]*?)\((?P<line>\d{1,7})(?:,(?P<col>\d{1,7}))?\)\s*:\s*(?P<said>\S.*)$")
_ARROW = re.compile(r"^\s*-->\s*(?P<path>[^:]+):(?P<line>\d{1,7})(?::(?P<col>\d{1,7}))?\s*$")
_INDENTED = re.compile(r"^\s+(?P<line>\d{1,7}):(?P<col>\d{1,7})\s+(?P<said>\S.*)$")
_TRACEBACK = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d{1,7})')
_COMMAND = re.compile(r"^::(?P<level>error|warning|notice)(?: (?P<fields>.*?))?::(?P<said>.*)$")
_LEVEL = re.compile(r"^\W{0,2}(fatal error|error|warning|note|info|notice|style|hint)\b\W?\s*", re.I)
_LEVELS = {"warning": WARNING, "note": NOTE, "info": NOTE, "notice": NOTE, "style": NOTE, "hint": NOTE}


def without_colours(text: str) -> str:
    """A text without a terminal's escape sequences."""
    return _ESCAPE.sub("", text)


def find(output: str) -> "list[Annotation]":
    """The annotations of an output, in its order, each once."""
    finder = _Finder()
    for line in output.splitlines():
        if len(line) <= _LONGEST_LINE:
            finder.look(without_colours(line).rstrip())
        if len(finder.found) >= MOST:
            break
    return list(dict.fromkeys(finder.found))


class _Finder:
    """Goes through lines; some only make sense after the one before."""

    def __init__(self) -> None:
        self.found: list[Annotation] = []
        self._before = ""
        self._heading = ""
        """A line that may be eslint's path."""

    def look(self, line: str) -> None:
        self._take(line)
        if line and not line[0].isspace():
            self._heading = line if _looks_like_a_path(line) else ""
        self._before = line if line.strip() else self._before

    def _take(self, line: str) -> None:
        if match := _COMMAND.match(line):
            self._add_command(match)
        elif match := _ARROW.match(line):
            self._add(match["path"], match["line"], match["col"], self._before.strip() or "see the output")
        elif match := _TRACEBACK.match(line):
            self._add(match["path"], match["line"], None, "in a traceback")
        elif self._heading and (match := _INDENTED.match(line)):
            self._add(self._heading, match["line"], match["col"], match["said"])
        elif match := _BRACKETS.match(line) or _RANGE.match(line) or _COLONS.match(line):
            self._add(match["path"], match["line"], match["col"], match["said"])

    def _add(self, path: str, line: str, column: "str | None", said: str) -> None:
        level, message = _split_level(said)
        if int(line):
            self.found.append(Annotation(path.strip(), int(line), int(column or 0), level, message))

    def _add_command(self, match: "re.Match[str]") -> None:
        fields = dict(part.split("=", 1) for part in (match["fields"] or "").split(",") if "=" in part)
        path, line = _unescaped(fields.get("file", "").strip()), fields.get("line", "1")
        if path and line.isascii() and line.isdigit():
            column = fields.get("col", "0")
            level = {"error": ERROR, "warning": WARNING}.get(match["level"], NOTE)
            number = int(column) if column.isascii() and column.isdigit() else 0
            self.found.append(Annotation(path, max(1, int(line)), number, level, _unescaped(match["said"])))


def _looks_like_a_path(line: str) -> bool:
    """eslint writes a path alone on its line; a sentence has spaces and no slash, dot or extension."""
    return len(line) < 500 and ("/" in line or "\\" in line or re.fullmatch(r"[^\s:]+\.\w{1,8}", line) is not None)


def _split_level(said: str) -> "tuple[str, str]":
    match = _LEVEL.match(said)
    if match is None:
        return ERROR, said
    rest = said[match.end() :] or said
    return _LEVELS.get(match[1].lower(), ERROR), rest


def _unescaped(text: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text
