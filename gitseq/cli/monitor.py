"""`gitseq monitor`: what `gitseq status` tells once, live, with keys to steer."""

import argparse

from gitseq.cli import configuration
from gitseq.core import colour
from gitseq.engine import turn
from gitseq.errors import UsageError
from gitseq.git import repo as git_repo
from gitseq.host import env as host_env
from gitseq.host import terminal
from gitseq.host.signals import SIGHUP, Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.cli.context import Context

_EXAMPLES = """example: gitseq monitor

keys:
  q   quit
  c   cancel the run that holds the turn: its hook is asked to end, the next in line goes on
  k   the same without the time a hook gets to end by itself; asks first
  o   end what dead runs left behind (gitseq reap)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq monitor`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--color", choices=colour.CHOICES, help="default: auto, or GITSEQ_COLOR")


def run(options: argparse.Namespace, context: "Context") -> int:
    """Watch until `q`; the terminal is put back however this ends."""
    env = context.env
    repo = git_repo.discover(env, context.cwd)
    if not (terminal.is_terminal(0) and terminal.is_terminal(1)) or env.get(b"TERM", b"dumb") == b"dumb":
        raise UsageError(
            "gitseq monitor fills a terminal, and there is none here that can be filled",
            hint="The same, once, as text: gitseq status",
        )
    from gitseq.engine.watch import Watcher
    from gitseq.host.screen import Screen, open_terminal
    from gitseq.ui.watching import Watching, is_utf8

    plan = configuration.plan_or_defaults(repo, env)
    choice = options.color or host_env.text(env, "GITSEQ_COLOR", "auto")
    watcher = Watcher(repo, turn.queue_of(plan, repo, env))
    try:
        fd = open_terminal(1)
    except OSError as error:
        raise UsageError(f"the terminal cannot be opened: {error.strerror}", hint="Once: gitseq status") from None
    with Signals() as signals, Screen(fd, signals) as screen:
        shown = Watching(watcher, screen, coloured=colour.wanted(choice, env, True), unicode=is_utf8(env))
        ended_by = shown.until_quit(signals)
    return 128 + (SIGHUP if screen.gone else ended_by) if screen.gone or ended_by else 0
