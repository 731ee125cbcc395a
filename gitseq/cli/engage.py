"""A stage that git has called, from its plan to its exit code.

Apart from `hook` so that git is listing what is staged while this module, and with it the engine, is being loaded.
Everything imported here is on the hot path.
"""

from gitseq.core import colour
from gitseq.core.stages import Stage
from gitseq.engine import run as engine
from gitseq.engine import settings
from gitseq.engine.request import Request, World, skip_list
from gitseq.git.caller import Caller
from gitseq.host import env as host_env
from gitseq.host import terminal
from gitseq.host.signals import Signals
from gitseq.model import Record
from gitseq.ui import journal
from gitseq.ui.plain import Plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.marks import Marks
    from gitseq.git.repo import Repo
    from gitseq.host import procs
    from gitseq.host.env import Env
    from gitseq.model import Plan


class Call(Record):
    """What git handed over."""

    stage: Stage
    arguments: tuple[bytes, ...]
    stdin: bytes
    legacy: bytes
    """A hook that was here before us, to be run first."""
    env: "Env"


def run(call: Call, repo: "Repo", plan: "Plan", marks: "Marks", early: "procs.Reader | None") -> int:
    """Run the hooks of the stage and return the exit code; see `World` for `marks` and `early`."""
    env = call.env
    is_terminal, coloured = terminal_of(env)
    request = Request(
        call.stage,
        call.arguments,
        call.stdin,
        by_git=True,
        skip=skip_list(env),
        legacy=call.legacy,
        no_cache=bool(env.get(b"GITSEQ_NO_CACHE")),
        tty=coloured,
    )
    place = journal.place(repo.state_dir, repo.top, env)
    with Signals() as signals:
        world = World(
            env,
            repo,
            settings.overridden(plan, env),
            signals,
            Caller.find(),
            journal.Journal(place, call.stage.name, consumer(is_terminal, coloured)),
            wants_progress=is_terminal,
            patience=settings.patience(plan, env),
            marks=marks,
            early=early,
        )
        return engine.execute(request, world).exit_code


def terminal_of(env: "Env") -> "tuple[bool, bool]":
    """Whether what we print goes to a terminal, and whether it is to be coloured."""
    is_terminal = terminal.is_terminal(1)
    return is_terminal, colour.wanted(host_env.text(env, "GITSEQ_COLOR", "auto"), env, is_terminal)


def consumer(is_terminal: bool, coloured: bool) -> Plain:
    """What shows a run."""
    if not is_terminal:
        return Plain(colour=coloured)
    from gitseq.ui.live import Live

    return Live(colour=coloured)
