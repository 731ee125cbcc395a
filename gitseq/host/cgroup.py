"""Control groups: what the kernel offers here, and leaves of our own that it enforces caps in.

A leaf is made below our own group (v1), so that every limit around us keeps holding; or beside it, where v2 allows
no other place and no limit lies between. Controllers are never enabled and no process but a hook's is ever moved.
"""

import os

from gitseq.host.tree import Member, look, read
from gitseq.model import Record

_V1 = ("memory", "pids", "freezer")
PREFIX = b"gitseq."
_TASKS_FOR_EACH, _TASKS_AT_LEAST = 16, 1024
"""The pids controller counts threads, the cap does not: the kernel is the backstop, we count."""


class Rung(Record):
    """A way to contain that works here; leaves are made in these folders."""

    name: str
    """`cgroup2`, `cgroup1`, or `polling` when there are none."""
    parents: "tuple[bytes, ...]" = ()
    """v1: the folders of the memory, pids and freezer controllers, b'' for a freezer that is missing. v2: one."""


POLLING = Rung("polling")


def detect(me: "bytes" = b"/proc/self") -> Rung:
    """The best rung for this process now; 0.3 ms.

    Inside of another run's leaf there is none: a leaf of ours could be left behind, or emptied, by its owner.
    """
    own = own_groups(read(me + b"/cgroup"))
    if any(b"/" + PREFIX in path for path in own.values()):
        return POLLING
    mounts = group_mounts(read(me + b"/mountinfo"))
    return _version2(own, mounts) or _version1(own, mounts) or POLLING


def own_groups(text: bytes) -> "dict[bytes, bytes]":
    """Controller -> path of our group, from /proc/PID/cgroup; v2 is the controller b''."""
    groups = {}
    for line in text.splitlines():
        _number, controllers, path = line.split(b":", 2)
        for controller in controllers.split(b","):
            groups[controller] = path
    return groups


def group_mounts(text: bytes) -> "dict[bytes, tuple[bytes, bytes]]":
    """Controller -> (root of the mount, where it is mounted), from /proc/PID/mountinfo; v2 is the controller b''."""
    mounts: "dict[bytes, tuple[bytes, bytes]]" = {}
    for line in text.splitlines():
        before, _dash, after = line.partition(b" - ")
        fields, behind = before.split(), after.split()
        if not behind or not behind[0].startswith(b"cgroup"):
            continue
        place = (fields[3], _unescaped(fields[4]))
        if behind[0] == b"cgroup2":
            mounts.setdefault(b"", place)
        else:
            for option in behind[2].split(b","):
                mounts.setdefault(option, place)
    return mounts


def _unescaped(path: bytes) -> bytes:
    """Blanks and backslashes are octal in mountinfo."""
    parts = path.split(b"\\")
    return parts[0] + b"".join(bytes([int(part[:3], 8)]) + part[3:] for part in parts[1:])


def folder(group: bytes, mount: "tuple[bytes, bytes]") -> "bytes | None":
    """Where a group is visible, or None when it lies outside of what is mounted."""
    root, place = mount
    if root != b"/":
        if group != root and not group.startswith(root + b"/"):
            return None
        group = group[len(root) :]
    return (place + group).rstrip(b"/")


def _version1(own: "dict[bytes, bytes]", mounts: "dict[bytes, tuple[bytes, bytes]]") -> "Rung | None":
    parents = []
    for name in _V1:
        controller = name.encode()
        place = folder(own[controller], mounts[controller]) if controller in own and controller in mounts else None
        usable = place is not None and os.access(place, os.W_OK | os.X_OK)
        parents.append(place if usable and place is not None else b"")
    return Rung("cgroup1", tuple(parents)) if parents[0] and parents[1] else None


def _version2(own: "dict[bytes, bytes]", mounts: "dict[bytes, tuple[bytes, bytes]]") -> "Rung | None":
    """The nearest group above us that hands memory and pids to its children and that we may write to."""
    place = folder(own[b""], mounts[b""]) if b"" in own and b"" in mounts else None
    if place is None:
        return None
    top = mounts[b""][1]
    while True:
        handed = read(place + b"/cgroup.subtree_control").split()
        if b"memory" in handed and b"pids" in handed:
            writable = os.access(place, os.W_OK | os.X_OK) and os.access(place + b"/cgroup.procs", os.W_OK)
            return Rung("cgroup2", (place,)) if writable else None
        if place == top or _is_limited(place):  # beside a limited group its limits would not hold
            return None
        place = os.path.dirname(place)


def _is_limited(place: bytes) -> bool:
    return any(
        read(place + name).strip() not in (b"", b"max") for name in (b"/memory.max", b"/memory.high", b"/pids.max")
    )


def _write(path: bytes, text: bytes) -> None:
    """Raises OSError; a file of the kernel is never created."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text)
    finally:
        os.close(fd)


def _write_if_possible(path: bytes, text: bytes) -> None:
    """An older kernel lacks some knobs, and the others hold without them."""
    try:
        _write(path, text)
    except OSError:
        return


def _number(text: bytes, key: bytes) -> int:
    """The value of one line `key value`; 0 when there is none."""
    for line in text.split(b"\n"):
        name, _space, value = line.partition(b" ")
        if name == key:
            return int(value)
    return 0


class Leaf:
    """A group of ours for one hook. Reading what is gone gives zeros."""

    def __init__(self, rung: str, folders: "tuple[bytes, ...]") -> None:
        self.rung = rung
        self.folders = folders
        self._first = folders[0]
        self._freezer = folders[-1]
        self._two = rung == "cgroup2"

    @classmethod
    def below(cls, rung: Rung, name: bytes) -> "Leaf":
        """The leaf of that name, which need not exist."""
        return cls(rung.name, tuple(parent and parent + b"/" + PREFIX + name for parent in rung.parents))

    def make(self, memory: "int | None", processes: "int | None") -> None:
        """Create it and set its caps. Raises OSError, and has removed what it made then."""
        try:
            for place in filter(None, self.folders):
                os.mkdir(place)
            self._set(memory, processes)
        except OSError:
            self.remove()
            raise

    def _set(self, memory: "int | None", processes: "int | None") -> None:
        tasks = b"%d" % (processes * _TASKS_FOR_EACH + _TASKS_AT_LEAST) if processes is not None else b"max"
        if self._two:
            _write(self._first + b"/pids.max", tasks)
            if memory is not None:
                _write(self._first + b"/memory.max", b"%d" % memory)
                _write(self._first + b"/memory.oom.group", b"1")
                _write_if_possible(self._first + b"/memory.swap.max", b"0")
            return
        _write(self.folders[1] + b"/pids.max", tasks)
        if memory is not None:
            _write(self._first + b"/memory.limit_in_bytes", b"%d" % memory)
            _write_if_possible(self._first + b"/memory.memsw.limit_in_bytes", b"%d" % memory)

    def admit(self, member: Member) -> bool:
        """Move one process in; False when it is gone. Raises OSError when the kernel does not allow it.

        Its pid may be another's by the time the kernel looks, so that one is moved back.
        """
        now = look(member.pid)
        if now is None or now.start != member.start:
            return False
        try:
            for place in filter(None, self.folders):
                _write(place + b"/cgroup.procs", b"%d" % member.pid)
        except ProcessLookupError:
            return False
        now = look(member.pid)
        if now is not None and now.start != member.start:
            self.release(now)
            return False
        return True

    def release(self, member: Member) -> None:
        """Move one process out, to where the leaf was made; one that is gone, or may not be moved, stays."""
        for place in filter(None, self.folders):
            _write_if_possible(os.path.dirname(place) + b"/cgroup.procs", b"%d" % member.pid)

    def pids(self) -> "list[int]":
        """Its processes, without those of other leaves."""
        return [int(pid) for pid in read(self.folders[1 if not self._two else 0] + b"/cgroup.procs").split()]

    def used(self) -> int:
        """Bytes of memory that cannot be given back by dropping caches."""
        stat = read(self._first + b"/memory.stat")
        if self._two:
            swapped = int(read(self._first + b"/memory.swap.current").strip() or 0)
            return _number(stat, b"anon") + _number(stat, b"shmem") + swapped
        return _number(stat, b"rss") + _number(stat, b"shmem") + _number(stat, b"swap")

    def most_used(self) -> int:
        """The highest charge ever in bytes, caches included; 0 where the kernel does not keep it (v2 before 5.19)."""
        name = b"/memory.peak" if self._two else b"/memory.max_usage_in_bytes"
        return int(read(self._first + name).strip() or 0)

    def cached(self) -> int:
        """Bytes of file caches charged now."""
        stat = read(self._first + b"/memory.stat")
        return _number(stat, b"file" if self._two else b"cache") - _number(stat, b"shmem")

    def killed_by_kernel(self) -> int:
        """Processes that the kernel ended at the memory cap."""
        name = b"/memory.events" if self._two else b"/memory.oom_control"
        return _number(read(self._first + name), b"oom_kill")

    def refused(self) -> int:
        """Processes and threads that the kernel refused to start."""
        return _number(read(self.folders[0 if self._two else 1] + b"/pids.events"), b"max")

    def freeze(self) -> None:
        """Let none of its processes run; signals wait, but for KILL on v2."""
        if self._two:
            _write_if_possible(self._first + b"/cgroup.freeze", b"1")
        elif self._freezer:
            _write_if_possible(self._freezer + b"/freezer.state", b"FROZEN")

    def thaw(self) -> None:
        """Let them run, and act on signals, again."""
        if self._two:
            _write_if_possible(self._first + b"/cgroup.freeze", b"0")
        elif self._freezer:
            _write_if_possible(self._freezer + b"/freezer.state", b"THAWED")

    def exists(self) -> bool:
        """Whether any of its folders is there."""
        return any(os.path.isdir(place) for place in filter(None, self.folders))

    def remove(self) -> bool:
        """Remove what is there of it; False while a process is in it."""
        left = [place for place in filter(None, self.folders) if not _remove_folder(place)]
        return not left


def _remove_folder(place: bytes) -> bool:
    try:
        os.rmdir(place)
    except OSError:
        return not os.path.isdir(place)
    return True
