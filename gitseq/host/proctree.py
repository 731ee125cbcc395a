"""Who our ancestors are and what they hold, read from /proc; elsewhere the parent is all we know."""

import os

from gitseq.model import Record


class Process(Record):
    """A process that cannot be mistaken for a later one with the same pid: pid and start time."""

    pid: int
    start: int
    """Clock ticks after boot, field 22 of /proc/PID/stat; 0 when unknown."""
    ppid: int
    exe: bytes
    """Base name of the executable, or of the command where the link cannot be read."""
    state: bytes = b""
    """R, S, D, T (stopped), Z (ended, not yet noticed by its parent) ... as /proc says it."""

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
    try:
        exe = os.path.basename(os.readlink(b"/proc/%d/exe" % pid))
    except OSError:
        exe = command
    return Process(pid, int(fields[19]), int(fields[1]), exe, fields[0])


def start_of(pid: int) -> int:
    """When the process with that pid started, in ticks after boot; 0 when there is none, or it is a zombie."""
    line = _stat_line(pid)
    if not line:
        return 0
    fields = _split_stat(line)[1]
    return 0 if fields[0] == b"Z" else int(fields[19])


def _stat_line(pid: int) -> bytes:
    try:
        fd = os.open(b"/proc/%d/stat" % pid, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, 4096)
    except OSError:  # it ended between the two calls
        return b""
    finally:
        os.close(fd)


def _split_stat(line: bytes) -> "tuple[bytes, list[bytes]]":
    """The command name may hold spaces and parentheses, so the fields start after the last ')'."""
    start, end = line.index(b"("), line.rindex(b")")
    return line[start + 1 : end], line[end + 2 :].split()


def boot_id() -> str:
    """A value that changes with every start of the machine; '' where the kernel has none."""
    try:
        fd = os.open(b"/proc/sys/kernel/random/boot_id", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(fd, 64).decode("ascii", "replace").strip()
    finally:
        os.close(fd)


def pid_namespace() -> str:
    """Which set of process ids ours belongs to: within a container, pid 7 is another process than outside."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def ticks_per_second() -> int:
    """The unit of `Process.start`."""
    return os.sysconf("SC_CLK_TCK")


def ancestors(limit: int = 64) -> "list[Process]":
    """Parent, grand-parent and so on; ends at pid 1, at what is not visible, and after `limit`."""
    found: list[Process] = []
    pid = os.getppid()
    while pid > 0 and len(found) < limit:
        process = look(pid)
        if process is None:
            break
        found.append(process)
        pid = process.ppid
    return found


def alive(process: Process) -> bool:
    """Whether this very process still runs (a zombie counts: its parent has not noticed yet)."""
    now = look(process.pid)
    return now is not None and now.start == process.start


def initial_environment(pid: int) -> "dict[bytes, bytes]":
    """The environment a process was started with; empty when it may not be read."""
    try:
        with open(b"/proc/%d/environ" % pid, "rb") as stream:
            pairs = stream.read().split(b"\0")
    except OSError:
        return {}
    return dict(pair.split(b"=", 1) for pair in pairs if b"=" in pair)


def has_open(pid: int, device: int, inode: int) -> bool:
    """Whether a process has that very file open; False when it may not be asked."""
    folder = b"/proc/%d/fd" % pid
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            st = os.stat(os.path.join(folder, name))
        except OSError:
            continue
        if (st.st_dev, st.st_ino) == (device, inode):
            return True
    return False
