"""Moving files about: every change the guard makes to a file system is one call on a `FileOps`.

Tests hand in one whose every call can be made the last, or fail; so "survives a death between any two changes" is
tried at every such point instead of believed.
"""

import errno
import os

from gitseq.host import files, libc

_NO_HARD_LINK = frozenset(
    getattr(errno, name)
    for name in ("EPERM", "EACCES", "EOPNOTSUPP", "ENOTSUP", "ENOSYS", "EMLINK", "EINVAL")
    if hasattr(errno, name)
)
"""FAT and friends; a folder; a file of another user under fs.protected_hardlinks; too many links (link(2))."""
_NO_RENAMEAT2 = frozenset((errno.ENOSYS, errno.EINVAL))
_AT_FDCWD, _RENAME_NOREPLACE, _RENAME_EXCHANGE = -100, 1, 2


class FileOps:
    """The changes, as the system makes them. All paths are bytes; all raise OSError."""

    rename = staticmethod(os.rename)
    unlink = staticmethod(os.unlink)
    rmdir = staticmethod(os.rmdir)
    mkdir = staticmethod(os.mkdir)
    chmod = staticmethod(os.chmod)
    copy_attributes = staticmethod(files.copy_attributes)

    def step(self, name: str) -> None:
        """A named moment has come (see `gitseq.guard.journal.STEPS`); only a test cares."""

    def link(self, source: bytes, target: bytes) -> None:
        """A second name for a file; a symbolic link is linked itself. FileExistsError when the name is taken."""
        os.link(source, target, follow_symlinks=False)

    def rename_new(self, source: bytes, target: bytes) -> None:
        """Rename, but FileExistsError when the name is taken (renameat2(2), RENAME_NOREPLACE)."""
        code = _renameat2(source, target, _RENAME_NOREPLACE)
        if code == 0:
            return
        if code not in _NO_RENAMEAT2:
            raise OSError(code, os.strerror(code), source, None, target)
        if os.path.lexists(target):  # the last resort leaves a window of microseconds; nothing better is there
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
        os.rename(source, target)

    def exchange(self, one: bytes, other: bytes) -> None:
        """Swap what two names stand for, at once (renameat2(2), RENAME_EXCHANGE).

        OSError where the kernel, the C library or the file system has no such thing; FileNotFoundError when either
        name is not there.
        """
        if _quick_renameat2(one, other, _RENAME_EXCHANGE):
            return
        code = _renameat2(one, other, _RENAME_EXCHANGE)
        if code != 0:
            raise OSError(code, os.strerror(code), one, None, other)

    def set_mtime(self, path: bytes, ns: int) -> None:
        """Set both times of a file, or of the symbolic link itself."""
        os.utime(path, ns=(ns, ns), follow_symlinks=False)

    def write(self, path: bytes, content: bytes) -> None:
        """Make a file with this content, and have it on the disk before returning. FileExistsError."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(fd)

    def copy(self, source: bytes, target: bytes) -> None:
        """Make `target` a copy of a file's content, in pieces, and have it on the disk. FileExistsError."""
        with open(source, "rb") as reader:
            fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(fd, "wb") as writer:
                while part := reader.read(1 << 20):
                    writer.write(part)
                writer.flush()
                os.fsync(fd)

    def sync(self, path: bytes) -> None:
        """Have a file's content, or a folder's names, on the disk before going on."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def move_without_overwriting(ops: FileOps, source: bytes, target: bytes) -> None:
    """After this returns, or dies, what was at `source` is there, at `target`, or at both, and nothing else is lost.

    Raises FileExistsError when something is at `target`, OSError when it cannot be done.
    """
    try:
        ops.link(source, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINK:
            raise
        ops.rename_new(source, target)
        return
    ops.unlink(source)


def _quick_renameat2(source: bytes, target: bytes, flags: int) -> bool:
    """Whether it worked; to say why not takes `ctypes`."""
    return libc.call("renameat2", _AT_FDCWD, source, _AT_FDCWD, target, flags) == 0


def _renameat2(source: bytes, target: bytes, flags: int) -> int:
    """0, or the error number; ENOSYS where the C library has no such function."""
    import ctypes

    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return errno.ENOSYS
    if function(_AT_FDCWD, source, _AT_FDCWD, target, flags) == 0:
        return 0
    return ctypes.get_errno()
