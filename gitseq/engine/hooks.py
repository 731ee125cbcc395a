"""One hook: its files, its environment, its calls, its verdict."""

import os

from gitseq.cage import run as cage
from gitseq.core import batch, gitenv, verdict
from gitseq.core.verdict import Ran
from gitseq.host import files, procs, terminal
from gitseq.model import Hook, HookProgress, Notice, Record, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.engine.request import Request, World
    from gitseq.host.env import Env

    Progress = Callable[[float, bytes], None]

_SHELL = b"/bin/sh"


class Job(Record):
    """A hook and what it will be run with."""

    hook: Hook
    paths: "list[bytes]"
    """Relative to the hook's root."""
    exports: "Env"


class Stopped(Record):
    """Why a run has to end in the middle of a hook."""

    signal: int = 0
    caller_gone: bool = False


def run(job: Job, request: "Request", world: "World") -> "tuple[list[Ran], Stopped | None]":
    """Run all calls of a hook, one after the other; the second value says that the run must stop now."""
    folder = _folder(job.hook, world)
    env = environment(job, request, world)
    command = _command(job.hook)
    executable = procs.find_executable(command[0], env.get(b"PATH", os.defpath.encode()), folder)
    if executable is None:
        return [verdict.not_found(_text(command[0]))], None
    stdin = _standard_input(job.hook, request)
    if stdin is None:
        return [verdict.no_terminal(job.hook)], None
    try:
        ready = cage.Command(executable, command, env, folder, stdin, tty=request.tty, interactive=job.hook.interactive)
        return _calls(job, ready, world)
    finally:
        os.close(stdin)


def run_legacy(request: "Request", world: "World") -> "tuple[int, Stopped | None]":
    """Run the hook that was installed before us as git would have: its arguments, its input, the open terminal.

    pre-commit's PRE_COMMIT_RUNNING_LEGACY keeps a legacy hook that calls its manager again from going round.
    """
    stdin = files.unnamed(request.stdin) if request.stage.stdin else os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    env = {**world.env, b"PRE_COMMIT_RUNNING_LEGACY": b"1"}
    argv = [request.legacy, *request.arguments]
    command = cage.Command(request.legacy, argv, env, world.repo.top, stdin, interactive=True, output=(1, 2))
    try:
        outcome = cage.run(command, _watch(world))
    except OSError as error:
        problem = f"{_text(request.legacy)} could not be started: {_why(error)}"
        world.tell(Notice("error", problem))
        return verdict.NOT_EXECUTABLE, None
    finally:
        os.close(stdin)
    return outcome.exit_code, _stop_of(outcome)


def _folder(hook: Hook, world: "World") -> bytes:
    return os.path.join(world.repo.top, _bytes(hook.root)) if hook.root else world.repo.top


def _command(hook: Hook) -> "list[bytes]":
    """The argument list without files. A script runs as `sh -c SCRIPT ID FILES...`, so that files are its "$@"."""
    if hook.shell:
        return [_SHELL, b"-c", _bytes(hook.argv[0]), _bytes(hook.id)]
    return [_bytes(argument) for argument in hook.argv]


def environment(job: Job, request: "Request", world: "World") -> "Env":
    """What a hook finds in its environment: git's own, cleaned of what would mislead it, and what it is told."""
    hook, repo = job.hook, world.repo
    if hook.scrub_git_env:
        env = gitenv.scrubbed(world.env)
    else:
        env = gitenv.for_top(
            world.env,
            own_index=repo.git_dir + b"/index",
            index=repo.index,
            dir_is_discoverable=repo.dir_is_discoverable,
        )
        if hook.root:
            env = gitenv.for_folder(env, top=repo.top, git_dir=repo.git_dir)
    told = {b"PRE_COMMIT": b"1", b"GITSEQ_STAGE": request.stage.name.encode(), b"GITSEQ_HOOK": _bytes(hook.id)}
    own = {_bytes(name): _bytes(value) for name, value in hook.env}
    return {**env, **told, **job.exports, **own}


def _standard_input(hook: Hook, request: "Request") -> "int | None":
    """The descriptor a hook reads from: the terminal, what git wrote, or nothing; None when there is no terminal."""
    if hook.interactive:
        return terminal.open_controlling()
    if hook.stdin and request.stdin:
        return files.unnamed(request.stdin)
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def _calls(job: Job, command: cage.Command, world: "World") -> "tuple[list[Ran], Stopped | None]":
    """One call after the other, all of them even when one fails, as in pre-commit; a stop ends them."""
    most = job.hook.pass_filenames
    space = procs.argument_space() - batch.environment_size(command.env) - batch.HEADROOM
    watch = _watch(world, _teller(job.hook, world))
    ended: list[Ran] = []
    for argv in batch.split(command.argv, job.paths if most else [], space, most):
        if job.hook.stdin:
            os.lseek(command.stdin, 0, os.SEEK_SET)  # each call reads it from its start
        try:
            outcome = cage.run(command.replace(argv=argv), watch)
        except OSError as error:
            return [*ended, verdict.not_executable(_text(command.argv[0]), _why(error))], None
        stop = _stop_of(outcome)
        if stop is not None:
            return [*ended, verdict.interrupted(outcome.exit_code, outcome.output)], stop
        ended.append(Ran(outcome.exit_code, outcome.signal, outcome.output))
    return ended, None


def _stop_of(outcome: cage.Outcome) -> "Stopped | None":
    return Stopped(outcome.stopped, outcome.caller_gone) if outcome.stopped else None


def _watch(world: "World", progress: "Progress | None" = None) -> cage.Watch:
    return cage.Watch(world.signals, world.caller.pidfd if world.caller is not None else -1, progress)


def _teller(hook: Hook, world: "World") -> "Progress | None":
    if not world.wants_progress or hook.interactive:
        return None
    return lambda elapsed, tail: world.tell(HookProgress(hook, elapsed, tail))


def _why(error: OSError) -> str:
    import errno

    return {
        errno.EACCES: "it is not executable (chmod +x)",
        errno.ENOEXEC: "it is neither a program nor a script with a `#!` line",
        errno.ENOENT: "the interpreter its `#!` line names does not exist",
        errno.E2BIG: "the kernel refuses an argument list or environment this long",
    }.get(error.errno or 0, os.strerror(error.errno or 0))


def log(verdict: Verdict, top: bytes) -> None:
    """Append what a hook printed to its log file, when there is something to show. Raises OSError."""
    path = verdict.hook.log_file
    if path and verdict.output.strip() and (verdict.failed or verdict.hook.verbose):
        files.append(os.path.join(top, _bytes(path)), verdict.output)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
