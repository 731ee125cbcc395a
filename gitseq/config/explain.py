"""What is wrong with a configuration, in words: file, line, key, reason, and the nearest thing that is known."""

from gitseq.config.lines import line_numbers
from gitseq.errors import ConfigError
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from gitseq.config.lines import Path

MOST = 10
"""So many problems are told at once; more would scroll the first one away."""
_LONGEST = 60
"""Longer names of keys and values are cut."""
_MENDED = "When it is mended: gitseq validate"
_ENOUGH = 100
"""A file with so many problems is not read further: it is no configuration."""


class Problem(Record):
    """One thing that is wrong."""

    file: str
    line: int
    """From 1; 0 when it concerns the file as a whole."""
    column: int
    """From 1; 0 when unknown."""
    key: str
    """Such as `hook "ruff": types`; '' when it concerns no key."""
    reason: str

    def __str__(self) -> str:
        place = ":".join([on_one_line(self.file), *(str(number) for number in (self.line, self.column) if number)])
        return ": ".join(part for part in (place, self.key, self.reason) if part)


class Document:
    """One parsed TOML file, and where in its text things are."""

    is_foreign = False
    """Whether it is written in pre-commit's terms."""

    def __init__(self, name: str, text: str, data: "dict[str, Any]", prefix: "Path" = ()) -> None:
        self.name = name
        self.data = data
        """The table that holds the configuration: all of a gitseq.toml, `[tool.gitseq]` of a pyproject.toml."""
        self._text = text
        self._prefix = prefix
        self._lines: "dict[Path, int] | None" = None

    def line(self, path: "Path") -> int:
        """The line of a key, or of the nearest thing around it that has one; 0 when nothing has."""
        if self._lines is None:
            self._lines = line_numbers(self._text)
        full = (*self._prefix, *path)
        while full and full not in self._lines:
            full = full[:-1]
        return self._lines.get(full, 0)

    def key(self, path: "Path") -> str:
        """A path in words: `hook "ruff": types`, `limits.timeout`, `hook #2: env.A`."""
        words = ""
        separator = ""
        table: Any = self.data
        for part in path:
            table = _member(table, part)
            if not isinstance(part, int):
                words += separator + shown(part)
                separator = "."
            elif isinstance(table, dict):
                words += f" {_quoted_id(table) or f'#{part + 1}'}"
                separator = ": "
            else:
                words += f"[{part}]"
        return words.lstrip()


def _member(table: "Any", part: "str | int") -> "Any":
    if isinstance(table, dict):
        return table.get(part)
    if isinstance(table, list) and isinstance(part, int) and part < len(table):
        return table[part]
    return None


def _quoted_id(table: "dict[str, Any]") -> str:
    name = table.get("id", table.get("url", table.get("repo")))
    return f'"{shown(name)}"' if isinstance(name, str) and name else ""


class Findings:
    """Collects problems, so that all of a file are told at once."""

    def __init__(self) -> None:
        self.problems: "list[Problem]" = []
        self._bad: "set[tuple[str, Path]]" = set()

    def add(self, document: Document, path: "Path", reason: str) -> None:
        """Note that the value at `path` cannot be."""
        self._bad.add((document.name, path))
        self.problems.append(Problem(document.name, document.line(path), 0, document.key(path), reason))
        if len(self.problems) >= _ENOUGH:
            self.raise_any()

    def concerns(self, document: Document, path: "Path") -> bool:
        """Whether something was found at `path` or inside it."""
        return any(name == document.name and bad[: len(path)] == path for name, bad in self._bad)

    def raise_any(self) -> None:
        """Raise ConfigError with what was found, in the order of the files' lines."""
        if self.problems:
            raise config_error(sorted(self.problems, key=lambda problem: (problem.file, problem.line)))


def config_error(problems: "list[Problem]") -> ConfigError:
    """The error that tells these problems, one line each."""
    if len(problems) == 1:
        error = ConfigError(str(problems[0]), hint=_MENDED)
    else:
        told = [str(problem) for problem in problems[:MOST]]
        if len(problems) > MOST:
            told.append(f"... and {len(problems) - MOST} more")
        files = dict.fromkeys(on_one_line(problem.file) for problem in problems)
        error = ConfigError(f"{len(problems)} problems in {' and '.join(files)}", why="\n".join(told), hint=_MENDED)
    error.problems = tuple(problems)
    return error


def whole_file(name: str, reason: str, *, line: int = 0, column: int = 0, hint: str = "") -> ConfigError:
    """The error for a file that cannot be read as TOML at all."""
    problem = Problem(name, line, column, "", reason)
    error = ConfigError(str(problem), hint=hint or _MENDED)
    error.problems = (problem,)
    return error


def nearest(word: str, known: "Iterable[str]") -> str:
    """`, did you mean ...?` with the most similar known word; '' when none is similar."""
    import difflib

    found = difflib.get_close_matches(word[:_LONGEST].lower(), list(known), n=1, cutoff=0.6)
    return f", did you mean `{found[0]}`?" if found else ""


def one_of(word: object, known: "Iterable[str]") -> str:
    """What is wrong with a word that is not among the known ones."""
    known = list(known)
    near = nearest(word, known) if isinstance(word, str) else ""
    return f"`{shown(word)}` is not known" + (near or "; known are " + ", ".join(known))


def shown(value: object) -> str:
    """A name or value on one line of reasonable length: control characters escaped, the rest cut off."""
    text = on_one_line(str(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def on_one_line(text: str) -> str:
    """Text with what would break or repaint a terminal's line escaped; undecodable bytes stay surrogates."""
    return "".join(
        char if char.isprintable() or _is_byte(char) else char.encode("unicode_escape").decode() for char in text
    )


def _is_byte(char: str) -> bool:
    """Whether `surrogateescape` made this of a byte that is not UTF-8."""
    return "\udc80" <= char <= "\udcff"
