"""`fixes = "stage"`: what a hook changes in files of the commit joins the commit, and nothing else does."""

from gitseq.core import restage
from gitseq.core.text import printable
from gitseq.engine.unstaged import git_of
from gitseq.errors import Refused
from gitseq.guard import fixes
from gitseq.model import FixesStaged, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.lockrule import Lock
    from gitseq.engine.request import Request, World
    from gitseq.git.marks import Drift
    from gitseq.git.status import Listing

_PARTIAL = "partial"


class Restaging:
    """Adds the fixes of hooks to the indexes of this commit, hook by hook."""

    def __init__(self, request: "Request", world: "World", listing: "Listing", lock: "Lock | None") -> None:
        self._request = request
        self._world = world
        self._git = git_of(world)
        self._staged = {entry.path for entry in listing.staged} | set(listing.deleted)
        self._partial = set(listing.signatures)
        self._lock = lock
        self._untracked: frozenset[bytes] = frozenset()
        self.done: frozenset[bytes] = frozenset()
        """What was staged so far."""
        self._is_moved = False
        """Something else was, by a hook it seems; but it may have been a `git stash` of the user's."""

    def before(self) -> None:
        """A hook is about to run; what is untracked now was not made by it."""
        self._untracked = fixes.untracked(self._git)

    def accept(self, drift: "Drift") -> bool:
        """Take what moved for the hook's own `git add` of files that are in the commit anyway; False: it cannot be."""
        if len(drift.sentences) != 1 or not drift.paths or not self._staged.issuperset(drift.paths):
            return False
        self._is_moved = True
        return True

    def after(self, told: Verdict, hidden: "frozenset[bytes]") -> Verdict:
        """The verdict once the hook's fixes are staged. A hook that failed by its exit code has its fixes left alone.

        Raises Refused when they cannot be staged: it is never passed over in silence.
        """
        notes = [f"made a new file, which is not staged: {printable(path)}" for path in self._made()]
        if not told.modified or told.exit_code or told.reasons:
            return told.replace(notes=(*told.notes, *notes))
        plan = restage.plan(self._request.stage.name, [self._fixed(path, hidden) for path in told.modified])
        self._refuse_if_caller_is_gone(plan)
        fixes.stage(plan.add, self._git, self._second_index())
        self.done |= frozenset(plan.add)
        if plan.add:
            self._world.tell(FixesStaged(told.hook, tuple(plan.add)))
            notes.append("fixed and staged: " + ", ".join(printable(path) for path in plan.add))
        return told.replace(
            status="passed" if plan.whole else "failed",
            modified=(*plan.inseparable, *plan.too_late),
            notes=(*told.notes, *notes, *plan.lines()),
        )

    def refuse_if_emptied(self) -> None:
        """Raise Refused when fixes have undone all that was to be committed; `--amend` may mean an empty difference."""
        caller = self._world.caller
        if (
            (self.done or self._is_moved)
            and self._staged
            and caller is not None
            and not caller.amends()
            and fixes.is_emptied(self._git)
        ):
            raise fixes.emptied()

    def _made(self) -> "list[bytes]":
        return sorted(fixes.untracked(self._git) - self._untracked)

    def _fixed(self, path: bytes, hidden: "frozenset[bytes]") -> restage.Fixed:
        return restage.Fixed(path, path in self._staged, path in self._partial, path in hidden)

    def _second_index(self) -> "bytes | None":
        """`git commit PATH` holds two: the one to be committed, and the one that stays."""
        return self._lock.path if self._lock is not None and self._lock.mode == _PARTIAL else None

    def _refuse_if_caller_is_gone(self, plan: restage.Restaging) -> None:
        caller = self._world.caller
        if plan.add and caller is not None and caller.gone(self._world.repo):
            raise Refused(
                "the git that called this hook is gone, so fixes were not staged",
                kept="They are in the work tree.",
                hint="Run the git command again.",
            )
