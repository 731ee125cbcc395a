"""Checks of the disk that a repository lies on: locks, room, file systems that are known for trouble."""

import os

from gitseq.core import filesystems
from gitseq.core.text import printable
from gitseq.core.units import format_size
from gitseq.engine.doctor.finding import ADVICE, PROBLEM, Finding
from gitseq.host import probe, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseq.engine.doctor.finding import Patient

_LEAST_FREE = 100 << 20
"""Bytes: git itself needs room for objects, the guard for what it sets aside."""
_LEAST_INODES = 1000


def _folder(patient: "Patient") -> bytes:
    """Where the queue's files lie, or will."""
    if patient.repo is None:
        return b""
    state_dir = patient.place.state_dir if patient.place is not None else patient.repo.state_dir
    return state_dir if os.path.isdir(state_dir) else patient.repo.common_dir


def locks(patient: "Patient") -> "Iterator[Finding]":
    """Do locks keep a second one out, where the queue lies? Tried out, not believed."""
    folder = _folder(patient)
    if not folder:
        return
    try:
        found = probe.locking(folder)
    except OSError as error:
        yield Finding(
            "not-writable",
            PROBLEM,
            f"nothing can be written in {printable(folder)}: {error.strerror}",
            "Hooks are refused: without a queue nothing keeps two runs apart.",
            todo="Make it writable for you, or make room; `ls -ld` and `df` on it tell which.",
        )
        return
    if found == probe.NO_LOCKS:
        yield Finding(
            "flock",
            ADVICE,
            f"there are no file locks (flock) in {printable(folder)}",
            "Turns are taken by looking every 50 ms, and a run on another machine cannot be seen to be dead.",
            todo="Keep the repository on a local disk.",
        )
    elif found == probe.SHAM:
        yield Finding(
            "flock",
            PROBLEM,
            f"file locks in {printable(folder)} let everybody in",
            "Two runs can be at work at the same time.",
            todo="Keep the repository on a local disk, or mount this one with its option for locks.",
        )


def kind(patient: "Patient") -> "Iterator[Finding]":
    """Is the file system one that is known for trouble?"""
    folder = _folder(patient)
    name = filesystems.type_of(tree.read(b"/proc/self/mountinfo"), folder) if folder else ""
    trouble = filesystems.trouble(name)
    if trouble:
        what = f"{printable(folder)} lies on {name}"
        yield Finding("file-system", ADVICE, what, f"There {trouble}.", todo="Keep the repository on a local disk.")


def room(patient: "Patient") -> "Iterator[Finding]":
    """Is there room on the disk?"""
    folder = _folder(patient)
    if not folder:
        return
    st = os.statvfs(folder)
    free = st.f_bavail * st.f_frsize
    if free < _LEAST_FREE:
        yield Finding(
            "disk-space",
            PROBLEM,
            f"only {format_size(free)} are free where {printable(folder)} lies",
            "What is hidden from hooks is set aside there, and a commit needs room as well.",
            todo="Make room: `df` and `du` tell where it went; `git gc` may find some.",
        )
    if st.f_files and st.f_favail < _LEAST_INODES:
        what = f"only {st.f_favail} files can still be made where {printable(folder)} lies"
        yield Finding("inodes", PROBLEM, what, "A commit makes several.", todo="Remove files: `df -i` tells where.")


CHECKS = (locks, kind, room)
