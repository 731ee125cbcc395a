"""Processes: starting them, sending them signals, asking how they ended.

`subprocess` would cost 30 ms of imports before the first hook; `posix_spawn` is what it ends in.
"""

import os
import select
import sys

from gitseq.host import libc, signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from gitseq.host.env import Env

_SET_DEFAULT = [signals.SIGPIPE]  # Python ignores SIGPIPE; a child that inherits that never notices a closed pipe
_RC_SIGNALLED = 128
_MOST_ARGUMENT_SPACE = 6 << 20  # three quarters of the default stack limit (execve(2)), whatever sysconf says


class Completed:
    """How a captured command ended."""

    __slots__ = ("err", "out", "rc")

    def __init__(self, rc: int, out: bytes, err: bytes) -> None:
        self.rc = rc
        self.out = out
        self.err = err


class Streams:
    """The descriptors a child gets as 0, 1 and 2; `kept` are others that it and all it starts keep open."""

    __slots__ = ("err", "inp", "kept", "out")

    def __init__(self, inp: int, out: int, err: int, kept: "tuple[int, ...]" = ()) -> None:
        self.inp = inp
        self.out = out
        self.err = err
        self.kept = kept


class Program:
    """What is to be executed, and where."""

    __slots__ = ("argv", "cwd", "env", "executable")

    def __init__(self, executable: bytes, argv: "list[bytes]", env: "Env", cwd: bytes) -> None:
        self.executable = executable
        self.argv = argv
        self.env = env
        self.cwd = cwd


def find_executable(name: bytes, path: bytes, cwd: bytes) -> "bytes | None":
    """Where `execvp` would find a command; a name with a slash is relative to `cwd`. None when nowhere."""
    if b"/" in name:
        found = os.path.join(cwd, name)
        return found if os.path.lexists(found) else None
    for folder in path.split(b":"):
        found = os.path.join(cwd, folder or b".", name)
        if os.access(found, os.X_OK) and os.path.isfile(found):
            return found
    return None


def spawn(program: Program, streams: Streams, *, own_group: bool) -> int:
    """Start a command and return its pid; raises OSError when the kernel refuses to execute it.

    posix_spawn knows no folder, so we stand in that of the program for the moment: the engine has one thread.
    """
    signals.keep_ended_children()
    if _stands_in(program.cwd):
        return _spawn_here(program, streams, own_group)
    here = os.open(b".", os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        os.chdir(program.cwd)
        return _spawn_here(program, streams, own_group)
    finally:
        os.fchdir(here)
        os.close(here)


def _stands_in(folder: bytes) -> bool:
    """Whether we are where `chdir` would lead, as git's hooks are when they are at the top of the work tree."""
    try:
        return os.getcwdb() == folder
    except OSError:  # ours was removed
        return False


def _spawn_here(program: Program, streams: Streams, own_group: bool) -> int:
    actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate((streams.inp, streams.out, streams.err))]
    actions += [(os.POSIX_SPAWN_DUP2, fd, fd) for fd in streams.kept]  # onto itself: loses only its close-on-exec
    how: dict[str, Any] = {"setpgroup": 0} if own_group else {}
    how.update(file_actions=actions, setsigdef=_SET_DEFAULT)
    return os.posix_spawn(program.executable, program.argv, program.env, **how)


def reap(pid: int) -> "tuple[int, Any] | None":
    """The wait status and resource usage of a child that has ended, or None while it runs."""
    done, status, usage = os.wait4(pid, os.WNOHANG)
    return (status, usage) if done else None


def seconds_of(usage: "Any") -> float:
    """Processor time in a resource usage, user and system."""
    return float(usage.ru_utime + usage.ru_stime)


def largest_of(usage: "Any") -> int:
    """Bytes held at most by the largest process in a resource usage: the child itself or one it waited for.

    Never less than what we held ourselves when we started it: the kernel counts the memory before exec, too.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    return int(usage.ru_maxrss) * unit


def exit_of(status: int) -> "tuple[int, int]":
    """A wait status as (exit code, signal); the code of a killed process is 128+signal, as shells say it."""
    if os.WIFSIGNALED(status):
        return _RC_SIGNALLED + os.WTERMSIG(status), os.WTERMSIG(status)
    return os.WEXITSTATUS(status), 0


def signal_group(pgid: int, signum: int) -> bool:
    """Send a signal to a process group; False when nobody is left in it."""
    try:
        os.killpg(pgid, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _filled(stdin: bytes) -> int:
    """An open file with this in it, so that a command has all of its input before anybody reads its output; -1 where
    there are no files without a place."""
    if not stdin:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    if not hasattr(os, "memfd_create"):
        return -1
    try:
        fd = os.memfd_create("stdin", os.MFD_CLOEXEC)
    except OSError:  # forbidden in some containers
        return -1
    left = memoryview(stdin)
    while left:
        left = left[os.write(fd, left) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


class Reader:
    """A captured command that is running, so that we can do something else meanwhile."""

    def __init__(self, argv: "list[bytes]", env: "Env", *, cwd: bytes, stdin: bytes = b"") -> None:
        executable = find_executable(argv[0], env.get(b"PATH", os.defpath.encode()), cwd)
        if executable is None:
            raise FileNotFoundError(argv[0])
        self._stdin = memoryview(stdin)
        self._stdin_fd = -1
        child_in = _filled(stdin)
        if child_in < 0:
            child_in, self._stdin_fd = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(self._stdin_fd, False)
        self._out, child_out = os.pipe2(os.O_CLOEXEC)
        self._err, child_err = os.pipe2(os.O_CLOEXEC)
        try:
            streams = Streams(child_in, child_out, child_err)
            self._pid = spawn(Program(executable, argv, env, cwd), streams, own_group=False)
        finally:
            for fd in (child_in, child_out, child_err):
                os.close(fd)

    def finish(self) -> Completed:
        """Wait for the end of the output and of the command."""
        collected: dict[int, list[bytes]] = {self._out: [], self._err: []}
        poller = select.poll()
        for fd in collected:
            poller.register(fd, select.POLLIN)
        if self._stdin_fd >= 0:
            poller.register(self._stdin_fd, select.POLLOUT)
        is_open = set(collected)
        while is_open:
            for fd, _events in poller.poll():
                if fd == self._stdin_fd:
                    self._feed(poller)
                elif part := os.read(fd, 1 << 16):
                    collected[fd].append(part)
                else:
                    poller.unregister(fd)
                    os.close(fd)
                    is_open.discard(fd)
        if self._stdin_fd >= 0:
            os.close(self._stdin_fd)
        _pid, status = os.waitpid(self._pid, 0)
        return Completed(exit_of(status)[0], b"".join(collected[self._out]), b"".join(collected[self._err]))

    def _feed(self, poller: "select.poll") -> None:
        try:
            self._stdin = self._stdin[os.write(self._stdin_fd, self._stdin[: 1 << 16]) :]
        except BrokenPipeError:
            self._stdin = memoryview(b"")
        if not self._stdin:
            poller.unregister(self._stdin_fd)
            os.close(self._stdin_fd)
            self._stdin_fd = -1


def capture(argv: "list[bytes]", env: "Env", *, cwd: bytes, stdin: bytes = b"") -> Completed:
    """Run a command to its end and return what it printed; FileNotFoundError when it does not exist."""
    return Reader(argv, env, cwd=cwd, stdin=stdin).finish()


def signal_process(pid: int, signum: int) -> bool:
    """Send a signal to a child of ours that was not reaped yet; False when it is gone."""
    try:
        os.kill(pid, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def become(executable: bytes, argv: "list[bytes]", env: "Env") -> "NoReturn":
    """Run a command in our place, with our own descriptors and folder. Raises OSError when it cannot be started."""
    signals.restore(_SET_DEFAULT)
    os.execve(executable, argv, env)  # noqa: S606 - no shell is wanted


def die_of(signum: int) -> None:
    """End as a process that was killed by this signal, without a core of ours; returns for one that kills nobody."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    signals.restore([signum])
    os.kill(os.getpid(), signum)


def argument_space() -> int:
    """Bytes the kernel takes for arguments and environment of one execve, at most what Linux ever grants."""
    return min(os.sysconf("SC_ARG_MAX"), _MOST_ARGUMENT_SPACE)


def has_ended(pid: int) -> bool:
    """Whether a child has ended; it is not reaped, so its pid and its group cannot become somebody else's."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def children() -> "list[int]":
    """Our own children, ended ones included; empty where the kernel does not tell."""
    try:
        found = os.pread(_own_children(), _PAGE, 0)
        while len(found) > _PAGE // 2 and (part := os.pread(_children_fd, _PAGE, len(found))):
            found += part
    except OSError:
        return []
    return [int(pid) for pid in found.split()]


_PAGE = 4096
"""The kernel hands out lists of processes by pages of at least this size; one that is half empty was the last."""
_children_fd, _children_of = -1, 0


def _own_children() -> int:
    """An open list of our children, which is made anew by whoever reads it from its start; OSError when there is none.

    Every hook has it read before and after, and a name in /proc takes eight times as long to open as to read.
    """
    global _children_fd, _children_of
    me = os.getpid()
    if _children_of != me:  # never that of a process we were forked from
        _children_fd = os.open(b"/proc/%d/task/%d/children" % (me, me), os.O_RDONLY | os.O_CLOEXEC)
        _children_of = me
    return _children_fd


_PR_SET_CHILD_SUBREAPER = 36
_RLIMIT_LOCKS = 10
_NO_LIMIT = b"\xff" * 8
_adopting = False


def adopt_orphans() -> bool:
    """From now on every descendant that loses its parent becomes our child, whatever it did to get away.

    prctl(2), PR_SET_CHILD_SUBREAPER; no privilege needed. False where the kernel or the interpreter cannot.
    """
    global _adopting
    if not _adopting:
        _adopting = libc.call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    return _adopting


def mark_children(mark: int) -> bool:
    """Give every child started from now on a number that it hands down to its own children; 0 stops that.

    It is the soft limit of file locks (setrlimit(2), RLIMIT_LOCKS): inherited over fork and exec, unused by the
    kernel since 2.4.25, and shown in /proc/PID/limits. Unlike a variable or a descriptor it survives a daemon that
    clears its environment and closes its files. Only after `adopt_orphans` has succeeded: elsewhere than on Linux the
    number means another limit. False where it cannot be had.
    """
    if not _adopting:
        return False
    soft = mark.to_bytes(8, sys.byteorder) if mark else _NO_LIMIT
    return libc.call("setrlimit", _RLIMIT_LOCKS, soft + _NO_LIMIT) == 0
