"""Finish what a run that died left behind, say beforehand what that would do, or write it out as a patch."""

import os

from gitseq.core.text import printable
from gitseq.errors import NotRestored
from gitseq.guard import drop, journal, look, state
from gitseq.guard.conflicts import conflicts_of
from gitseq.guard.journal import Guard, Item, Journal
from gitseq.guard.restore import Problem, Restored, restore
from gitseq.host import files
from gitseq.host.fileops import FileOps
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.guard.journal import Git

_WORDS = {
    look.FREE: "put your version back",
    look.LINKED: "put your version back",
    look.PLACED: "put your version back",
    look.MERGED: "keep the merged version",
    look.EDIT_ASIDE: "merge your version with what was written after it was hidden, or keep both",
    look.EDITED: "merge your version with what was written after it was hidden, or keep both",
    look.SWAPPED_EDIT: "merge your version with what was written after it was hidden, or keep both",
}
_AS_LEFT = frozenset((look.BACK, look.FREE, look.LINKED, look.PLACED))


class Action(Record):
    """What recovering would do to one path."""

    path: bytes
    state: str
    words: str


class Survey(Record):
    """An unfinished guard, looked at without touching anything."""

    run: bytes
    folder: bytes
    actions: tuple[Action, ...]
    as_left: bool
    """Nobody wrote to the hidden paths since, so that recovering needs nobody's judgement."""

    def lines(self) -> "list[str]":
        """What recovering would do, one path a line."""
        return [f"{printable(action.path)}: {action.words}" for action in self.actions]


def survey(git_dir: bytes, top: bytes = b"") -> "list[Survey]":
    """What is unfinished in a work tree, oldest first. NotRestored when a journal is damaged.

    `top` is where the work tree is now; by default, where it was.
    """
    return [_survey(_load(git_dir, run, top), git_dir, run) for run in state.unfinished(git_dir)]


def recover(
    git_dir: bytes,
    git: "Git",
    ops: "FileOps | None" = None,
    top: bytes = b"",
    is_live: "Callable[[bytes], bool]" = lambda _run: False,
) -> "list[Restored]":
    """After this returns or dies, unstaged work of runs that died is in its place, or set aside as before.

    Newest first, as a later run hid what an earlier one had left; a live one is left alone. Call it while holding the
    lease. Idempotent. `top` as for `survey`. NotRestored when a journal is damaged.
    """
    ops = ops or FileOps()
    dead = [run for run in reversed(state.unfinished(git_dir)) if not is_live(run)]
    return [_recover(git_dir, run, git, ops, top) for run in dead]


def _recover(git_dir: bytes, run: bytes, git: "Git", ops: FileOps, top: bytes) -> Restored:
    found = _load(git_dir, run, top)
    if found is not None:
        return restore(Guard(git_dir, found), git, ops)
    folder = state.guards_dir(git_dir) + b"/" + run
    try:
        finished = _finished(folder)
        drop.discard(folder, ops)
    except OSError as error:
        return Restored(run, folder, problems=(Problem(folder, error.strerror or str(error)),))
    return Restored(run, folder, () if finished is None else conflicts_of(finished))


def _finished(folder: bytes) -> "Journal | None":
    """The run that brought everything back may have died before it told what it kept."""
    for name in (folder + b"/" + state.DONE, folder + b"/kept/" + state.LIST):
        content = files.read(name)
        if content is not None:
            return journal.decode(content, name).replace(handed_to=drop.kept_place(folder))
    return None


def _load(git_dir: bytes, run: bytes, top: bytes) -> "Journal | None":
    """The journal of a run; None when it moved nothing yet, or had brought everything back."""
    name = state.guards_dir(git_dir) + b"/" + run + b"/" + state.JOURNAL
    content = files.read(name)
    if content is None and os.path.lexists(name):
        raise NotRestored(f"the journal of a run that died cannot be read: {printable(name)}")
    if content is None:
        return None
    return _as_it_lies_now(journal.decode(content, name), os.path.dirname(name), top)


def _as_it_lies_now(found: Journal, folder: bytes, top: bytes) -> Journal:
    """The journal of a repository that was moved since, or that a container knows by another name.

    Only then: with GIT_WORK_TREE a git directory can be pointed at a tree that has nothing to do with this run.
    """
    is_there = look.lstat(found.top) is not None and look.lstat(found.stores[0]) is not None
    if not top or (is_there and os.path.samefile(found.stores[0], folder)):
        return found
    inside = found.top + b"/"
    others = [top + b"/" + store[len(inside) :] if store.startswith(inside) else store for store in found.stores[1:]]
    return found.replace(top=top, stores=(folder, *others))


def _survey(found: "Journal | None", git_dir: bytes, run: bytes) -> Survey:
    folder = state.guards_dir(git_dir) + b"/" + run
    if found is None:
        return Survey(run, folder, (), as_left=True)
    try:
        states = [(item, _state(found, item)) for item in found.items]
    except OSError as error:
        what = Action(os.fsencode(error.filename or b""), look.EDITED, f"cannot be looked at: {error.strerror}")
        return Survey(run, folder, (what,), as_left=False)
    actions = tuple(Action(item.path, now, _words(item, now)) for item, now in states if now != look.BACK)
    return Survey(run, folder, actions, as_left=all(now in _AS_LEFT for _item, now in states))


def _state(found: Journal, item: Item) -> str:
    """As `restore` will find it: once our files are away, so are the folders made for them."""
    now = look.at(found, item)
    if now == look.EDITED and item.path in found.made and _holds_only_ours(found, item.path):
        return look.FREE
    return now


def _holds_only_ours(found: Journal, folder: bytes) -> bool:
    placed = {item.path: item for item in found.items if item.places}
    for entry in list(os.scandir(found.at(folder))):
        path = folder + b"/" + entry.name
        if entry.is_dir(follow_symlinks=False):
            if not _holds_only_ours(found, path):
                return False
        elif path not in placed or not look.is_ours(placed[path], entry.path):
            return False
    return True


def _words(item: Item, now: str) -> str:
    if item.had:
        return _WORDS[now]
    if now == look.PLACED:
        return "delete it again, as you had"
    return "keep what was written there aside; you had deleted it"
