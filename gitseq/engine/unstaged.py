"""Unstaged work during a run: out of the hooks' sight, and back again whatever happens."""

import os

from gitseq.errors import GitseqError, NotRestored, Refused
from gitseq.git import call
from gitseq.guard import state
from gitseq.host import clock, files, proctree
from gitseq.model import Notice, WorkHidden, WorkRestored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseq.engine.request import World
    from gitseq.git.status import Listing
    from gitseq.guard.journal import Dirty, Git, Guard, Item
    from gitseq.guard.restore import Restored
    from gitseq.host import procs

PARTIAL, ALL, NONE = "partial", "all", "none"


class Unstaged:
    """What is hidden in this run. Nothing is imported or started for it until there is something to hide."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._guard: Guard | None = None
        self.paths: frozenset[bytes] = frozenset()
        """What is hidden now."""
        self._placed: dict[bytes, Item] = {}
        self._moved_last = 0
        """ctime in ns of what was put in place last: what is not younger was not touched since."""

    def finish_dead_runs(self, *, nested: bool) -> bool:
        """Bring back what runs that died in this work tree had hidden; whether there was any.

        Raises NotRestored when that takes a person, and Refused when a run that we are not nested in has things hidden
        now: it stands in another queue, and would put them back under our hooks.
        """
        runs = state.unfinished(self._world.repo.git_dir)
        live = [run for run in runs if is_live(run)]
        if live and not nested:
            raise Refused(
                "a run that stands in another queue has unstaged work of this work tree hidden",
                why=f"It is process {live[0].split(b'-')[1].decode()}; runs with another `scope` do not wait for it.",
                kept="Nothing was run and nothing was changed.",
                hint="Try again when it is done, and give all runs of a work tree the same `scope` in [queue].",
            )
        if len(live) == len(runs):
            return False
        finish_dead_runs(self._world)
        return True

    def hide(self, listing: "Listing", isolate: str) -> "Listing":
        """Hide what is not staged, and answer what the work tree looks like then.

        Inside a run that has hidden things in this work tree already, nothing is left to hide.
        """
        dirty = [change for change in listing.unstaged if change.index_mode != _GITLINK]
        if isolate == NONE or not (dirty or isolate == ALL):
            return listing
        from gitseq.guard import hide
        from gitseq.guard.journal import Dirty, Where

        found = [Dirty(change.path, change.kind, change.index_mode, change.index_oid) for change in dirty]
        if isolate == ALL:
            found += self._untracked()
        repo = self._world.repo
        self._guard = hide.hide(Where(repo.top, repo.git_dir, _run_name()), found, git_of(self._world))
        self.paths = frozenset(entry.path for entry in found) if self._guard is not None else frozenset()
        if self._guard is not None:
            placed = [self._guard.journal.at(item.path) for item in self._guard.journal.items if item.places]
            self._moved_last = _ctime(placed[-1]) if placed else 0
            self._world.tell(WorkHidden(tuple(sorted(self.paths))))
        return _as_hidden(listing, self.paths)

    def is_untouched(self, path: bytes) -> bool:
        """Whether what we put at `path` still lies there as we wrote it, whatever git says.

        git takes a file for modified whose size is not the one it knows, without reading it; and line endings and
        filters may have given ours another size than that of the file that was added. A hook may write as many bytes
        and put the mtime back (`touch -r`), but not the ctime; where that has moved the content decides.
        """
        if self._guard is None:
            return False
        from gitseq.guard import look

        journal, item = self._guard.journal, self._item(path)
        if item is None or not look.is_ours(item, journal.at(path)):
            return False
        if _ctime(journal.at(path)) <= self._moved_last:
            return True
        from gitseq.guard import merge

        return merge.is_nothing_new(journal, item, journal.at(path), git_of(self._world), journal.user(item))

    def apart(self, edited: "Sequence[bytes]") -> "frozenset[bytes]":
        """What is hidden, but for those of `edited` that an editor has saved meanwhile with unstaged changes in them.

        As a hook's fix these would join the commit.
        """
        if self._guard is None or not edited:
            return self.paths
        from gitseq.guard import merge

        journal, git = self._guard.journal, git_of(self._world)
        items = [item for path in edited if (item := self._item(path)) is not None]
        return self.paths - {item.path for item in items if merge.is_saved_over(journal, item, git)}

    def _item(self, path: bytes) -> "Item | None":
        if self._guard is not None and not self._placed:
            self._placed = {item.path: item for item in self._guard.journal.items}
        return self._placed.get(path)

    def restore(self, staged: "frozenset[bytes]") -> "NotRestored | None":
        """After this returns, or dies, every hidden file is in its place or still set aside, whole.

        What a run has to fail with, if it is not all in its place; `staged` are paths whose fixes are in the commit.
        """
        if self._guard is None:
            return None
        from gitseq.guard.restore import restore

        restored = restore(self._guard, git_of(self._world))
        self._guard = None
        _tell(restored, self._world)
        failure = restored.failure(staged)
        self._world.tell(WorkRestored(len(self.paths), tuple(failure.lines()) if failure is not None else ()))
        return failure

    def _untracked(self) -> "list[Dirty]":
        from gitseq.guard import fixes
        from gitseq.guard.journal import Dirty

        return [Dirty(path, "?") for path in sorted(fixes.untracked(git_of(self._world)))]


def _ctime(path: bytes) -> int:
    """In ns; 0 when there is nothing."""
    found = files.signature(path)
    return found[3] if found is not None else 0


_GITLINK = 0o160000
_INTENT_TO_ADD = "A"


def _as_hidden(listing: "Listing", paths: "frozenset[bytes]") -> "Listing":
    """The listing as git would give it now: hidden paths are as the index says, but for those it has no content of.

    A file that is only intended to be added is moved away with nothing in its place, and git calls it deleted.
    """
    left = [change for change in listing.unstaged if change.path not in paths or change.kind == _INTENT_TO_ADD]
    signatures = {change.path: None if change.path in paths else listing.signatures[change.path] for change in left}
    return listing.replace(unstaged=tuple(left), signatures=signatures)


def git_of(world: "World") -> "Git":
    """git for the guard: in this work tree, on the index in use or on another.

    By its absolute name: git gives hooks a relative one, which leads nowhere when git itself changes folder.
    """

    def git(arguments: "list[bytes]", stdin: bytes = b"", index: "bytes | None" = None) -> "procs.Completed":
        env = {**world.env, b"GIT_INDEX_FILE": index or world.repo.index}
        return call.ask(arguments, env, world.repo.top, stdin)

    return git


def finish_dead_runs(world: "World") -> None:
    """After this returns, no dead run of this work tree has anything hidden. Call it while holding the lease.

    A guard whose engine is alive can only be that of a run we are nested in: it is left alone. Where somebody wrote to
    hidden files since, a person decides: NotRestored says what `gitseq recover` will do.
    """
    from gitseq.guard import recover

    repo = world.repo
    dead = [survey for survey in recover.survey(repo.git_dir, repo.top) if not is_live(survey.run)]
    pending = [survey for survey in dead if not survey.as_left]
    if pending:
        raise NotRestored(
            "a run that died left unstaged work hidden, and files were written in its place since",
            why="\n".join(line for survey in pending for line in survey.lines()),
            kept="Your files are whole; nothing is overwritten, what goes apart is kept in both versions.",
            hint="To bring it back: gitseq recover",
        )
    bring_back(world)


def bring_back(world: "World") -> None:
    """After this returns, nothing is hidden in this work tree; what was written meanwhile is merged, or kept beside.

    Raises NotRestored for what could not be put back, or does not go together with what was written.
    """
    from gitseq.guard import recover

    repo = world.repo
    for restored in recover.recover(repo.git_dir, git_of(world), top=repo.top, is_live=is_live):
        _tell(restored, world)
        failure = restored.failure()
        world.tell(WorkRestored(0, tuple(failure.lines()) if failure is not None else ()))
        if failure is not None:
            raise failure
        world.tell(Notice("info", "Brought back the unstaged work of a run that had died."))


def _tell(restored: "Restored", world: "World") -> None:
    for line in restored.notices():
        world.tell(Notice("warning", line))
    if restored.conflicts and restored.complete:
        copy_what_is_kept(world)


def copy_what_is_kept(world: "World") -> None:
    """Have git hold a second copy of all that conflicts set aside here; that it cannot be made is a warning."""
    from gitseq.core.text import printable
    from gitseq.guard import copies

    git = git_of(world)
    try:
        for copy in copies.make_missing(world.repo.git_dir, world.repo.top, git):
            run = printable(copy.run)
            world.tell(Notice("info", f"A second copy is in git; as a patch: gitseq recover --patch {run}"))
            for note in copy.notes:
                world.tell(Notice("warning", f"not in the second copy: {note}"))
        copies.expire(git, clock.wall())
    except (GitseqError, OSError) as error:
        why = error.why or error.what if isinstance(error, GitseqError) else error.strerror or str(error)
        world.tell(Notice("warning", f"What was set aside is safe, but git has no second copy of it: {why}"))


def _run_name() -> bytes:
    """Sorts by time, and says which process it belongs to."""
    me = proctree.look(os.getpid())
    return b"%020d-%d-%d" % (clock.wall_ns(), os.getpid(), me.start if me is not None else 0)


def hidden_by_dead(git_dir: bytes) -> "list[bytes]":
    """Runs that died and whose hidden work is not back yet."""
    return [run for run in state.unfinished(git_dir) if not is_live(run)]


def is_live(run: bytes) -> bool:
    """Whether the engine that a guard is named for still runs."""
    try:
        _time, pid, start = map(int, run.split(b"-"))
    except ValueError:  # not of our naming
        return False
    engine = proctree.look(pid)
    return engine is not None and engine.start == start
