"""Descendants: which processes there are below us, what they use, and signals that cannot hit a stranger.

/proc/PID/task/TID/children is the fastest way (10 us a process); a pass over /proc/*/stat stands in on kernels built
without it, and psutil where there is no /proc at all.
"""

import os

from gitseq.host import procs, signals
from gitseq.host.signals import SIGCONT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = os.sysconf("SC_PAGE_SIZE")
_READINGS = 100
_MOST = 1 << 15
"""More processes than this are not listed in one walk; a cap was hit long before."""


class Member:
    """One process of a tree, as it was when looked at."""

    __slots__ = ("faults", "pid", "ppid", "resident", "session", "start", "state", "threads", "ticks")

    def __init__(self, pid: int, fields: "list[bytes]") -> None:
        self.pid = pid
        self.state = fields[0]
        self.ppid = int(fields[1])
        self.session = int(fields[3])
        self.faults = int(fields[7])
        """Minor page faults so far: every page it touched first or copied is one."""
        self.ticks = int(fields[11]) + int(fields[12])
        """Clock ticks of processor time so far, user and system."""
        self.threads = int(fields[17])
        self.start = int(fields[19])
        """Clock ticks after boot; with the pid it names one process for good."""
        self.resident = int(fields[21]) * PAGE

    @property
    def alive(self) -> bool:
        """Whether anything of it can still run: a process whose first thread has ended looks like a zombie."""
        return self.state not in b"ZXx" or self.threads > 1


def read(path: bytes) -> bytes:
    """What a file of /proc or /sys says; empty when it is gone or may not be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(fd, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    except OSError:  # it ended between the two calls
        return b""
    finally:
        os.close(fd)


def look(pid: int) -> "Member | None":
    """The process with that pid now, or None."""
    line = read(b"/proc/%d/stat" % pid)
    end = line.rfind(b")")
    return Member(pid, line[end + 2 :].split()) if end > 0 else None


def children(member: Member) -> "list[int]":
    """The children of one process; each of its threads has a list of its own."""
    if member.threads <= 1:
        return _children_of_thread(member.pid, member.pid)
    try:
        threads = os.listdir(b"/proc/%d/task" % member.pid)
    except OSError:
        return []
    return [child for thread in threads for child in _children_of_thread(member.pid, int(thread))]


def _children_of_thread(pid: int, thread: int) -> "list[int]":
    return [int(child) for child in read(b"/proc/%d/task/%d/children" % (pid, thread)).split()]


def lists_children() -> bool:
    """Whether this kernel has the children files (CONFIG_PROC_CHILDREN)."""
    return os.path.exists(b"/proc/%d/task/%d/children" % (os.getpid(), os.getpid()))


def walk(roots: "Iterable[int]") -> "list[Member]":
    """These processes and all below them, parents before children; who ended meanwhile is not in it."""
    if not lists_children():
        return _walk_table(roots)
    found = []
    seen = set(roots)
    pids = list(seen)
    for pid in pids:  # grows while it is walked
        member = look(pid)
        if member is None:
            continue
        found.append(member)
        for child in children(member):
            if child not in seen and len(pids) < _MOST:
                seen.add(child)
                pids.append(child)
    return found


def _walk_table(roots: "Iterable[int]") -> "list[Member]":
    """The same from one pass over every process there is."""
    below: dict[int, list[Member]] = {}
    members = {member.pid: member for member in everyone()}
    for member in members.values():
        below.setdefault(member.ppid, []).append(member)
    found = [members[pid] for pid in dict.fromkeys(roots) if pid in members]
    for member in found:
        found += below.get(member.pid, ())
    return found


def everyone() -> "Iterator[Member]":
    """Every process that can be seen, each looked at when it is asked for.

    The table is read until it shows nobody new, because a process that forks and ends between the reading and the
    look would hide its child.
    """
    if not os.path.isdir(b"/proc/self"):
        yield from _everyone_by_psutil()
        return
    seen: set[int] = set()
    for _reading in range(_READINGS):
        fresh = [pid for pid in map(int, filter(bytes.isdigit, os.listdir(b"/proc"))) if pid not in seen]
        if not fresh:
            return
        seen.update(fresh)
        for pid in fresh:
            member = look(pid)
            if member is not None:
                yield member


def _everyone_by_psutil() -> "list[Member]":
    """Where there is no /proc: no faults, no sessions, start times in seconds."""
    import psutil

    found = []
    for process in psutil.process_iter(["pid", "ppid", "status", "create_time", "memory_info"]):
        info = process.info
        state = b"Z" if info["status"] == psutil.STATUS_ZOMBIE else b"S"
        memory = info["memory_info"].rss // PAGE if info["memory_info"] else 0
        fields = [b"0"] * 22
        fields[0], fields[1], fields[17] = state, b"%d" % (info["ppid"] or 0), b"1"
        fields[19], fields[21] = b"%d" % ((info["create_time"] or 0) * 100), b"%d" % memory
        found.append(Member(info["pid"], fields))
    return found


def command_line(pid: int) -> bytes:
    """The command of a process with its arguments, or its bare name in brackets where the kernel tells no more."""
    return b" ".join(arguments(pid)) or b"[%s]" % read(b"/proc/%d/comm" % pid).rstrip(b"\n")


def arguments(pid: int) -> "list[bytes]":
    """The command of a process and its arguments; empty where the kernel does not tell."""
    line = read(b"/proc/%d/cmdline" % pid).rstrip(b"\0")
    return line.split(b"\0") if line else []


def owner(pid: int) -> int:
    """The user a process runs as, or -1 when it is gone."""
    try:
        return os.stat(b"/proc/%d" % pid).st_uid
    except OSError:
        return -1


def proportional(member: Member) -> int:
    """Memory of a process in bytes that dropping caches would not give back, shared pages divided by their sharers.

    Anonymous, shared-memory and swapped pages; files mapped into memory are the kernel's to drop. Slow, 0.2 s for
    each GiB (/proc/PID/smaps_rollup, Linux 4.14; the parts since 5.5). Where it may not be read (another user's,
    setuid), `unshared` stands in.
    """
    text = read(b"/proc/%d/smaps_rollup" % member.pid)
    if not text:
        return unshared(member)
    sizes = {line.partition(b":")[0]: int(line.split()[1]) << 10 for line in text.splitlines()[1:]}
    held = [sizes.get(name) for name in (b"Pss_Anon", b"Pss_Shmem")]
    whole = sizes.get(b"Pss", 0) if None in held else sum(size or 0 for size in held)
    return whole + sizes.get(b"SwapPss", 0)


def unshared(member: Member) -> int:
    """Resident memory that is not of a file or a shared segment; pages shared by fork count in each process."""
    fields = read(b"/proc/%d/statm" % member.pid).split()
    return (int(fields[1]) - int(fields[2])) * PAGE if fields else 0


def send(member: Member, signum: int) -> bool:
    """Send a signal to that very process, never to one that got its pid later; False when it did not get it."""
    if member.ppid == os.getpid():
        return procs.signal_process(member.pid, signum)  # nobody but us can free its pid
    try:
        fd = os.pidfd_open(member.pid)
    except (OSError, AttributeError):
        return _send_by_pid(member, signum)
    try:
        now = look(member.pid)
        return now is not None and now.start == member.start and signals.send_to(fd, signum)
    finally:
        os.close(fd)


def _send_by_pid(member: Member, signum: int) -> bool:
    """Kernels before 5.3: the look before the signal leaves a gap of microseconds."""
    now = look(member.pid)
    return now is not None and now.start == member.start and procs.signal_process(member.pid, signum)


def send_all(members: "Iterable[Member]", signum: int) -> None:
    """Send a signal to each of them, and wake the stopped so that they can act on it."""
    for member in members:
        if send(member, signum) and member.state == b"T":
            send(member, SIGCONT)
