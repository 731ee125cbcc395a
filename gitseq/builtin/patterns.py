"""Regular expressions over content: links that will rot, and whatever the user forbids or requires."""

import io
import re

from gitseq.builtin import arguments
from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, Context, File, Finding, PerFile, finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from re import Pattern


def _by_block(file: File, lines: "Callable[[bytes, int, bytes], Iterable[bytes]]") -> bytes:
    """What `lines` finds in each block of a large file; it is told the number of the block's first line."""
    output: "list[bytes]" = []
    line = 1
    for block in file.blocks():
        output += lines(file.path, line, block)
        line += block.count(b"\n")
    return b"".join(output)


class Permalinks(PerFile):
    """Finds links to a line of a branch, which will be another line tomorrow."""

    options = (Option(("--additional-github-domain",), "domains", ("github.com",), append=True),)

    def __init__(self, *, domains: "Sequence[str]") -> None:
        self._patterns = [
            re.compile(rf"https://{domain}/[^/ ]+/[^/ ]+/blob/(?![a-fA-F0-9]{{4,64}}/)([^/. ]+)/[^# ]+#L\d+".encode())
            for domain in domains
        ]
        self._found = False

    @classmethod
    def of(cls, name: str, args: "Sequence[str]") -> "Permalinks":
        """The check with these arguments. Raises ConfigError."""
        try:
            return super().of(name, args)
        except re.error as error:
            arguments.refuse(name, f"a domain is a regular expression, and this is none: {error}")

    def check(self, file: File, content: bytes) -> Finding:
        """Every such line."""
        return self._told(b"".join(self._lines(file.path, 1, content)))

    def check_large(self, file: File) -> Finding:
        """The same, block by block."""
        return self._told(_by_block(file, self._lines))

    def end(self, context: Context) -> Finding:  # noqa: ARG002
        """What to do about it."""
        found, self._found = self._found, False
        if not found:
            return CLEAN
        return finding(b"\nNon-permanent github link detected.\nOn any page on github press [y] to load a permalink.")

    def _told(self, output: bytes) -> Finding:
        self._found = self._found or bool(output)
        return Finding(output, 1) if output else CLEAN

    def _lines(self, path: bytes, first: int, content: bytes) -> "Iterator[bytes]":
        if b"/blob/" not in content:
            return
        for number, line in enumerate(io.BytesIO(content), first):
            if b"/blob/" in line:
                for _ in filter(None, (pattern.search(line) for pattern in self._patterns)):
                    yield b"%s:%d:%s" % (path, number, line)


class _Patterns(PerFile):
    """A check with patterns that are searched in the whole file; `^` and `$` are the borders of a line."""

    options = (
        Option(("-i", "--ignore-case"), "ignore_case", False, const=True),
        Option(("--message",), "message", ""),
    )
    positional = "patterns"

    def __init__(self, *, patterns: "Sequence[str]", ignore_case: bool, message: str) -> None:
        flags = re.MULTILINE | (re.IGNORECASE if ignore_case else 0)
        self._patterns = [re.compile(pattern.encode("utf-8", "surrogateescape"), flags) for pattern in patterns]
        self._message = message.encode("utf-8", "surrogateescape")
        self._failed = False

    @classmethod
    def of(cls, name: str, args: "Sequence[str]") -> "_Patterns":
        """The check with these arguments. Raises ConfigError."""
        try:
            made = super().of(name, args)
        except (re.error, RecursionError, OverflowError) as error:
            arguments.refuse(name, f"this is no regular expression: {error}")
        if not made._patterns:
            arguments.refuse(name, "needs a regular expression as argument")
        return made

    def end(self, context: Context) -> Finding:  # noqa: ARG002
        """The user's own words, when there was something to say."""
        failed, self._failed = self._failed, False
        return finding(self._message) if failed and self._message else CLEAN

    def _told(self, output: bytes) -> Finding:
        self._failed = self._failed or bool(output)
        return Finding(output, 1) if output else CLEAN


class ForbidPattern(_Patterns):
    """Finds lines that match."""

    def check(self, file: File, content: bytes) -> Finding:
        """Every line in which a match begins."""
        return self._told(b"".join(self._lines(file.path, 1, content)))

    def check_large(self, file: File) -> Finding:
        """The same, block by block: a match does not reach beyond its block of lines."""
        return self._told(_by_block(file, self._lines))

    def _lines(self, path: bytes, first: int, content: bytes) -> "Iterator[bytes]":
        starts = sorted({_line_start(content, match) for each in self._patterns for match in each.finditer(content)})
        counted = 0
        for start in starts:
            first += content.count(b"\n", counted, start)
            counted = start
            end = content.find(b"\n", start)
            line = content[start:] if end < 0 else content[start:end]
            yield b"%s:%d:%s\n" % (path, first, line.rstrip(b"\r"))


def _line_start(content: bytes, match: "re.Match[bytes]") -> int:
    return content.rfind(b"\n", 0, match.start()) + 1


class RequirePattern(_Patterns):
    """Finds files without a match."""

    def check(self, file: File, content: bytes) -> Finding:
        """A line of output for every pattern that is not there."""
        return self._told(_missing(file, [each for each in self._patterns if not each.search(content)]))

    def check_large(self, file: File) -> Finding:
        """The same, block by block: a match does not reach beyond its block of lines."""
        wanted = self._patterns
        for block in file.blocks():
            wanted = [each for each in wanted if not each.search(block)]
        return self._told(_missing(file, wanted))


def _missing(file: File, patterns: "Sequence[Pattern[bytes]]") -> bytes:
    return b"".join([b"%s: no match for %s\n" % (file.path, each.pattern) for each in patterns])
