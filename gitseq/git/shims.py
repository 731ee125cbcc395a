"""The shims in a hooks folder: what lies there, and doing what `core.installing` decided."""

import os
import stat

from gitseq.core import installing
from gitseq.core.installing import LEGACY, REPLACED, Found, Placing, Removal, Slot
from gitseq.core.stages import GIT_STAGES
from gitseq.host import files

_MOST_TRIES = 20


def look(folder: bytes, stage: str) -> Slot:
    """What lies at the place of a stage's hook."""
    path = os.path.join(folder, stage.encode())
    return Slot(stage, _found(path), _found(path + LEGACY), _found(path + REPLACED))


def _found(path: bytes) -> "Found | None":
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return Found("link", os.readlink(path), os.access(path, os.X_OK))
        if not stat.S_ISREG(mode):
            return Found("other")
        with open(path, "rb") as stream:
            return Found("file", stream.read(), bool(mode & 0o111))
    except (FileNotFoundError, NotADirectoryError):
        return None


def installed(folder: bytes) -> "tuple[str, ...]":
    """The stages that have a shim of ours."""
    slots = (look(folder, stage) for stage in GIT_STAGES)
    return tuple(slot.stage for slot in slots if slot.hook is not None and slot.hook.is_shim)


def place(folder: bytes, stage: str, text: bytes, *, force: bool) -> "tuple[Placing, bytes]":
    """After this returns, or dies, git finds a whole shim or what was there before; what was there is kept.

    Returns what was done and the name under which a hook in the way is kept (b'' for none). Raises Refused, OSError.
    """
    files.ensure_dir(folder)
    for _ in range(_MOST_TRIES):
        step = installing.placing(look(folder, stage), text, force=force)
        try:
            return step, _carry_out(os.path.join(folder, stage.encode()), text, step)
        except (FileExistsError, FileNotFoundError):
            continue  # another install is at work in the same folder: look again
    raise OSError(0, "another program keeps changing it")


def _carry_out(path: bytes, text: bytes, step: Placing) -> bytes:
    if step.drop_legacy:
        files.remove(path + LEGACY)
    kept = _keep(path, step) if step.keep else b""
    if step.word != "already installed":
        files.write_whole(path, text, 0o755, whatever_umask=True)
    return os.path.basename(kept)


def _keep(path: bytes, step: Placing) -> bytes:
    if not step.numbered:
        files.keep_as(path, path + step.keep)
        return path + step.keep
    number = 1
    while os.path.lexists(b"%s%s.%d" % (path, step.keep, number)):
        number += 1
    kept = b"%s%s.%d" % (path, step.keep, number)
    files.keep_as(path, kept)
    return kept


def remove(folder: bytes, stage: str) -> "Removal | None":
    """After this returns, or dies, git finds our shim or what was there before it. Raises OSError."""
    step = installing.removal(look(folder, stage))
    if step is None:
        return None
    path = os.path.join(folder, stage.encode())
    if step.drop_legacy:
        files.remove(path + LEGACY)
    if step.put_back:
        os.rename(path + step.put_back, path)
    elif step.drop_hook:
        files.remove(path)
    return step
