"""How a run ends in the record; and a piece of work that is not a run of hooks, told as one."""

from gitseq.errors import GitseqError
from gitseq.model import Report, RunFinished, RunRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.engine.request import World


def recorded(name: str, world: "World", work: "Callable[[], int]") -> int:
    """Do the work and return its exit code; what it raises is told, and raised."""
    try:
        code = work()
    except GitseqError as error:
        world.tell(RunRefused(error.exit_code, tuple(error.lines())))
        world.tell(RunFinished(Report(name, (), error.exit_code)))
        raise
    except Exception as error:
        world.tell(bug(error))
        raise
    world.tell(RunFinished(Report(name, (), code)))
    return code


def bug(error: Exception) -> RunRefused:
    """The last that is told of a run that met a bug of ours: it did not end, it died. Who called it reports the bug."""
    return RunRefused(GitseqError.exit_code, (f"a bug in gitseq: {type(error).__name__}: {error}",))
