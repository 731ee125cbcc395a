"""What a wrapper starts: a command in its turn, or at once where there is no turn to take."""

import os
import sys

from gitseq.cli import configuration
from gitseq.cli.exec import caps_of_environment, in_turn
from gitseq.engine import command, turn
from gitseq.errors import EnvironmentProblem, GitseqError, Interrupted
from gitseq.git import repo as git_repo
from gitseq.host import env as host_env
from gitseq.host import procs
from gitseq.model import CommandFinished, Event
from gitseq.queue import nesting
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env


def main() -> int:
    """The wrapper's way in: `sys.argv` is ['-c', library, start folder, path of the command, arguments ...].

    Ends as the command ended, by the same signal where it died of one.
    """
    start, *argv = (os.fsencode(argument) for argument in sys.argv[2:])
    env, cwd = host_env.snapshot(), os.getcwdb()
    ended = _Ended()
    try:
        code = _run(argv, env, cwd, os.path.join(cwd, start), ended)
    except Interrupted as error:
        plain.show_problem(tuple(error.lines()))
        ended.signal, code = error.signum, error.exit_code
    except GitseqError as error:
        plain.show_problem(tuple(error.lines()))
        return error.exit_code
    except Exception:  # noqa: BLE001 - whatever it is, it is ours
        from gitseq.cli import crash

        return crash.report(argv)
    if ended.signal:
        procs.die_of(ended.signal)
    return code


class _Ended:
    """A consumer of events that keeps by which signal the command died."""

    def __init__(self) -> None:
        self.signal = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, CommandFinished):
            self.signal = event.signal if not event.killed else 0


def _run(argv: "list[bytes]", env: "Env", cwd: bytes, start: bytes, ended: _Ended) -> int:
    try:
        repo = git_repo.discover(env, start)
    except EnvironmentProblem:
        return _at_once(argv, env)
    plan = configuration.plan_or_defaults(repo, env)
    if nesting.joined(env, turn.queue_of(plan, repo, env)) is not None:
        return _at_once(argv, env)
    order = command.Order(argv, cwd, caps_of_environment(argv, env))
    return in_turn(order, repo, plan, env, also=ended)


def _at_once(argv: "list[bytes]", env: "Env") -> int:
    """Become the command; returns only when it cannot be started."""
    try:
        procs.become(argv[0], argv, env)
    except OSError as error:
        what = argv[0].decode("utf-8", "backslashreplace")
        plain.show_problem((f"{what} could not be started: {os.strerror(error.errno or 0)}",))
        return command.NOT_EXECUTABLE
