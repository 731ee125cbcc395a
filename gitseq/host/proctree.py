"""Who our ancestors are, which processes there are and what they hold: read from /proc, elsewhere from `ps`.

Without /proc a process has no start time, no environment and no open files here: every question about those is
answered "not known", which makes the index.lock rule refuse rather than believe.
"""

import errno
import os
import time

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseq.host.env import Env

PROC = b"/proc"
_DEPTH = 64
TICKS = os.sysconf("SC_CLK_TCK")
"""The unit of `Process.start`, in parts of a second."""


class Process(Record):
    """A process that cannot be mistaken for a later one with the same pid: pid and start time."""

    pid: int
    start: int
    """Clock ticks after boot, field 22 of /proc/PID/stat; 0 when unknown."""
    ppid: int
    exe: bytes
    """Base name of the executable, or of the command where the link cannot be read."""
    readable: bool = True
    """Whether it let us see its executable; another user's process does not, and then hides the rest as well."""
    ended: bool = False
    """A zombie: it runs no more and holds nothing, only its parent has not asked how it ended."""

    @property
    def is_git(self) -> bool:
        """Whether this is git or one of its sub-commands in a process of its own."""
        return self.exe == b"git" or self.exe.startswith(b"git-")


def look(pid: int) -> "Process | None":
    """The process with that pid now, or None."""
    line = _stat_line(pid)
    if not line:
        return None
    command, fields = _split_stat(line)
    exe, readable = _executable(pid)
    return Process(pid, int(fields[19]), int(fields[1]), exe or command, readable, fields[0] in (b"Z", b"X"))


def _executable(pid: int) -> "tuple[bytes, bool]":
    """Its base name, or b"", and whether we may look: a process that is just ending has none left to show."""
    try:
        path = os.readlink(b"%s/%d/exe" % (PROC, pid))
    except OSError as error:
        return b"", error.errno == errno.ENOENT
    return os.path.basename(path.removesuffix(b" (deleted)")), True  # deleted: git was upgraded meanwhile


def start_of(pid: int) -> int:
    """When the process with that pid started, in ticks after boot; 0 when there is none, or it is a zombie."""
    line = _stat_line(pid)
    if not line:
        return 0
    fields = _split_stat(line)[1]
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])


def boot_id() -> str:
    """A value that changes with every start of the machine; '' where the kernel has none."""
    return _first_read(PROC + b"/sys/kernel/random/boot_id").decode("ascii", "replace").strip()


def pid_namespace() -> str:
    """Which set of process ids ours belongs to: within a container, pid 7 is another process than outside."""
    try:
        return os.readlink(os.fsdecode(PROC) + "/self/ns/pid")
    except OSError:
        return ""


def _stat_line(pid: int) -> bytes:
    return _first_read(b"%s/%d/stat" % (PROC, pid))


def _first_read(path: bytes) -> bytes:
    """What one read of a small file in /proc gives; b'' when it is not there, or its process ended meanwhile."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _split_stat(line: bytes) -> "tuple[bytes, list[bytes]]":
    """The command name may hold spaces and parentheses, so the fields start after the last ')'."""
    start, end = line.index(b"("), line.rindex(b")")
    return line[start + 1 : end], line[end + 2 :].split()


def _content(pid: int, name: bytes) -> "bytes | None":
    try:
        with open(b"%s/%d/%s" % (PROC, pid, name), "rb") as stream:
            return stream.read()
    except OSError:
        return None


def climb(generations: int = _DEPTH) -> "Iterator[Process]":
    """Our parent, grand-parent and so on, one at a time; ends at pid 1 and at what is not visible."""
    pid = os.getppid()
    table = None if _has_proc() else _listed_by_ps()
    for _generation in range(generations):
        process = look(pid) if table is None else table.get(pid)
        if process is None:
            return
        yield process
        pid = process.ppid


def ancestors() -> "list[Process]":
    """All of `climb`, nearest first."""
    return list(climb())


def _has_proc() -> bool:
    return os.path.exists(PROC + b"/self/stat")


def _listed_by_ps() -> "dict[int, Process]":
    """Every process as `ps` tells it, by pid; empty where there is no ps either."""
    from gitseq.host import env, procs

    try:
        listing = procs.capture([b"ps", b"-A", b"-o", b"pid=,ppid=,comm="], env.snapshot(), cwd=b"/").out
    except OSError:
        return {}
    found = {}
    for line in listing.splitlines():
        pid, ppid, command = line.split(None, 2)
        found[int(pid)] = Process(int(pid), 0, int(ppid), os.path.basename(command), readable=False)
    return found


def everyone() -> "Iterator[Process]":
    """Every process that runs and can be seen, one at a time; nothing where there is no /proc."""
    try:
        names = os.listdir(PROC)
    except OSError:
        return
    for name in names:
        if name.isdigit() and (process := look(int(name))) is not None and not process.ended:
            yield process


def sees_everyone() -> bool:
    """Whether processes of other users are visible; a /proc mounted with hidepid does not show even pid 1."""
    return os.path.exists(PROC + b"/1/stat")


def alive(process: Process) -> bool:
    """Whether this very process still runs (a zombie counts: its parent has not noticed yet)."""
    now = look(process.pid)
    return now is not None and now.start == process.start


def age(process: Process) -> "float | None":
    """Seconds since a process started; None when unknown."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - process.start / TICKS if process.start else None


def open_pidfd(process: Process) -> int:
    """A descriptor that becomes readable when this very process ends; -1 where there is no such thing."""
    try:
        fd = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        return -1
    if alive(process):
        return fd
    os.close(fd)  # the pid belongs to somebody else by now
    return -1


def initial_environment(pid: int) -> "Env | None":
    """The environment a process was started with; None when it may not be read."""
    content = _content(pid, b"environ")
    if content is None:
        return None
    return dict(pair.split(b"=", 1) for pair in content.split(b"\0") if b"=" in pair)


def command_line(pid: int) -> "list[bytes]":
    """The arguments of a process; empty for one that is ending, or may not be asked."""
    return (_content(pid, b"cmdline") or b"").split(b"\0")[:-1]


def working_folder(pid: int) -> "bytes | None":
    """Where a process stands; None when it may not be asked."""
    try:
        return os.readlink(b"%s/%d/cwd" % (PROC, pid))
    except OSError:
        return None


def user_of(pid: int) -> str:
    """The name, or else the number, of the user a process runs as; '' when it is gone."""
    try:
        uid = os.stat(b"%s/%d" % (PROC, pid)).st_uid
    except OSError:
        return ""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def has_open(pid: int, path: bytes, device: int, inode: int) -> bool:
    """Whether a process has that very file open; False when it may not be asked.

    Only descriptors that read like `path` are followed: a stat through one into a dead network mount would hang us.
    """
    folder = b"%s/%d/fd" % (PROC, pid)
    name = os.path.basename(path)
    try:
        numbers = os.listdir(folder)
    except OSError:
        return False
    for number in numbers:
        descriptor = os.path.join(folder, number)
        try:
            if not os.path.basename(os.readlink(descriptor)).startswith(name):
                continue
            st = os.stat(descriptor)
        except OSError:
            continue
        if (st.st_dev, st.st_ino) == (device, inode):
            return True
    return False
