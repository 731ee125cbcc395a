"""Checks of what does not depend on a repository: git, Python, this installation, what contains hooks here."""

import sys

from gitseq import __version__
from gitseq.cage import leaves
from gitseq.core import installing, parallel, shell
from gitseq.core.text import printable
from gitseq.engine.doctor.finding import ADVICE, FINE, PROBLEM, Finding
from gitseq.errors import EnvironmentProblem
from gitseq.git import call
from gitseq.host import package, procs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseq.engine.doctor.finding import Patient

OLDEST_GIT = (2, 26)
"""`git config --show-scope`, by which `gitseq install` sees whose core.hooksPath it is."""

_CONTAINMENT = {
    "cgroup2": "the kernel enforces memory and process caps (control groups, version 2)",
    "cgroup1": "the kernel enforces memory and process caps (control groups, version 1)",
    "polling": "no control group may be made here, so caps are enforced by looking: a process that takes memory very "
    "fast can be over its cap for a moment before it is ended",
}


def git(patient: "Patient") -> "Iterator[Finding]":
    """Is there a git, and is it new enough?"""
    try:
        told = call.output([b"version"], patient.env, patient.cwd)
    except EnvironmentProblem as error:
        yield Finding("git", PROBLEM, error.what, error.why, todo=error.hint or "Install git.")
        return
    version = _version(told)
    shown = ".".join(map(str, version))
    oldest = ".".join(map(str, OLDEST_GIT))
    if version < OLDEST_GIT:
        yield Finding(
            "git",
            PROBLEM,
            f"git {shown} is too old",
            f"gitseq asks git what it can tell since {oldest} only (where a setting comes from), and fails without it.",
            todo=f"Install git {oldest} or newer, by the package manager of this system.",
        )
    else:
        yield Finding("git", FINE, f"git {shown} ({oldest} or newer is needed)")


def _version(told: bytes) -> "tuple[int, ...]":
    """`git version 2.39.5 (Apple Git-154)` as numbers."""
    words = told.split()
    parts = words[2].split(b".") if len(words) > 2 else []
    return tuple(int(part) for part in parts[:3] if part.isdigit())


def interpreter(_patient: "Patient") -> "Iterator[Finding]":
    """Which gitseq is asked, and will it still be there tomorrow?"""
    python = package.interpreter()
    shown = ".".join(map(str, sys.version_info[:3]))
    if installing.is_temporary(python):
        yield Finding(
            "interpreter",
            PROBLEM,
            f"this gitseq runs out of a cache that will be swept: {printable(python)}",
            "Shims that name it break when it is.",
            "pipx install gitseq && gitseq install",
        )
    else:
        yield Finding("interpreter", FINE, f"gitseq {__version__}, Python {shown} ({printable(python)})")


def packages(_patient: "Patient") -> "Iterator[Finding]":
    """Is everything there that gitseq was installed with?"""
    from importlib import metadata

    try:
        needed = [name for name in metadata.requires("gitseq") or () if ";" not in name]
    except metadata.PackageNotFoundError:  # run from its sources
        return
    missing = [name for name in map(_name_of, needed) if not _is_installed(name)]
    if missing:
        yield Finding(
            "packages",
            PROBLEM,
            f"Python packages are missing that gitseq needs: {', '.join(missing)}",
            "Hooks run until the first thing that needs one of them, and end with a crash report there.",
            f"{shell.typed(package.interpreter())} -m pip install {' '.join(missing)}",
        )


def _name_of(requirement: str) -> str:
    """`rich` of `rich>=13.5; python_version > "3"`."""
    for index, char in enumerate(requirement):
        if not (char.isalnum() or char in "-_."):
            return requirement[:index]
    return requirement


def _is_installed(name: str) -> bool:
    from importlib import metadata

    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def bytecode(_patient: "Patient") -> "Iterator[Finding]":
    """Does Python have to compile gitseq at every hook, because it may not keep what it compiled?"""
    missing = [compiled for _source, compiled in package.without_bytecode() if not package.may_make(compiled)]
    if missing:
        yield Finding(
            "bytecode",
            ADVICE,
            f"{len(missing)} modules of gitseq have no bytecode, and none can be kept where gitseq is installed",
            "They are compiled anew each time they are needed.",
            todo=f"As a user who may write there: {printable(package.interpreter())} -m compileall -q "
            f"{printable(package.library())}/gitseq",
        )
    if not package.keeps_bundle():
        yield Finding(
            "bundle",
            ADVICE,
            "the modules of a hook's start cannot be kept in one file, where gitseq is installed",
            "They are read one by one, which makes each start slower by a third.",
            todo=f"Run one hook as a user who may write to {printable(package.library())}/gitseq/__pycache__.",
        )


def containment(patient: "Patient") -> "Iterator[Finding]":
    """What holds the caps of hooks, for this user, here?"""
    rung = leaves.rung().name
    yield Finding("containment", FINE, f"containment by {rung}: {_CONTAINMENT[rung]}")
    in_force = _in_force(patient)
    if in_force:
        yield Finding("containment-in-force", FINE, f"the last hooks here were held by: {in_force}")
    if not procs.adopt_orphans():
        yield Finding(
            "adoption",
            ADVICE,
            "this system does not let gitseq adopt orphaned processes",
            "A process of a hook that leaves its group and its parent gets away.",
            todo="On Linux this needs a Python with ctypes; elsewhere there is no such thing.",
        )


def _in_force(patient: "Patient") -> str:
    """`cgroup1 (3 hooks), polling (12 hooks)`: a hook that ends within 50 ms is never moved into a control group."""
    from gitseq.engine.records import decoded, newest_first

    if patient.repo is None:
        return ""
    counts: "dict[str, int]" = {}
    for event in decoded(next(newest_first(patient.repo.state_dir + b"/journal"), [])):
        by = event.get("contained_by")
        if event.get("event") == "hook-end" and isinstance(by, str) and by:
            counts[by] = counts.get(by, 0) + 1
    return ", ".join(f"{by} ({count} hook{'s' * (count > 1)})" for by, count in sorted(counts.items()))


def switched_off(patient: "Patient") -> "Iterator[Finding]":
    """Does this terminal's environment keep hooks from running?"""
    if patient.env.get(b"GITSEQ") == b"0":
        yield Finding(
            "switched-off",
            PROBLEM,
            "GITSEQ=0 is set in this environment",
            "No hook runs for any git command that is started here.",
            "unset GITSEQ",
        )
    for name in (b"GITSEQ_SKIP", b"SKIP"):
        if patient.env.get(name):
            yield Finding(
                "skipped",
                ADVICE,
                f"{name.decode()}={printable(patient.env[name])} is set in this environment",
                "These hooks are left out of every run that is started here.",
                f"unset {name.decode()}",
            )


def environment_in_parallel(patient: "Patient") -> "Iterator[Finding]":
    """Does this terminal's environment make tools start many workers?"""
    flags = patient.env.get(b"MAKEFLAGS", b"").decode("utf-8", "replace")
    if parallel.make_jobs(flags.split()):
        yield Finding("parallel", ADVICE, f"MAKEFLAGS={flags} is set in this environment", WORKERS, "unset MAKEFLAGS")
    options = patient.env.get(b"PYTEST_ADDOPTS", b"").decode("utf-8", "replace")
    if parallel.pytest_workers(options.split()):
        yield Finding(
            "parallel", ADVICE, f"PYTEST_ADDOPTS={options} is set in this environment", WORKERS, "unset PYTEST_ADDOPTS"
        )


WORKERS = (
    "Hooks run one at a time so that the machine is not overloaded; workers of one hook all count against its "
    "caps on memory and processes, and slow down whoever else works here."
)
CHECKS = (
    interpreter,
    git,
    packages,
    bytecode,
    containment,
    switched_off,
    environment_in_parallel,
)
