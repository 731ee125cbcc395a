"""What a run is asked to do, and the world it does it in."""

from gitseq.core.stages import Stage
from gitseq.git.caller import Caller
from gitseq.git.repo import Repo
from gitseq.model import Event, Plan, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.git import content
    from gitseq.git.marks import Marks
    from gitseq.host import procs
    from gitseq.host.env import Env
    from gitseq.host.signals import Signals

BY_STAGE, ALL_FILES, NAMED_FILES, LAST_COMMIT, REVISIONS = "stage", "all", "files", "last-commit", "range"


class Request(Record):
    """One run, as git or a person asked for it."""

    stage: Stage
    arguments: tuple[bytes, ...] = ()
    """Git's arguments to the hook."""
    stdin: bytes = b""
    """What git wrote to the hook's standard input, read to its end."""
    by_git: bool = False
    select: str = BY_STAGE
    files: tuple[bytes, ...] = ()
    """For NAMED_FILES, relative to the top of the work tree."""
    revisions: tuple[bytes, ...] = ()
    """For REVISIONS: (old, new)."""
    ids: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    skip: frozenset[str] = frozenset()
    fail_fast: bool = False
    legacy: bytes = b""
    """A hook that was here before us, to be run first."""
    no_cache: bool = False
    """Nobody's earlier pass counts, and none is kept."""
    verify: int = 0
    """Instead of what has not passed: at most so many files, for each hook, of those that have."""
    tty: bool = False
    """Whether what hooks print goes to a terminal in the end, and may be coloured."""


class World(Record):
    """Where a run happens and whom it tells."""

    env: "Env"
    repo: Repo
    plan: Plan
    signals: "Signals"
    caller: "Caller | None"
    """The git that called us; None by hand."""
    tell: "Callable[[Event], None]"
    wants_progress: bool = False
    patience: float = float("inf")
    """Seconds to wait for our turn."""
    marks: "Marks | None" = None
    """Where HEAD and the index stood before `early` was begun."""
    early: "procs.Reader | None" = None
    """A listing of index and work tree that was begun while the engine was still being imported."""
    tree: "content.Comparison | None" = None
    """For a run on all files: how the work tree compares with the index, begun early."""


def skip_list(env: "Env", named: "tuple[str, ...]" = ()) -> "frozenset[str]":
    """Ids to skip: those named, and the comma lists GITSEQ_SKIP and, as in pre-commit, SKIP."""
    lists = [env.get(name, b"").decode("utf-8", "surrogateescape") for name in (b"GITSEQ_SKIP", b"SKIP")]
    return frozenset(part.strip() for text in (*lists, *named) for part in text.split(",") if part.strip())
