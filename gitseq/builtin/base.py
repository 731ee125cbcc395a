"""What a built-in hook is given and what it answers.

The engine asks a check in three steps: `begin` once; then `suspects` for some files at a time and `check_file` for
each suspect (`PerFile`), or `check` once (`Whole`); then `end` once. A `PerFile` needs a file at a time, so neighbours
in the configuration can share one read of it: the same `File` goes through all of them. No check writes: it answers
with the content to be written.

Nothing that a file holds makes a check raise: what it cannot read or parse is a `Finding` that fails.

Memory: a file of up to `SHARED` bytes is held once, for all neighbours. A larger one is read in blocks of whole lines
(`BLOCK` bytes, or the longest line when that is longer) by checks that look at lines; checks that must see a file
whole hold it themselves and refuse one above their `limit`.
"""

import os

from gitseq.builtin import arguments
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Protocol

    from typing_extensions import Self

    class Git(Protocol):
        """Runs git where the files are."""

        def __call__(self, arguments: "Sequence[bytes]", stdin: bytes = b"") -> bytes:
            """What git wrote to its standard output. Raises a GitseqError when it fails."""


MEBIBYTE = 1 << 20
SHARED = 16 * MEBIBYTE
BLOCK = 4 * MEBIBYTE
JOINED = 8 * MEBIBYTE
"""So much of several files is searched as one; of more each by itself, for a copy is made of it."""

_FIRST = 1 << 16
"""Bytes of the first read: nearly every file is shorter, and so costs one call."""


class Finding(Record):
    """What a check has to say; `CLEAN` for nothing."""

    output: bytes = b""
    exit_code: int = 0
    fixed: "bytes | Iterable[bytes] | None" = None
    """What the file should hold; None when it may stay as it is.

    In pieces for a large file, which are made from the old file while they are taken: write them beside it, then
    rename.
    """
    lasting: bool = True
    """Whether this pass of a file holds as long as the file stays as it is, so that it may be kept."""


CLEAN = Finding()


class Context(Record):
    """The world a check is run in."""

    git: "Git"
    git_dir: bytes
    env: "dict[bytes, bytes]"
    arguments: "tuple[bytes, ...]" = ()
    """Git's arguments to the hook: for commit-msg the file with the message."""
    top: bytes = b""
    """The folder that paths are relative to, and where git is run."""


class File:
    """A file to be checked; its content is read once and shared by all who look at it."""

    __slots__ = ("_is_large", "held", "location", "mode", "parses", "path")

    def __init__(self, path: bytes, mode: int = 0, top: bytes = b"") -> None:
        self.path = path
        """As the user knows it: relative to the folder of the hook."""
        self.mode = mode
        """The mode in the index; 0 when unknown."""
        self.location = top + b"/" + path if top and path[:1] != b"/" else path
        self.parses = False
        """Whether somebody has found it to be Python."""
        self.held: "bytes | None" = None
        """The content, where it was read and is not larger than SHARED."""
        self._is_large = False

    def shared(self) -> "bytes | None":
        """The content, read at most once; None when it is larger than SHARED. Raises OSError."""
        if self.held is None and not self._is_large:
            self.held = _read(self.location, SHARED)
            self._is_large = self.held is None
        return self.held

    def read(self) -> bytes:
        """The content, however large; a large one is not kept. Raises OSError."""
        content = self.shared()
        return _read(self.location) or b"" if content is None else content

    def size(self) -> int:
        """Bytes. Raises OSError."""
        if self.held is not None:
            return len(self.held)
        return os.stat(self.location).st_size

    def head(self, length: int) -> bytes:
        """The first bytes. Raises OSError."""
        return self.held[:length] if self.held is not None else _read_at(self.location, 0, length)

    def tail(self, length: int) -> bytes:
        """The last bytes. Raises OSError."""
        return _read_at(self.location, max(0, self.size() - length), length)

    def blocks(self, start: int = 0) -> "Iterator[bytes]":
        """The content from an offset on, in pieces of whole lines (the last may lack its end). Raises OSError."""
        fd = os.open(self.location, _READ)
        try:
            os.lseek(fd, start, os.SEEK_SET)
            yield from _whole_lines(fd)
        finally:
            os.close(fd)

    def is_as_read(self) -> bool:
        """Whether the file still holds what was looked at. Of a large one nothing is kept to tell. Raises OSError."""
        return self.held is None or _read(self.location, SHARED) == self.held

    def put(self, fixed: "bytes | Iterable[bytes]") -> None:
        """Take note of what was written to the file."""
        self.held = fixed if isinstance(fixed, bytes) and len(fixed) <= SHARED else None
        self._is_large = self.parses = False


class Batch:
    """Some files that a check looks at together first: nearly all are clean, and one question can tell that of many."""

    __slots__ = ("_is_joined", "_text", "files", "paths")

    def __init__(self, files: "list[File]") -> None:
        self.files = files
        self.paths = [file.path for file in files]
        self._text: "bytes | None" = None
        self._is_joined = False

    def text(self) -> "bytes | None":
        """What they hold, with a line end between two of them; None where one was not read, or it is too much."""
        if not self._is_joined:
            self._is_joined = True
            contents = [file.held for file in self.files]
            read = [content for content in contents if content is not None]
            if len(read) == len(contents) and sum(map(len, read)) <= JOINED:
                self._text = b"\n".join(read)
        return self._text


class Check:
    """A built-in hook with its arguments."""

    options: "tuple[arguments.Option, ...]" = ()
    positional = ""
    """What words that belong to no option are called; '' where there may be none."""
    reads = True
    """Whether it looks into files; if not, none is read for it."""

    @classmethod
    def prepare(cls, index: bytes) -> None:
        """Import what takes long, if some file whose path is in this index (as git writes it) will need it."""

    @classmethod
    def of(cls, name: str, args: "Sequence[str]") -> "Self":
        """The check with these arguments. Raises ConfigError."""
        return cls(**arguments.parse(name, cls.options, args, cls.positional))

    def begin(self, context: Context) -> "Finding | None":  # noqa: ARG002 - for those who need it
        """Called once, before any file is looked at; a Finding is the verdict, and nothing more is asked."""
        return None

    def end(self, context: Context) -> Finding:  # noqa: ARG002
        """Called once after the last file, none of which is read any more: what is left to say."""
        return CLEAN


class PerFile(Check):
    """A check that needs one file at a time."""

    limit = 64 * MEBIBYTE
    """The largest content that `check` takes."""

    def suspects(self, batch: Batch) -> "list[File]":
        """Those of some files that `check_file` must be asked about; it would call the others clean. Never raises."""
        return batch.files

    def check_file(self, file: File) -> Finding:
        """What there is to say about a file. Never raises."""
        try:
            content = file.shared()
            return self.check_large(file) if content is None else self.check(file, content)
        except Exception as error:  # noqa: BLE001 - whatever a file's content does to a parser is this hook's failure
            return broken(file.path, error)

    def check(self, file: File, content: bytes) -> Finding:
        """The same for a file whose content is at hand."""
        raise NotImplementedError

    def check_large(self, file: File) -> Finding:
        """The same for a file larger than SHARED."""
        size = file.size()
        if size > self.limit:
            return too_large(file.path, size, self.limit)
        return self.check(file, file.read())


class Whole(Check):
    """A check that looks at all files together, or at none."""

    def check(self, files: "Sequence[File]", context: Context) -> Finding:
        """What there is to say. Never raises but what `context.git` raises."""
        raise NotImplementedError


def finding(text: bytes, *, lasting: bool = True) -> Finding:
    """A failure with one or more lines."""
    return Finding(text + b"\n", 1, None, lasting)


def broken(path: bytes, error: Exception) -> Finding:
    """The failure of a check that could not finish: one line that says why, and no traceback."""
    return finding(path + b": " + _reason(error).encode("utf-8", "surrogateescape"))


def too_large(path: bytes, size: int, limit: int) -> Finding:
    """The failure of a check that does not take a file of this size."""
    text = f": too large to check ({size // MEBIBYTE} MiB, at most {limit // MEBIBYTE} MiB); exclude it from this hook"
    return finding(path + text.encode())


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    if isinstance(error, RecursionError):
        return "nested too deeply to be checked"
    if isinstance(error, MemoryError):
        return "needs more memory to be checked than there is"
    return f"cannot be checked: {type(error).__name__}: {error}"


_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""O_NONBLOCK: a fifo must not hang us."""


def _read(location: bytes, most: "int | None" = None) -> "bytes | None":
    """The content; None when it is longer than `most` bytes."""
    fd = os.open(location, _READ)
    try:
        content = os.read(fd, _FIRST)
        if len(content) < _FIRST and (most is None or most >= _FIRST):
            return content
        size = os.fstat(fd).st_size
        if most is not None and size > most:
            return None
        parts, held = [content], len(content)
        while part := os.read(fd, max(size, 2 * _FIRST) - _FIRST + 1):
            parts.append(part)
            held += len(part)
            if most is not None and held > most:  # it grows, or is a device that has no size and no end
                return None
        return b"".join(parts)
    finally:
        os.close(fd)


def _read_at(location: bytes, offset: int, length: int) -> bytes:
    fd = os.open(location, _READ)
    try:
        return os.pread(fd, length, offset)
    finally:
        os.close(fd)


def _whole_lines(fd: int) -> "Iterator[bytes]":
    rest: "list[bytes]" = []
    while piece := os.read(fd, BLOCK):
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, piece[:end]])
            rest = [piece[end:]] if end < len(piece) else []
        else:
            rest.append(piece)
    if rest:
        yield b"".join(rest)
