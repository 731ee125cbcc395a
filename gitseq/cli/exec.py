"""`gitseq exec -- COMMAND`: any command in its turn, with the terminal it was started from."""

import os

from gitseq.cli import configuration
from gitseq.core import colour, gitcommand, jsonline
from gitseq.engine import command, settings
from gitseq.engine.request import World
from gitseq.errors import UsageError
from gitseq.git import repo as git_repo
from gitseq.host import env as host_env
from gitseq.host import terminal
from gitseq.host.signals import Signals
from gitseq.model import CommandFinished, Event, Limits
from gitseq.ui import journal
from gitseq.ui.journal import Journal
from gitseq.ui.live import Live
from gitseq.ui.plain import Plain, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gitseq.cli.context import Context
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env
    from gitseq.model import Plan

_REMAINDER = "..."
"""argparse.REMAINDER; what a wrapper starts shall not load argparse."""
_EXAMPLES = """examples:
  gitseq exec -- make test              no hook and no other `gitseq exec` of this repository runs meanwhile
  gitseq exec -- git commit -a          the whole commit is one turn; its hooks do not line up again
  gitseq exec --wait 5m -- ./deploy     give up (75) after five minutes

The exit code is the command's own; 124 it ran out of time, 137 it went over a cap, 75 its turn did not come.
"""


def configure(parser: "argparse.ArgumentParser") -> None:
    """The options of `gitseq exec`."""
    parser.epilog = _EXAMPLES
    waiting = parser.add_mutually_exclusive_group()
    waiting.add_argument("--wait", metavar="D", help="wait at most so long for our turn (such as 10m)")
    waiting.add_argument("--no-wait", action="store_true", help="do not wait for our turn; end with 75")
    parser.add_argument("--timeout", metavar="D", help="end it after so long")
    parser.add_argument("--memory", metavar="S", help="end it when it and all it starts use more (such as 4GiB)")
    parser.add_argument("--processes", metavar="N", help="end it when more processes run at a time")
    configuration.add_profile_option(parser)
    parser.add_argument("--retry", metavar="N", type=int, default=0, help="run it again when it fails, N times at most")
    parser.add_argument("--json", action="store_true", help="when it is over, tell how it ended on stderr, as one line")
    parser.add_argument("command", nargs=_REMAINDER, metavar="-- COMMAND", help="the command and its arguments")


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Run the command when it is its turn and return its exit code."""
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not words:
        raise UsageError("which command?", hint="For example: gitseq exec -- make test")
    if options.retry < 0:
        raise UsageError("--retry: at least 0")
    env = configuration.environment(options, context.env)
    repo = git_repo.discover(env, context.cwd)
    argv = [os.fsencode(word) for word in words]
    order = command.Order(argv, context.cwd, _limits(options, argv, env), options.retry)
    wait = "0s" if options.no_wait else options.wait
    also = _as_json if options.json else None
    return in_turn(order, repo, configuration.plan_or_defaults(repo, env), env, wait=wait, also=also)


def in_turn(
    order: command.Order,
    repo: "Repo",
    plan: "Plan",
    env: "Env",
    *,
    wait: "str | None" = None,
    also: "Callable[[Event], None] | None" = None,
) -> int:
    """Run a command when it is its turn, show on stderr what happens, and return its exit code.

    `wait` is a patience as it was typed; `also` hears every event once it was shown. Raises as `engine.command` does.
    """
    is_terminal = terminal.is_terminal(2)
    coloured = colour.wanted(host_env.text(env, "GITSEQ_COLOR", "auto"), env, is_terminal)
    shown = (Live if is_terminal else Plain)(colour=coloured, fd=2)
    place = journal.place(repo.state_dir, repo.top, env)
    what = b" ".join(order.argv).decode("utf-8", "surrogateescape")
    tell = Journal(place, "exec", _both(shown, also) if also is not None else shown, what=what)
    patience = settings.patience(plan, env, wait)
    with Signals() as signals:
        return command.execute(order, World(env, repo, plan, signals, None, tell, is_terminal, patience))


def _both(first: "Callable[[Event], None]", second: "Callable[[Event], None]") -> "Callable[[Event], None]":
    def tell(event: Event) -> None:
        first(event)
        second(event)

    return tell


def _as_json(event: Event) -> None:
    """Tell the end of the command as one line of JSON, on stderr: stdout is the command's own."""
    if isinstance(event, CommandFinished):
        from gitseq.ui import entries

        write_all(2, jsonline.encode(entries.command(event)))


def _limits(options: "argparse.Namespace", argv: "list[bytes]", env: "Env") -> Limits:
    """The caps of the options, and for what they leave out those of the environment."""
    typed = {name: getattr(options, name) for name in ("timeout", "memory", "processes")}
    caps = {name: settings.cap(name, text, f"--{name}") for name, text in typed.items() if text is not None}
    return caps_of_environment(argv, env).replace(**caps)


def caps_of_environment(argv: "list[bytes]", env: "Env") -> Limits:
    """GITSEQ_TIMEOUT and its like. A git command has none of them: they mean its hooks, which find them as well, and
    to end git in the middle of a commit because its hooks together took long would help nobody."""
    return Limits() if gitcommand.is_git(argv) else Limits(**settings.caps_of(env))
