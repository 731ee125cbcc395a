"""Python source as tokens: docstrings in the wrong place, and quotes."""

import io
import tokenize

from gitseq.builtin.base import CLEAN, MEBIBYTE, File, Finding, PerFile, finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_CODE = frozenset((tokenize.COMMENT, tokenize.ENDMARKER, tokenize.NEWLINE, tokenize.NL, tokenize.ENCODING))

_FSTRING_START = getattr(tokenize, "FSTRING_START", -1)  # 3.12: an f-string is no longer one token
_FSTRING_END = getattr(tokenize, "FSTRING_END", -1)


class DocstringFirst(PerFile):
    """Finds a string at the margin that comes after code, or after another one."""

    limit = 16 * MEBIBYTE

    def check(self, file: File, content: bytes) -> Finding:
        """The first of them."""
        docstring = code = 0
        for kind, _, (line, column), _, _ in tokenize.tokenize(io.BytesIO(content).readline):
            if kind == tokenize.STRING and column == 0:
                if docstring:
                    return _told(file, line, f"Multiple module docstrings (first docstring on line {docstring}).")
                if code:
                    return _told(file, line, f"Module docstring appears after code (code seen on line {code}).")
                docstring = line
            elif kind not in _NO_CODE and not code:
                code = line
        return CLEAN


def _told(file: File, line: int, text: str) -> Finding:
    return finding(b"%s:%d: %s" % (file.path, line, text.encode()))


class SingleQuotes(PerFile):
    """Puts strings into single quotes, where no quote inside forbids it."""

    limit = 16 * MEBIBYTE

    def check(self, file: File, content: bytes) -> Finding:
        """Fixed when there is a string to change."""
        text = content.decode()
        fixed = _in_single_quotes(text)
        return CLEAN if fixed == text else Finding(b"Fixing strings in " + file.path + b"\n", 1, fixed.encode())


def _in_single_quotes(text: str) -> str:
    pieces: "list[str]" = []
    done = 0
    for start, old in list(_strings(text)):
        new = _requoted(old)
        if new != old:
            pieces += text[done:start], new
            done = start + len(old)
    return "".join([*pieces, text[done:]])


def _strings(text: str) -> "Iterator[tuple[int, str]]":
    """Where each string outside an f-string begins, and its source."""
    offsets = [0, 0]  # lines are counted from 1, and end at LF alone
    for line in io.StringIO(text):
        offsets.append(offsets[-1] + len(line))
    depth = 0
    for kind, source, (line_number, column), _, _ in tokenize.generate_tokens(io.StringIO(text).readline):
        depth += (kind == _FSTRING_START) - (kind == _FSTRING_END)
        if kind == tokenize.STRING and depth == 0:
            start = offsets[line_number] + column
            if not text.startswith(source, start):
                raise ValueError(f"line {line_number} is not where the tokenizer sees it")
            yield start, source


def _requoted(source: str) -> str:
    prefix, quote, rest = source.partition('"')
    if not quote or not (prefix == "" or prefix.isalpha()) or '"""' in source or "'''" in source:
        return source
    inside = rest[:-1]
    return source if '"' in inside or "'" in inside else f"{prefix}'{inside}'"
