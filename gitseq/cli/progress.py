"""How verbs show work that takes time: on standard error, for their output is for others to read."""

from gitseq.core import colour
from gitseq.host import env as host_env
from gitseq.host import terminal
from gitseq.ui.plain import Plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env


def consumer(env: "Env") -> Plain:
    """What shows notices, and on a terminal a line that lives."""
    is_terminal = terminal.is_terminal(2)
    coloured = colour.wanted(host_env.text(env, "GITSEQ_COLOR", "auto"), env, is_terminal)
    if not is_terminal:
        return Plain(colour=coloured, fd=2)
    from gitseq.ui.live import Live

    return Live(colour=coloured, fd=2)
