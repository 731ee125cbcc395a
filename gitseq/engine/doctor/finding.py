"""What a check is given and what it answers."""

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.engine.request import World
    from gitseq.errors import ConfigError
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env
    from gitseq.model import Plan
    from gitseq.queue.places import Place

FINE, ADVICE, PROBLEM = "fine", "advice", "problem"


class Finding(Record):
    """One thing that a check found."""

    check: str
    """Its name, the same in every version, for programs."""
    severity: str
    """FINE: worth knowing. ADVICE: works, but not as well as it could. PROBLEM: needs attention."""
    what: str
    why: str = ""
    """Why it matters."""
    command: str = ""
    """What to type, as it stands, in the folder where the doctor was asked."""
    todo: str = ""
    """What to do where no command can do it."""
    fix: "Callable[[], str] | None" = None
    """Mends it and says what was done. Raises GitseqError or OSError. Only what is safe and can be taken back."""


class Patient(Record):
    """What the checks look at."""

    env: "Env"
    cwd: bytes
    repo: "Repo | None" = None
    """None outside of a repository."""
    plan: "Plan | None" = None
    """None when there is no sound configuration."""
    place: "Place | None" = None
    """The queue that runs of this work tree stand in."""
    config_error: "ConfigError | None" = None
    world: "World | None" = None
    """For fixes that need a turn in the queue."""
