"""What the journal keeps beside its lines, and for how long. Imported only when there is something to do."""

import json
import os
import stat

from gitseq.engine.records import is_aside
from gitseq.host import clock, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.model import Verdict
    from gitseq.ui.entries import Sizes

OUTPUT = b"output"
_SHORT, _FEW = 500, 20
"""Characters of a text and values of a list that are left of what is too long."""


def shortened(line: bytes, longest: int) -> bytes:
    """The same event as a line that is not too long: long texts and lists are cut, and `shortened` is true."""
    fields = json.loads(line)
    cut = json.dumps({**{name: _cut(value) for name, value in fields.items()}, "shortened": True}).encode() + b"\n"
    if len(cut) <= longest:
        return cut
    common = {name: fields[name] for name in ("v", "time", "event", "run", "pid", "stage")}
    return json.dumps({**common, "shortened": True}).encode() + b"\n"


def _cut(value: "Any") -> "Any":
    if isinstance(value, str) and len(value) > _SHORT:
        return value[:_SHORT] + "..."
    if isinstance(value, list):
        return [_cut(one) for one in value[:_FEW]]
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    return value


def output(folder: bytes, run: str, told: "Verdict", sizes: "Sizes") -> str:
    """Keep what a hook printed, in a file of its own; its path relative to the journal's folder, '' when it failed."""
    place = os.path.join(folder, OUTPUT)
    try:
        files.ensure_private_dir(folder)
        files.ensure_private_dir(place)
        name = _write_new(place, f"{run}-{_file_name(told.hook.label)}", _bounded(told.output, sizes.output))
        _prune([entry for entry in _files(place) if entry[2] != name], sizes.outputs, sizes.keep_for, clock.wall())
    except OSError:
        return ""
    return os.fsdecode(os.path.relpath(name, folder))


def _write_new(place: bytes, stem: str, content: bytes) -> bytes:
    """A hook may fail several times in a run: attempts, or two hooks of one id."""
    number = 1
    while True:
        path = os.path.join(place, (stem if number == 1 else f"{stem}.{number}").encode() + b".log")
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            number += 1
            continue
        with open(fd, "wb") as stream:
            stream.write(content)
        return path


def _file_name(hook: str) -> str:
    """A hook's id as part of a file name: it may hold slashes and anything else."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "_" for char in hook)[:80]


def _bounded(content: bytes, most: int) -> bytes:
    """The beginning and, as that is where tools sum up, three times as much of the end."""
    if len(content) <= most:
        return content
    head, tail = most // 4, most - most // 4
    return content[:head] + b"\n[... %d bytes left out ...]\n" % (len(content) - most) + content[-tail:]


def prune(folder: bytes, sizes: "Sizes", now: float) -> None:
    """Remove the oldest of what was set aside, as far as it is too old or too much."""
    aside = [entry for entry in _files(folder) if is_aside(os.path.basename(entry[2]))]
    _prune(aside, sizes.keep, sizes.keep_for, now)
    _prune(_files(os.path.join(folder, OUTPUT)), sizes.outputs, sizes.keep_for, now)


def _files(folder: bytes) -> "list[tuple[float, int, bytes]]":
    """(time of the last write, size, path) of each file."""
    found = []
    for name in _names(folder):
        path = os.path.join(folder, name)
        try:
            st = os.lstat(path)
        except FileNotFoundError:
            continue
        if stat.S_ISREG(st.st_mode):
            found.append((st.st_mtime, st.st_size, path))
    return found


def _names(folder: bytes) -> "list[bytes]":
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _prune(entries: "list[tuple[float, int, bytes]]", most: int, seconds: float, now: float) -> None:
    """Go through files from the newest; what comes after `most` bytes, or is older, goes."""
    total = 0
    for written, size, path in sorted(entries, reverse=True):
        total += size
        if total > most or now - written > seconds:
            try:
                files.remove(path)
            except OSError:
                continue
