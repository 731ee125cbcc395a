"""The verdicts of a run as they come to be, and come to be revised."""

from gitseq.engine import hooks
from gitseq.model import HookFinished, HookRevised, Notice, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine.changes import Edits
    from gitseq.engine.request import World


class Verdicts:
    """What has been decided, in the order of the hooks; a hook may have taken several attempts."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._done: list[Verdict] = []
        self._attempts: list[int] = []
        """For each attempt at a hook, in order: the place of its verdict in `_done`."""

    @property
    def done(self) -> "tuple[Verdict, ...]":
        """All verdicts so far."""
        return tuple(self._done)

    @property
    def any_ran(self) -> bool:
        """Whether any hook was run at all, or has been before."""
        return any(told.status != "skipped" for told in self._done)

    def attempted(self) -> None:
        """The hook whose verdict comes next has been run once."""
        self._attempts.append(len(self._done))

    def blame(self, edits: "Edits", current: Verdict) -> Verdict:
        """`current`, and the verdicts told before, as failures where their hooks turn out to have changed files."""
        here = [path for number, paths in edits.by_hook.items() if self._is_current(number) for path in paths]
        self.blame_earlier(edits)
        return _with_modified(current, here) if here else current

    def blame_earlier(self, edits: "Edits") -> None:
        """Revise the verdicts that were told already, and tell them again."""
        for number, paths in edits.by_hook.items():
            if not self._is_current(number):
                place = self._attempts[number]
                self._done[place] = _with_modified(self._done[place], paths)
                self._world.tell(HookRevised(self._done[place]))

    def finish(self, told: Verdict) -> None:
        """A verdict stands: note it, log it, tell it."""
        self._done.append(told)
        self._world.tell(HookFinished(told))
        try:
            hooks.log(told, self._world.repo.top)
        except OSError as error:  # a log decides no commit, but whoever asked for one is to know
            why = error.strerror or str(error)
            self._world.tell(Notice("warning", f"log_file of {told.hook.id}: {told.hook.log_file}: {why}"))

    def _is_current(self, number: int) -> bool:
        return self._attempts[number] == len(self._done)


def _with_modified(told: Verdict, paths: "list[bytes]") -> Verdict:
    return told.replace(status="failed", modified=(*told.modified, *paths))
