"""Which line of a TOML text holds which key. tomli tells values only.

The text has been parsed before, so this reads valid TOML and need not complain: it splits it into tokens and follows
tables, arrays of tables, dotted and quoted keys, inline tables and arrays. A path is a tuple of keys and of positions
in arrays: `("hook", 2, "env", "A")`.
"""

import contextlib
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
      (?P<comment> \#[^\n]* )
    | (?P<newline> \n )
    | (?P<space> [ \t\r]+ )
    | (?P<string> \"{3} (?: \\[\s\S] | [^\\] )*? \"{3,5} | '{3} [\s\S]*? '{3,5}
                | \"(?: \\. | [^"\\\n] )*\" | '[^'\n]*' )
    | (?P<mark> [\[\]{}=,.] )
    | (?P<bare> [^\s\[\]{}=,.\#"']+ )
    """,
    re.VERBOSE,
)
_VALUE_ENDS = (",", "]", "}", "\n", "end")


def line_numbers(text: str) -> "dict[Path, int]":
    """The line (from 1) on which each key, table and array element of a valid TOML text starts.

    In a text nested more deeply than the interpreter's stack, the lines up to there.
    """
    reader = _Reader(text)
    with contextlib.suppress(RecursionError):
        reader.read()
    return reader.lines


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: "list[tuple[str, str, int]]" = []
        self._at = 0
        self.lines: "dict[Path, int]" = {}
        self._last_index: "dict[Path, int]" = {}
        line = 1
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup or ""
            if kind not in ("comment", "space"):
                self._tokens.append((kind, match.group(), line))
            line += match.group().count("\n")
        self._tokens.append(("end", "", line))

    def read(self) -> None:
        table: Path = ()
        while self._peek() != "end":
            if self._peek() == "\n":
                self._at += 1
            elif self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _peek(self) -> str:
        """The mark that comes next; the kind of token for all that is no mark."""
        kind, text, _line = self._tokens[self._at]
        return text if kind in ("mark", "newline") else kind

    def _line(self) -> int:
        return self._tokens[self._at][2]

    def _header(self) -> "Path":
        line = self._line()
        self._at += 1
        is_array = self._peek() == "["
        self._at += is_array
        path = self._through_arrays(self._keys("]"))
        self._skip_line()
        if is_array:
            index = self._last_index[path] = self._last_index.get(path, -1) + 1
            path = (*path, index)
        self._note(path, line)
        return path

    def _through_arrays(self, keys: "list[str]") -> "Path":
        """`[hook.env]` means the last `[[hook]]`; the last key of `[[a.b]]` is the array itself."""
        path: Path = ()
        for key in keys:
            if path in self._last_index:
                path = (*path, self._last_index[path])
            path = (*path, key)
        return path

    def _keys(self, end: str) -> "list[str]":
        keys = []
        while self._peek() not in (end, "\n", "end"):
            kind, text, _line = self._tokens[self._at]
            if kind in ("bare", "string"):
                keys.append(_unquoted(text) if kind == "string" else text)
            self._at += 1
        return keys

    def _skip_line(self) -> None:
        while self._peek() not in ("\n", "end"):
            self._at += 1

    def _pair(self, table: "Path") -> None:
        line = self._line()
        path = (*table, *self._keys("="))
        self._at += self._peek() == "="
        self._note(path, line)
        self._value(path)

    def _note(self, path: "Path", line: int) -> None:
        """A table that only its contents imply starts where the first of them does."""
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _value(self, path: "Path") -> None:
        if self._peek() == "[":
            self._array(path)
        elif self._peek() == "{":
            self._inline_table(path)
        else:
            while self._peek() not in _VALUE_ENDS:  # `1.5`, or a date and a time with a space between
                self._at += 1

    def _array(self, path: "Path") -> None:
        self._at += 1
        index = 0
        while self._peek() not in ("]", "end"):
            if self._peek() == ",":
                index += 1
                self._at += 1
            elif self._peek() in ("\n", "}"):
                self._at += 1
            else:
                self._note((*path, index), self._line())
                self._value((*path, index))
        self._at += self._peek() == "]"

    def _inline_table(self, path: "Path") -> None:
        self._at += 1
        while self._peek() not in ("}", "end"):
            if self._peek() in (",", "\n"):
                self._at += 1
            else:
                self._pair(path)
        self._at += self._peek() == "}"


def _unquoted(text: str) -> str:
    """A quoted key's meaning; the parser that understood the whole text understands the escapes in it.

    What it does not understand was no key. That can only be if a text was split at the wrong place, and an error
    message with a wrong line is better than a traceback.
    """
    import tomli

    try:
        return str(next(iter(tomli.loads(f"{text} = 0"))))
    except ValueError:
        return text
