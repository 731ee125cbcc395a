"""`gitseq exec -- COMMAND`: any command in its turn, with the terminal it was started from."""

import argparse
import os

from gitseq.cli import configuration
from gitseq.core import colour, jsonline, units
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
    from gitseq.cli.main import Context

_EXAMPLES = """examples:
  gitseq exec -- make test              no hook and no other `gitseq exec` of this repository runs meanwhile
  gitseq exec -- git commit -a          the whole commit is one turn; its hooks do not line up again
  gitseq exec --wait 5m -- ./deploy     give up (75) after five minutes

The exit code is the command's own; 124 it ran out of time, 137 it went over a cap, 75 its turn did not come.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq exec`."""
    parser.epilog = _EXAMPLES
    waiting = parser.add_mutually_exclusive_group()
    waiting.add_argument("--wait", metavar="D", help="wait at most so long for our turn (such as 10m)")
    waiting.add_argument("--no-wait", action="store_true", help="do not wait for our turn; end with 75")
    parser.add_argument("--timeout", metavar="D", help="end it after so long")
    parser.add_argument("--memory", metavar="S", help="end it when it and all it starts use more (such as 4GiB)")
    parser.add_argument("--processes", metavar="N", type=int, help="end it when more processes run at a time")
    parser.add_argument("--retry", metavar="N", type=int, default=0, help="run it again when it fails, N times at most")
    parser.add_argument("--json", action="store_true", help="when it is over, tell how it ended on stderr, as one line")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the command and its arguments")


def run(options: argparse.Namespace, context: "Context") -> int:
    """Run the command when it is its turn and return its exit code."""
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not words:
        raise UsageError("which command?", hint="For example: gitseq exec -- make test")
    env = context.env
    repo = git_repo.discover(env, context.cwd)
    plan = configuration.plan_or_defaults(repo, env)
    patience = 0.0 if options.no_wait else settings.patience(plan, env, options.wait)
    if options.retry < 0:
        raise UsageError("--retry: at least 0")
    order = command.Order([os.fsencode(word) for word in words], context.cwd, _limits(options), options.retry)
    is_terminal = terminal.is_terminal(2)
    coloured = colour.wanted(host_env.text(env, "GITSEQ_COLOR", "auto"), env, is_terminal)
    shown = (Live if is_terminal else Plain)(colour=coloured, fd=2)
    tell = Journal(journal.place(repo.state_dir, repo.top, env), "exec", _AsJson(shown) if options.json else shown)
    with Signals() as signals:
        return command.execute(order, World(env, repo, plan, signals, None, tell, is_terminal, patience))


class _AsJson:
    """Shows events, and the end of the command as one line of JSON: stdout is the command's own."""

    def __init__(self, shown: Plain) -> None:
        self._shown = shown

    def __call__(self, event: Event) -> None:
        self._shown(event)
        if isinstance(event, CommandFinished):
            write_all(2, jsonline.encode(journal.command(event)))


def _limits(options: argparse.Namespace) -> Limits:
    timeout, memory = options.timeout, options.memory
    if options.processes is not None and options.processes < 1:
        raise UsageError("--processes: at least 1")
    return Limits(
        timeout=settings.parsed(timeout, "--timeout", units.parse_duration) if timeout is not None else None,
        memory=settings.parsed(memory, "--memory", units.parse_size) if memory is not None else None,
        processes=options.processes,
    )
