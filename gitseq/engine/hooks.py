"""One hook: its environment, its calls, and how they ended."""

import os

from gitseq.cage import run as cage
from gitseq.core import batch, gitenv, verdict
from gitseq.core.verdict import Ran
from gitseq.host import clock, files, procs, terminal
from gitseq.model import HalfMemory, Hook, HookProgress, HookRunning, Notice, Record, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.core.lockrule import Lock
    from gitseq.engine.environments import Environments
    from gitseq.engine.request import Request, World
    from gitseq.host.env import Env
    from gitseq.languages.base import Start
    from gitseq.model import Event
    from gitseq.queue.lease import Lease
    from gitseq.queue.nesting import Parent

_SHELL = b"/bin/sh"
_NEWEST = 4096
"""Bytes of a call's output that are looked at for its last line."""
_HAZMAT = ("pre-commit", "hazmat")
"""In front of a command: one of pre-commit's tools around it, which we bring along (`languages.programs.hazmat`)."""


class Job(Record):
    """A hook and what it will be run with."""

    hook: Hook
    paths: "list[bytes]"
    """Relative to the hook's root."""
    exports: "Env"
    input: str = ""
    """See `candidates.fingerprint`."""


class Stopped(Record):
    """Why a run has to end in the middle of a hook."""

    signal: int = 0
    caller_gone: bool = False


class Runner:
    """Runs the hooks of one run, one call at a time, inside the turn it was given."""

    def __init__(self, request: "Request", world: "World", turn: "Lease | Parent", deadline: float) -> None:
        self._request = request
        self._world = world
        self._turn = turn
        self._deadline = deadline
        self._found: dict[tuple[bytes, bytes, bytes], bytes | None] = {}
        self._stage = request.stage.name.encode()
        self._cleaned: dict[tuple[bool, bool], Env] = {}
        """See `_clean`: the same for nearly all hooks, who are not to pay for it one by one."""
        self.lock: "Lock | None" = None
        """git's own lock on the index, which the hooks run under."""
        self.meanwhile: "Callable[[], object] | None" = None
        """Done once, while a hook runs and we have nothing to do but wait for it."""
        self.environments: "Environments | None" = None
        """Where hooks of other languages than `system` find how they are started."""

    def run(self, job: Job) -> "tuple[list[Ran], Stopped | None]":
        """Run all calls of a hook, even after one fails, as in pre-commit; the second value says: stop the run."""
        hook = job.hook
        folder = os.path.join(self._world.repo.top, _bytes(hook.root)) if hook.root else self._world.repo.top
        start = self.environments.start(hook) if self.environments is not None and hook.language != "system" else None
        env = self.environment(job, start)
        command = list(start.argv) if start is not None else _command(hook)
        executable = self._executable(command[0], env.get(b"PATH", os.defpath.encode()), folder)
        if executable is None:
            return [verdict.not_found(_text(command[0]))], None
        stdin = self._standard_input(hook)
        if stdin is None:
            return [verdict.no_terminal(hook)], None
        try:
            calls = [
                cage.Command(
                    executable,
                    argv,
                    env,
                    folder,
                    stdin,
                    tty=self._request.tty,
                    interactive=hook.interactive,
                    limits=hook.limits,
                    keep_daemons=hook.keep_daemons,
                    inherit=self._turn.inherit,
                )
                for argv in _argument_lists(job, command, env)
            ]
            return self._calls(job, calls)
        finally:
            os.close(stdin)

    def _executable(self, name: bytes, path: bytes, folder: bytes) -> "bytes | None":
        """Where a command is, looked for again when what was found is no longer there: a hook may install another."""
        key = (name, path, folder)
        known = self._found.get(key)
        if known is None or not os.access(known, os.X_OK):
            known = self._found[key] = procs.find_executable(name, path, folder)
        return known

    def run_legacy(self) -> "tuple[int, Stopped | None]":
        """Run the hook that was installed before us as git would have: its arguments, input and open terminal.

        pre-commit's PRE_COMMIT_RUNNING_LEGACY keeps a hook that calls its manager again from going round.
        """
        path = self._request.legacy
        stdin = files.unnamed(self._request.stdin) if self._request.stage.stdin else _nothing()
        env = {**self._world.env, **self._nesting(), b"PRE_COMMIT_RUNNING_LEGACY": b"1"}
        argv = [path, *self._request.arguments]
        top = self._world.repo.top
        command = cage.Command(path, argv, env, top, stdin, interactive=True, output=(1, 2))
        try:
            outcome = cage.run(command, self._watch(None))
        except OSError as error:
            self._world.tell(Notice("error", f"{_text(path)} could not be started: {_why(error)}"))
            return verdict.NOT_EXECUTABLE, None
        finally:
            os.close(stdin)
        return outcome.exit_code, _stop_of(outcome)

    def environment(self, job: Job, start: "Start | None" = None) -> "Env":
        """What a hook finds: git's environment, cleaned of what would mislead it, its language's, what it is told."""
        hook = job.hook
        place = hook.scrub_git_env, bool(hook.root)
        env = self._cleaned.get(place)
        if env is None:
            env = self._cleaned[place] = self._clean(*place)
        if start is not None:
            env = start.applied(env)
        told = {b"PRE_COMMIT": b"1", b"GITSEQ_STAGE": self._stage, b"GITSEQ_HOOK": _bytes(hook.id)}
        if hook.project:
            told[b"GITSEQ_PROJECT"] = _bytes(hook.project)
        chosen = {_bytes(name): _bytes(value) for name, value in hook.env}
        return {**env, **told, **self._nesting(), **job.exports, **chosen}

    def _clean(self, scrub: bool, below_top: bool) -> "Env":
        """git's environment without what would mislead a hook at the top, or below it; all that names git for none."""
        repo, given = self._world.repo, self._world.env
        if scrub:
            return gitenv.scrubbed(given)
        own = repo.git_dir + b"/index"
        env = gitenv.for_top(given, own_index=own, index=repo.index, dir_is_discoverable=repo.dir_is_discoverable)
        return gitenv.for_folder(env, top=repo.top, git_dir=repo.git_dir) if below_top else env

    def _nesting(self) -> "Env":
        """By what a run inside of this one knows that it is: the lease, and the lock that git holds for us."""
        told = {b"GITSEQ_TOKEN": self._turn.token}
        return {**told, b"GITSEQ_LOCK": self.lock.token} if self.lock is not None else told

    def _standard_input(self, hook: Hook) -> "int | None":
        """The descriptor a hook reads: the terminal, what git wrote, or nothing; None when there is no terminal."""
        if hook.interactive:
            return terminal.open_controlling()
        if hook.stdin and self._request.stdin:
            return files.unnamed(self._request.stdin)
        return _nothing()

    def _calls(self, job: Job, calls: "list[cage.Command]") -> "tuple[list[Ran], Stopped | None]":
        progress = _Progress(job.hook, len(calls), self._world.tell) if self._shows_progress(job.hook) else None
        watch = self._watch(job.hook, progress)
        ended: list[Ran] = []
        for command in calls:
            if job.hook.stdin:
                os.lseek(command.stdin, 0, os.SEEK_SET)  # each call reads it from its start
            try:
                outcome = cage.run(command, watch)
            except OSError as error:
                return [*ended, verdict.not_executable(_text(command.argv[0]), _why(error))], None
            stop = _stop_of(outcome)
            if outcome.hit is not None or outcome.leftovers or stop is not None:
                from gitseq.engine import kills

                kills.tell(outcome, job.hook.label, self._world.tell)
            ended.append(_ran(outcome, job.hook, interrupted=stop is not None))
            if progress is not None:
                progress.call_ended(outcome.output)
            if stop is not None:
                return ended, stop
        return ended, None

    def _watch(self, hook: "Hook | None", progress: "_Progress | None" = None) -> cage.Watch:
        world = self._world
        return cage.Watch(
            world.signals,
            world.caller.pidfd if world.caller is not None else -1,
            progress,
            deadline=self._deadline,
            on_start=self._tell_running(hook) if hook is not None else None,
            on_idle=self._meanwhile if self.meanwhile is not None else None,
            on_half_memory=self._half_memory(hook) if hook is not None else None,
            state_dir=world.repo.state_dir,
            nested=self._turn.depth > 0,
        )

    def _shows_progress(self, hook: Hook) -> bool:
        return self._world.wants_progress and not hook.interactive

    def _tell_running(self, hook: Hook) -> "Callable[[], None]":
        return lambda: self._world.tell(HookRunning(hook))

    def _meanwhile(self) -> None:
        do, self.meanwhile = self.meanwhile, None
        if do is not None:
            do()

    def _half_memory(self, hook: Hook) -> "Callable[[int, int], None]":
        return lambda used, cap: self._world.tell(HalfMemory(hook, used, cap))


class _Progress:
    """Tells how a hook gets on, over all of its calls."""

    FIRST, INTERVAL = 0.3, 0.1
    """Seconds, as for a single call (`cage.Watch`): many short calls must not be told one by one."""

    def __init__(self, hook: Hook, calls: int, tell: "Callable[[Event], None]") -> None:
        self._hook = hook
        self._calls = calls
        self._done = 0
        self._tell = tell
        self._began = clock.monotonic()
        self._next = self._began + self.FIRST

    def __call__(self, _elapsed: float, tail: bytes) -> None:
        """A call goes on."""
        now = clock.monotonic()
        self._next = now + self.INTERVAL
        self._tell(HookProgress(self._hook, now - self._began, tail, self._calls, self._done))

    def call_ended(self, output: bytes) -> None:
        """A call is over."""
        self._done += 1
        if self._done < self._calls and clock.monotonic() >= self._next:
            self(0.0, output[-_NEWEST:])


def _command(hook: Hook) -> "list[bytes]":
    """The argument list without files. A script runs as `sh -c SCRIPT ID FILES...`, so that files are its "$@"."""
    if hook.shell:
        return [_SHELL, b"-c", _bytes(hook.argv[0]), _bytes(hook.id)]
    if hook.argv[:2] == _HAZMAT:
        from gitseq.languages import base

        return list(base.command(hook))
    return [_bytes(argument) for argument in hook.argv]


def _argument_lists(job: Job, command: "list[bytes]", env: "Env") -> "list[list[bytes]]":
    """What the calls of a hook are given: all of its files together, as far as the kernel and the hook take them."""
    most = job.hook.pass_filenames
    space = procs.argument_space() - batch.environment_size(env) - batch.HEADROOM
    return batch.split(command, job.paths if most else [], space, most)


def _nothing() -> int:
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def _stop_of(outcome: cage.Outcome) -> "Stopped | None":
    return Stopped(outcome.stopped, outcome.caller_gone) if outcome.stopped else None


def _ran(outcome: cage.Outcome, hook: Hook, *, interrupted: bool) -> Ran:
    """How a call ended, in words where an exit code says too little. A cap that was hit is never a pass."""
    return Ran(
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        output=outcome.output,
        problem=_problem(outcome, hook, interrupted),
        notes=_left_running(outcome),
        usage=verdict.Usage(outcome.peak_memory, outcome.processes, outcome.cpu, outcome.rung),
    )


def _problem(outcome: cage.Outcome, hook: Hook, interrupted: bool) -> "tuple[str, ...]":
    if interrupted:
        return ("interrupted",)
    if outcome.hit is None:
        return ()
    from gitseq.core import caps

    return tuple(caps.lines(outcome.hit, hook.id))


def _left_running(outcome: cage.Outcome) -> "tuple[str, ...]":
    if not outcome.leftovers and not outcome.spared:
        return ()
    from gitseq.core.caps import printable

    ended = [f"left running, and ended: PID {one.pid} '{printable(one.command)}'" for one in outcome.leftovers]
    spared = [f"left running, as configured: PID {one.pid} '{printable(one.command)}'" for one in outcome.spared]
    return (*ended, *spared)


def _why(error: OSError) -> str:
    import errno

    return {
        errno.EACCES: "it is not executable (chmod +x)",
        errno.ENOEXEC: "it is neither a program nor a script with a `#!` line",
        errno.ENOENT: "the interpreter its `#!` line names does not exist",
        errno.E2BIG: "the kernel refuses an argument list or environment this long",
    }.get(error.errno or 0, os.strerror(error.errno or 0))


def log(told: Verdict, top: bytes) -> None:
    """Append what a hook printed to its log file, when there is something to show. Raises OSError."""
    path = told.hook.log_file
    if path and told.output.strip() and (told.failed or told.hook.verbose):
        files.append(os.path.join(top, _bytes(path)), told.output)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
