"""Removing what a guard no longer needs. Nothing here removes a user's file: `b/` has to be empty first."""

import os

from gitseq.guard import state
from gitseq.host import files
from gitseq.host.fileops import FileOps

_OURS = (b".ours", b".merged", b".tmp", b".base")
"""Endings of what can be made again, or has a second name in the work tree."""


def discard(folder: bytes, ops: FileOps) -> None:
    """Remove the folder of a guard that moved nothing, or has brought everything back.

    What conflicts set aside goes to `gitseq/kept`, where it stays for a while. Idempotent. Raises OSError, so also
    when a user's file is still in there.
    """
    stores = _stores(folder)
    for store in stores:
        remove_empty(store + b"/b", ops)
    _unlock_linked(folder, ops)
    for store in stores:
        for name in (b"/i", b"/s", b"/t"):
            remove_tree(store + name, ops)
        for name in state.TRIALS:
            remove(store + b"/" + name, ops)
        _sweep_kept(store + b"/kept", ops)
    _keep(folder, stores, ops)
    for store in stores[1:]:
        _remove_store(store, ops)
    for name in (state.JOURNAL + b".tmp", state.STORES, state.DONE):
        remove(folder + b"/" + name, ops)
    remove_empty(folder, ops)


def _unlock_linked(folder: bytes, ops: FileOps) -> None:
    """Take away the lock that `hide` put on a linked work tree, or was about to; that of anybody else stays."""
    guards, run = os.path.split(folder)
    lock = os.path.dirname(os.path.dirname(guards)) + b"/" + state.LOCKED
    if os.path.lexists(folder + b"/" + state.LOCKED):
        remove(folder + b"/" + state.LOCKED, ops)
    if os.path.lexists(lock) and files.read(lock) == state.lock_reason(run):
        remove(lock, ops)


def set_aside(kept: bytes) -> "list[bytes]":
    """Names in a kept folder that somebody may want back."""
    return [name for name in _names(kept) if not name.endswith(_OURS) and name != state.LIST]


def _stores(folder: bytes) -> "list[bytes]":
    try:
        with open(folder + b"/" + state.STORES, "rb") as stream:
            return stream.read().split(b"\0")[:-1] or [folder]
    except FileNotFoundError:
        return [folder]


def _sweep_kept(kept: bytes, ops: FileOps) -> None:
    for name in _names(kept):
        if name.endswith(_OURS):
            remove(kept + b"/" + name, ops)


def _keep(folder: bytes, stores: "list[bytes]", ops: FileOps) -> None:
    """Hand over what is set aside, with the journal as its list of contents."""
    kept = folder + b"/kept"
    if not os.path.lexists(kept):
        return
    if any(set_aside(store + b"/kept") for store in stores):
        if os.path.lexists(folder + b"/" + state.DONE):
            ops.rename(folder + b"/" + state.DONE, kept + b"/" + state.LIST)
        target = kept_place(folder)
        if not os.path.isdir(os.path.dirname(target)):
            ops.mkdir(os.path.dirname(target), 0o700)
        ops.rename(kept, target)
    else:
        remove_empty(kept, ops)


def kept_place(folder: bytes) -> bytes:
    """Where the kept folder of a guard goes when it is finished."""
    guards, run = os.path.split(folder)
    return os.path.dirname(guards) + b"/kept/" + run


def _remove_store(store: bytes, ops: FileOps) -> None:
    """A store in the work tree; it stays, as the kept folder, while something is set aside in it."""
    if set_aside(store + b"/kept"):
        return
    remove_empty(store + b"/kept", ops)
    remove(store + b"/.gitignore", ops)
    remove_empty(store, ops)


def remove_tree(folder: bytes, ops: FileOps) -> None:
    """Remove copies of what is staged, written by git for us."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        remove_entry(entry, ops)
    remove_empty(folder, ops)


def remove_entry(entry: "os.DirEntry[bytes]", ops: FileOps) -> None:
    """Remove what a folder of such copies has in it, whatever it is."""
    if entry.is_dir(follow_symlinks=False):
        remove_tree(entry.path, ops)
    else:
        remove(entry.path, ops)


def _names(folder: bytes) -> "list[bytes]":
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def remove(path: bytes, ops: FileOps) -> None:
    """Remove a file that may be gone already."""
    try:
        ops.unlink(path)
    except FileNotFoundError:
        return


def remove_empty(path: bytes, ops: FileOps) -> None:
    """Remove a folder that is empty, or gone already. Raises OSError when something is in it."""
    try:
        ops.rmdir(path)
    except FileNotFoundError:
        return
