"""What `language: pygrep` runs: NUMBER OPTION... PATTERN FILE..., where NUMBER says how many options there are.

Ends with 1 when something is found, or with --negate when in some file nothing is. Content and names are bytes.
"""

import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_LONG = ("--ignore-case", "--multiline", "--negate")


def main() -> None:
    """The program; exits."""
    words = [os.fsencode(word) for word in sys.argv[1:]]
    end = 1 + int(words[0])
    try:
        chosen = options([word.decode("utf-8", "backslashreplace") for word in words[1:end]])
        flags = re.IGNORECASE if "--ignore-case" in chosen else 0
        flags |= re.MULTILINE | re.DOTALL if "--multiline" in chosen else 0
        pattern = re.compile(words[end], flags)
    except (ValueError, re.error, RecursionError, OverflowError) as error:
        raise SystemExit(f"pygrep: {error}") from None
    found = searcher(pattern, multiline="--multiline" in chosen)
    with os.fdopen(1, "wb", closefd=False) as out:
        bad = [_one_file(name, found, "--negate" in chosen, out.write) for name in words[end + 1 :]]
    raise SystemExit(1 if any(bad) else 0)


def options(words: "list[str]") -> "set[str]":
    """The options by their long names, which may be cut short. ValueError for one that is none."""
    chosen = set()
    for word in words:
        near = [name for name in _LONG if name.startswith(word) and len(word) > 2]
        if word == "-i":
            near = ["--ignore-case"]
        if len(near) != 1:
            raise ValueError(f"unknown option `{word}`; known are -i, {', '.join(_LONG)}")
        chosen.add(near[0])
    return chosen


def searcher(pattern: "re.Pattern[bytes]", *, multiline: bool) -> "Callable[[bytes], list[tuple[int, bytes]]]":
    """A function from content to what is found: (number of the line from 1, text)."""
    if multiline:
        return lambda content: _whole(pattern, content)
    return lambda content: _lines(pattern, content)


def _lines(pattern: "re.Pattern[bytes]", content: bytes) -> "list[tuple[int, bytes]]":
    """Every line in which it is found; a line ends with its newline, which `$` and `\\s` may see."""
    lines = content.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return [(number, line.rstrip(b"\r\n")) for number, line in enumerate(ended, 1) if pattern.search(line)]


def _whole(pattern: "re.Pattern[bytes]", content: bytes) -> "list[tuple[int, bytes]]":
    """The first place where it is found, with its first line in full."""
    match = pattern.search(content)
    if match is None:
        return []
    number = content.count(b"\n", 0, match.start())
    _first, *others = match[0].split(b"\n")
    return [(number + 1, b"\n".join([content.split(b"\n")[number], *others]))]


def _one_file(
    name: bytes,
    found: "Callable[[bytes], list[tuple[int, bytes]]]",
    negate: bool,
    write: "Callable[[bytes], int]",
) -> bool:
    """Tell what is wrong with a file; whether there is something."""
    try:
        with open(name, "rb") as stream:
            places = found(stream.read())
    except OSError as error:
        write(name + b": " + (error.strerror or str(error)).encode() + b"\n")
        return True
    if negate:
        if not places:
            write(name + b"\n")
        return not places
    for number, text in places:
        write(b"%s:%d:%s\n" % (name, number, text))
    return bool(places)
