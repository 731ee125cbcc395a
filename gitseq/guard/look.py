"""Where one hidden path stands, decided from the file system alone, so that any process can go on from any point."""

import os
import stat

from gitseq.guard.journal import Item, Journal, signature_of

BACK = "back"
"""Nothing to do: it was never moved, or is in its place again."""
FREE = "free"
"""The user's file is set aside and nothing is in its place."""
LINKED = "linked"
"""The user's file is in its place and still has its name aside."""
PLACED = "placed"
"""The index's version is in its place, untouched."""
EDITED = "edited"
"""What is in its place was written by somebody: a hook, or the user."""
SWAPPED_EDIT = "swapped_edit"
"""What somebody wrote was taken for the index's version, and changed places with the user's file."""
EDIT_ASIDE = "edit_aside"
"""The user's file and what somebody wrote are both set aside; to be merged, or the user's goes back."""
MERGED = "merged"
"""The merge of both is in its place; the user's file still has to be filed away."""


def at(journal: Journal, item: Item) -> str:
    """One of the states above."""
    there = None if blocker(journal, item) else lstat(journal.at(item.path))
    if item.swaps and there is not None and _is_ours(item, there):
        return PLACED  # and the user's file is aside: they changed places at once
    user = _aside(journal, item)
    if user is None:
        return BACK if item.had or not item.places else _of_deleted(journal, item, there)
    if there is None:
        return EDIT_ASIDE if edits(journal, item) else FREE
    if _same(user, there):
        return LINKED
    if _is_ours(item, there):
        return PLACED
    if item.swaps and there.st_ino == item.was[0] != user.st_ino:
        return SWAPPED_EDIT
    merged = lstat(journal.kept(item, b"merged"))
    return MERGED if merged is not None and _same(merged, there) else EDITED


def _aside(journal: Journal, item: Item) -> "os.stat_result | None":
    """The user's own file where it is set aside; None also while the index's version lies there."""
    st = lstat(journal.user(item))
    return None if st is not None and item.swaps and st.st_ino == item.ours[0] else st


def _of_deleted(journal: Journal, item: Item, there: "os.stat_result | None") -> str:
    """The user had deleted it, so nothing of theirs is aside to tell by; traces of each step of ours are.

    Without them a file that the user makes anew, after we finished with this path and died, would pass for a hook's.
    """
    if there is None:
        return BACK
    if lstat(journal.kept(item, b"ours")) is not None or edits(journal, item):
        return BACK
    waiting = lstat(journal.snapshot(item))
    if waiting is not None:
        return PLACED if _same(waiting, there) else BACK
    return PLACED if _is_ours(item, there) else EDITED


def edits(journal: Journal, item: Item) -> "list[bytes]":
    """What somebody wrote at the path and we set aside: nothing or one, more if it was written again and again."""
    return _numbered(journal, item, b"edited")[0]


def blockers(journal: Journal, item: Item) -> "list[tuple[bytes, bytes]]":
    """What stood where a folder above the path belongs, and was set aside: that folder, and where the thing is kept."""
    folders = above(item.path)
    return [(folder, name) for folder in folders for name in _numbered(journal, item, _in_the_way_of(folder))[0]]


def next_blocker_name(journal: Journal, item: Item, folder: bytes) -> bytes:
    """A free name for something that stands where `folder` belongs."""
    return next_name(journal, item, _in_the_way_of(folder))


def _in_the_way_of(folder: bytes) -> bytes:
    return b"%d-deep.blocker" % (folder.count(b"/") + 1)


def above(path: bytes) -> "list[bytes]":
    """The folders of a path, highest first, without the top."""
    parts = path.split(b"/")[:-1]
    return [b"/".join(parts[: end + 1]) for end in range(len(parts))]


def touched(journal: Journal) -> "list[Item]":
    """Items of which something is kept that is not our own: one listing instead of a question for each item."""
    numbers = set()
    for store in range(len(journal.stores)):
        try:
            names = os.listdir(journal.kept_folder(store))
        except FileNotFoundError:
            continue
        numbers |= {name.split(b".", 1)[0] for name in names if not name.endswith(b".ours")}
    return [item for item in journal.items if b"%d" % item.number in numbers]


def next_name(journal: Journal, item: Item, kind: bytes) -> bytes:
    """A free name for one more thing of a kind: nothing that was set aside is ever overwritten."""
    return _numbered(journal, item, kind)[1]


def _numbered(journal: Journal, item: Item, kind: bytes) -> "tuple[list[bytes], bytes]":
    found: list[bytes] = []
    while True:
        name = journal.kept(item, kind + b"%d" % (len(found) + 1) if found else kind)
        if lstat(name) is None:
            return found, name
        found.append(name)


def blocker(journal: Journal, item: Item) -> bytes:
    """The highest thing above a path that is not a folder, relative to the top; b'' when there is none.

    A symbolic link counts: through one we would write outside of the work tree.
    """
    if b"/" not in item.path:
        return b""
    for folder in above(item.path):
        st = lstat(journal.at(folder))
        if st is None:
            return b""
        if not stat.S_ISDIR(st.st_mode):
            return folder
    return b""


def lstat(path: bytes) -> "os.stat_result | None":
    """None when there is nothing. Raises OSError for everything else: what we cannot see may be a user's file."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_ours(item: Item, path: bytes) -> bool:
    """Whether the file at `path` is the index's version we wrote, untouched since."""
    st = lstat(path)
    return st is not None and _is_ours(item, st)


def _is_ours(item: Item, st: os.stat_result) -> bool:
    return item.places and signature_of(st) == item.ours


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
