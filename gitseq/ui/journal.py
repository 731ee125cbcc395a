"""The journal: every run on record, one JSON line an event, in `<common git dir>/gitseq/journal/`.

A commit waits for its hooks one after the other, and to write down between two of them how the one ended and that the
next one starts costs as much as to find out what that one is to do. So what is told just before a command is written
down while the command runs, and all of it at once (`gitseq.ui.entries`). A journal that cannot be written stops
nothing.
"""

from gitseq.host import clock
from gitseq.model import Event, HookFinished, HookStarted, Notice, Record, RunStarted, TurnCame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.host.env import Env
    from gitseq.ui.entries import Entries, Sizes

_OFF, _ON = b"0", (b"", b"1")
_BEFORE_A_COMMAND = (TurnCame, RunStarted, HookStarted, HookFinished)
"""What is told on the way to a command, at whose start `HookRunning` follows at once."""


class Place(Record):
    """Where a journal is written."""

    folder: bytes
    worktree: bytes
    log: bytes = b""
    """The value of GITSEQ_LOG: nothing is written down, or every line to a file of that name as well."""

    @property
    def is_off(self) -> bool:
        """Whether the user wants no journal."""
        return self.log == _OFF

    @property
    def names_a_file(self) -> bool:
        """Whether the lines go to a file of the user's, too."""
        return not self.is_off and self.log not in _ON


def place(state_dir: bytes, worktree: bytes, env: "Env") -> Place:
    """The place of a repository's journal, and what the user's environment says about it."""
    return Place(state_dir + b"/journal", worktree, env.get(b"GITSEQ_LOG", b""))


class Journal:
    """A consumer of events that hands them on and has them written down."""

    def __init__(
        self,
        place: Place,
        stage: str,
        tell: "Callable[[Event], None]",
        sizes: "Sizes | None" = None,
        what: str = "",
    ) -> None:
        self._place = place
        self._stage = stage
        self._what = what or stage
        """What was asked for, as the queue shows it: a run that is refused has no turn that says it."""
        self._tell = tell
        self._sizes = sizes
        self._began = clock.wall()
        self._told: "list[tuple[float, Event]]" = []
        """What is not written down yet, and when it was told."""
        self._entries: Entries | None = None
        self._complained = False

    def __call__(self, event: Event) -> None:
        """Hand an event on, and write it down with those before it, now or when the next command has been started."""
        self._tell(event)
        if self._place.is_off:
            return
        self._told.append((clock.wall(), event))
        # a file of the user's may be a pipe that nobody reads: then no hook is to run meanwhile without being watched
        if not isinstance(event, _BEFORE_A_COMMAND) or self._place.names_a_file:
            self._write()

    def _write(self) -> None:
        told, self._told = self._told, []
        if self._entries is None:
            self._entries = self._open()
        problem = self._entries.write(told)
        if problem and not self._complained:
            self._complained = True
            self._tell(Notice("warning", problem))

    def _open(self) -> "Entries":
        from gitseq.ui import entries

        return entries.Entries(self._place, self._stage, self._what, self._began, self._sizes or entries.Sizes())
