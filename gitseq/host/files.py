"""Files: reads that answer None instead of raising, and writes that are whole or absent."""

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    Signature = tuple[int, int, int, int, int]


def read(path: "bytes | str") -> "bytes | None":
    """The content, or None when the file is missing, not a file, or unreadable."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # O_NONBLOCK: a fifo must not hang us
    except OSError:
        return None
    try:
        st = os.fstat(fd)
        if not stat.S_ISREG(st.st_mode):
            return None
        parts = []
        piece = min(st.st_size, 1 << 20) + 1  # a large buffer for a small file costs more than reading it
        while part := os.read(fd, piece):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return None
    finally:
        os.close(fd)


def signature(path: "bytes | str") -> "Signature | None":
    """What changes when a file is written, replaced or has its mode changed; None when there is none.

    The inode catches a replacement by rename, ctime a write whose mtime was put back.
    """
    try:
        st = os.lstat(path)
    except OSError:
        return None
    return (st.st_ino, st.st_size, st.st_mtime_ns, st.st_ctime_ns, st.st_mode)


def mode(path: "bytes | str") -> int:
    """The type and permission bits, of a symbolic link its own; 0 when there is nothing."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def write_whole(path: "bytes | str", content: bytes, mode: int = 0o600, *, whatever_umask: bool = False) -> None:
    """After this returns, or dies, `path` holds its old content or all of `content`, never a part.

    Not flushed to the disk: for files that can be made again. Raises OSError.
    """
    name = os.fsencode(path)
    beside = b"%s.%d.tmp" % (name, os.getpid())
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        try:
            while content:
                content = content[os.write(fd, content) :]
            if whatever_umask:
                os.fchmod(fd, mode)
        finally:
            os.close(fd)
        os.rename(beside, name)
    except BaseException:
        remove(beside)
        raise


_ACL = "system.posix_acl_access"


def copy_attributes(source: bytes, target: "bytes | int") -> bool:
    """Give a file the ACL and the extended attributes in `user.` of another, and no more; whether it has them now.

    Its mode has to be set afterwards, for an ACL sets it, too. Labels of the system (`security.`) are left to the
    system. Where Python knows no call for them (all but Linux) there is nothing to be done.
    """
    if not hasattr(os, "listxattr"):
        return True
    try:
        wanted = _attributes(source)
        for name in _attributes(target).keys() - wanted.keys():  # inherited from the folder it was made in
            os.removexattr(target, name)
        for name, value in wanted.items():
            os.setxattr(target, name, value)
    except OSError:
        return False
    return True


def _attributes(file: "bytes | int") -> "dict[str, bytes]":
    try:
        names = os.listxattr(file)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise
    return {name: os.getxattr(file, name) for name in names if name == _ACL or name.startswith("user.")}


def keep_as(path: bytes, kept: bytes) -> None:
    """After this returns, or dies, what lay at `path` lies whole at `path`, at `kept`, or at both.

    A hard link, so that `path` never lacks it and `kept` is never overwritten; a rename where there are no hard
    links. Raises FileExistsError when `kept` is taken, OSError otherwise.
    """
    try:
        os.link(path, kept, follow_symlinks=False)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:
        if os.path.lexists(kept):
            raise FileExistsError(os.fsdecode(kept)) from None
        os.rename(path, kept)


def append(path: "bytes | str", content: bytes) -> None:
    """Add to the end of a file, making it first when it is missing. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    with open(fd, "wb") as stream:
        stream.write(content)


def remove(path: "bytes | str") -> bool:
    """Unlink; whether there was something to unlink. Raises OSError but for a missing file."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def ensure_dir(path: "bytes | str", mode: int = 0o777) -> None:
    """Make a folder and its parents; one that is there already keeps its mode. Raises OSError."""
    if not os.path.isdir(path):
        os.makedirs(path, mode, exist_ok=True)


def ensure_private_dir(path: bytes) -> None:
    """Make a folder that is its owner's alone, and the one above it, too (`makedirs` gives a mode to the last only).

    Raises OSError.
    """
    if not os.path.isdir(path):
        ensure_dir(os.path.dirname(path), 0o700)
        ensure_dir(path, 0o700)


def remove_tree(path: bytes) -> None:
    """Remove a folder and all in it, read-only folders too; one that is gone already is no error.

    What cannot be removed keeps nothing else from being removed; then raises OSError, for the first of it.
    """
    import shutil

    stuck: "list[OSError]" = []

    def make_writable(_function: object, name: "str | bytes", _error: object) -> None:
        try:
            _remove_read_only(name)
        except OSError as error:
            stuck.append(error)

    if os.path.lexists(path):
        shutil.rmtree(os.fsdecode(path), onerror=make_writable)
    if stuck:
        raise stuck[0]


def _remove_read_only(name: "str | bytes") -> None:
    import shutil

    if not os.path.lexists(name):
        return
    os.chmod(os.path.dirname(name), stat.S_IRWXU)
    if os.path.isdir(name) and not os.path.islink(name):
        os.chmod(name, stat.S_IRWXU)
        shutil.rmtree(name)
    else:
        os.unlink(name)


def copy_tree(source: bytes, target: bytes) -> None:
    """Copy a folder with its symbolic links as they are; `target` must not exist. Raises OSError."""
    import shutil

    try:
        shutil.copytree(os.fsdecode(source), os.fsdecode(target), symlinks=True)
    except shutil.Error as error:
        raise OSError(f"cannot copy {os.fsdecode(source)}: {error.args[0][0][2]}") from None


def unnamed(content: bytes) -> int:
    """A descriptor, open at its start, of a file that has no name and holds `content`. Raises OSError."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("gitseq", os.MFD_CLOEXEC)
    else:
        import tempfile

        with tempfile.TemporaryFile() as stream:
            fd = os.dup(stream.fileno())
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


class Held:
    """A file that stays readable as it was when it is replaced by renaming another over it.

    While it is held its inode cannot be given to another file, so an equal signature means the same file.
    The descriptor is closed with the last reference.
    """

    __slots__ = ("_fd", "signature", "tail")

    def __init__(self, fd: int, tail_length: int) -> None:
        self._fd = fd
        st = os.fstat(fd)
        self.signature: Signature = (st.st_ino, st.st_size, st.st_mtime_ns, st.st_ctime_ns, st.st_mode)
        self.tail = os.pread(fd, tail_length, max(0, st.st_size - tail_length))

    def content(self) -> bytes:
        """All of it; raises OSError."""
        return os.pread(self._fd, os.fstat(self._fd).st_size, 0)

    def __del__(self) -> None:
        os.close(self._fd)


def hold(path: bytes, tail_length: int) -> "Held | None":
    """Keep a file open with its signature and last bytes; None when it is missing or unreadable."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    return Held(fd, tail_length)
