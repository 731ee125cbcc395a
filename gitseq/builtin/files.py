"""Names, sizes, modes and links: what can be said of a file with a look at its first bytes or none at all."""

import os

from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, Batch, Context, File, Finding, PerFile, finding

_EXECUTABLE = 0o111


class AddedLargeFiles(PerFile):
    """Refuses files that are added and larger than `--maxkb` (500), unless git-lfs keeps them."""

    reads = False
    options = (
        Option(("--enforce-all",), "enforce_all", False, const=True),
        Option(("--maxkb",), "maxkb", 500, convert=int),
    )

    def __init__(self, *, enforce_all: bool, maxkb: int) -> None:
        self._enforce_all = enforce_all
        self._maxkb = maxkb
        self._large: "dict[bytes, int]" = {}

    def suspects(self, batch: Batch) -> "list[File]":
        """The large ones."""
        most = self._maxkb * 1024
        return [file for file in batch.files if (content := file.held) is None or len(content) > most]

    def check_file(self, file: File) -> Finding:
        """Never a failure: whether a large file may be there is known at the end."""
        try:
            size = file.size()
        except OSError as error:
            return finding(file.path + f": cannot be read: {error.strerror}".encode())
        if size <= self._maxkb * 1024:
            return CLEAN
        self._large[file.path] = -(-size // 1024)
        return Finding(lasting=False)

    def end(self, context: Context) -> Finding:
        """A line of output for every large file that is added and that git-lfs does not keep."""
        large, self._large = self._large, {}
        if large and not self._enforce_all:
            added = frozenset(added_files(context))
            large = {path: size for path, size in large.items() if path in added}
        if large:
            by_lfs = _kept_by_lfs(context, list(large))
            large = {path: size for path, size in large.items() if path not in by_lfs}
        lines = [b"%s (%d KB) exceeds %d KB.\n" % (path, size, self._maxkb) for path, size in large.items()]
        return Finding(b"".join(lines), 1) if lines else CLEAN


def added_files(context: Context) -> "list[bytes]":
    """Names that the commit adds, relative to the folder of the hook."""
    arguments = (b"diff", b"--staged", b"--name-only", b"--diff-filter=A", b"--no-ext-diff", b"--relative", b"-z")
    return context.git(arguments).split(b"\0")[:-1]


def _kept_by_lfs(context: Context, paths: "list[bytes]") -> "frozenset[bytes]":
    fields = context.git((b"check-attr", b"filter", b"-z", b"--stdin"), b"\0".join(paths) + b"\0").split(b"\0")
    return frozenset(path for path, value in zip(fields[0::3], fields[2::3], strict=False) if value == b"lfs")


class Symlinks(PerFile):
    """Finds symbolic links that point to nothing."""

    reads = False

    def check_file(self, file: File) -> Finding:
        """A line of output for a broken link."""
        if os.path.islink(file.location) and not os.path.exists(file.location):
            return finding(file.path + b": Broken symlink")
        return CLEAN


class _Shebangs(PerFile):
    """Compares how a file begins with whether it is executable."""

    with_shebang = False
    """Whether files that begin with `#!` are looked at, or the others."""
    advice = b""
    """What follows the name of a file that is wrong; `%(file)s` is its name quoted for a shell."""

    def __init__(self) -> None:
        self._modes = _Modes()

    def begin(self, context: Context) -> None:
        """Remembers how to ask for a mode that is not known."""
        self._modes = _Modes(context)

    def is_wrong(self, file: File) -> bool:
        """Whether the mode of such a file contradicts how it begins."""
        raise NotImplementedError

    def check(self, file: File, content: bytes) -> Finding:
        """How to mend a file that is wrong. That none is wrong need not last: `git update-index --chmod` changes the
        index and nothing of the file."""
        if (content[:2] == b"#!") is not self.with_shebang:
            return CLEAN
        if not self.is_wrong(file):
            return Finding(lasting=False)
        return Finding(file.path + self.advice % {b"file": _quoted(file.path)}, 1)

    def check_large(self, file: File) -> Finding:
        """The same from the first bytes."""
        return self.check(file, file.head(2))


class ExecutablesHaveShebangs(_Shebangs):
    """Finds executable files that do not begin with `#!`."""

    advice = (
        b": marked executable but has no (or invalid) shebang!\n"
        b"  If it isn't supposed to be executable, try: `chmod -x %(file)s`\n"
        b"  If on Windows, you may also need to: `git add --chmod=-x %(file)s`\n"
        b"  If it is supposed to be executable, double-check its shebang.\n"
    )

    def __init__(self) -> None:
        super().__init__()
        self._by_index = False

    def begin(self, context: Context) -> None:
        """Learns whether the work tree shows who is executable, or only the index does (core.fileMode)."""
        super().begin(context)
        answer = context.git((b"config", b"--default", b"true", b"core.fileMode"))
        self._by_index = answer.strip() == b"false"

    def is_wrong(self, file: File) -> bool:
        """Every one, as only executable files come here: but those that the work tree alone calls so."""
        return not self._by_index or bool(self._modes.of(file) & _EXECUTABLE)


class ShebangScriptsAreExecutable(_Shebangs):
    """Finds files that begin with `#!` and are not executable in the index."""

    with_shebang = True
    advice = (
        b": has a shebang but is not marked executable!\n"
        b"  If it is supposed to be executable, try: `chmod +x %(file)s`\n"
        b"  If on Windows, you may also need to: `git add --chmod=+x %(file)s`\n"
        b"  If it is not supposed to be executable, double-check its shebang is wanted.\n\n"
    )

    def is_wrong(self, file: File) -> bool:
        """Not one that the index does not have."""
        mode = self._modes.of(file)
        return bool(mode) and not mode & _EXECUTABLE


class _Modes:
    """The modes in the index, asked for all at once when the first is not known."""

    def __init__(self, context: "Context | None" = None) -> None:
        self._context = context
        self._known: "dict[bytes, int] | None" = None

    def of(self, file: File) -> int:
        """The mode of a file; 0 when it is not in the index."""
        if file.mode or self._context is None:
            return file.mode
        if self._known is None:
            entries = self._context.git((b"ls-files", b"-z", b"--stage")).split(b"\0")[:-1]
            self._known = {path: int(about[:6], 8) for about, _, path in (entry.partition(b"\t") for entry in entries)}
        return self._known.get(file.path, 0)


def _quoted(path: bytes) -> bytes:
    import shlex

    return os.fsencode(shlex.quote(os.fsdecode(path)))


class TestNames(PerFile):
    """Finds test files whose names do not follow the convention."""

    reads = False
    options = (
        Option(("--pytest",), "pattern", r".*_test\.py", const=r".*_test\.py", group="convention"),
        Option(("--pytest-test-first",), "pattern", const=r"test_.*\.py", group="convention"),
        Option(("--django", "--unittest"), "pattern", const=r"test.*\.py", group="convention"),
    )

    def __init__(self, *, pattern: str) -> None:
        import re

        self._pattern = pattern.encode()
        self._matches = re.compile(self._pattern).fullmatch

    def check_file(self, file: File) -> Finding:
        """A line of output for a name that does not match."""
        name = os.path.basename(file.path)
        if self._matches(name) or name in (b"__init__.py", b"conftest.py"):
            return CLEAN
        return finding(b'%s does not match pattern "%s"' % (file.path, self._pattern))


class _Selected(PerFile):
    """Fails for every file that is selected: the filter is the check."""

    reads = False
    heading = b""

    def __init__(self) -> None:
        self._paths: "list[bytes]" = []

    def check_file(self, file: File) -> Finding:
        """Remembered for the end."""
        self._paths.append(file.path)
        return Finding(lasting=False)

    def end(self, context: Context) -> Finding:  # noqa: ARG002
        """All names under one heading."""
        paths, self._paths = self._paths, []
        return Finding(self.heading + b"\n\n" + b"\n".join(paths) + b"\n", 1) if paths else CLEAN


class IllegalWindowsNames(_Selected):
    """Refuses names that Windows cannot hold: the default of `files` selects them."""

    heading = b"Illegal Windows filenames detected"


class Submodules(_Selected):
    """Refuses submodules: the default of `types` selects them."""

    heading = b"submodules are not allowed in this repository:"
