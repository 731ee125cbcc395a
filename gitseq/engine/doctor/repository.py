"""Checks of what makes git run the hooks: the configuration, core.hooksPath, the shims."""

import os
import shlex

from gitseq.config.explain import on_one_line
from gitseq.core import installing, shell
from gitseq.core.text import printable
from gitseq.engine.doctor.finding import ADVICE, FINE, PROBLEM, Finding
from gitseq.errors import NoConfiguration, Refused
from gitseq.git import call, hookdir, shims, status
from gitseq.host import package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitseq.core.installing import Found
    from gitseq.engine.doctor.finding import Patient
    from gitseq.git.hookdir import HookDir
    from gitseq.git.repo import Repo
    from gitseq.model import Plan

_INSTALL = "gitseq install"


def trusted(patient: "Patient") -> "Iterator[Finding]":
    """Does git work in this repository at all? It refuses one of another user, and then all that is asked of it."""
    repo = patient.repo
    if repo is None:
        return
    done = call.ask([b"rev-parse", b"--git-dir"], patient.env, repo.top)
    if done.rc == 0:
        return
    words = done.err.decode("utf-8", "replace").strip()
    theirs = "dubious ownership" in words
    yield Finding(
        "git-refuses",
        PROBLEM,
        "this repository belongs to another user, and git refuses to work in it" if theirs else "git fails here",
        "It may hold settings and hooks of that user's, which would run as you." if theirs else words,
        f"git config --global --add safe.directory {shell.typed(repo.top)}" if theirs else "",
        "" if theirs else "See what git says: git status",
    )


# --- configuration -------------------------------------------------------------------------------


def configuration(patient: "Patient") -> "Iterator[Finding]":
    """Is there one, is it sound, and is it the one that will be committed?"""
    error, plan, repo = patient.config_error, patient.plan, patient.repo
    if isinstance(error, NoConfiguration):
        yield Finding("configuration", PROBLEM, error.what, "Without one no hook can run.", "gitseq init")
    elif error is not None:
        todo = error.hint or "Correct it; to look again: gitseq validate."
        yield Finding("configuration", PROBLEM, error.what, error.why or "No hook runs until it is sound.", todo=todo)
    if plan is None or repo is None:
        return
    count = len(plan.hooks)
    source = on_one_line(plan.source)
    yield Finding("configuration", FINE, f"{source} is sound: {count} hook{'' if count == 1 else 's'}")
    for notice in plan.notices:
        yield Finding(
            "overlay",
            ADVICE,
            notice,
            "What runs here is not what runs for others, and on CI.",
            todo="To see what others see, move that file away.",
        )
    yield from _as_committed(patient, plan, repo)


def _as_committed(patient: "Patient", plan: "Plan", repo: "Repo") -> "Iterator[Finding]":
    name = os.fsencode(plan.source)
    add = f"git add -- {shell.typed(os.path.join(repo.top, name))}"
    if os.path.isabs(name):
        return
    if call.ask([b"ls-files", b"--error-unmatch", b"--", name], patient.env, repo.top).rc != 0:
        why = "Other work trees and clones have no hooks."
        yield Finding("configuration-untracked", ADVICE, f"{printable(name)} is not tracked by git", why, add)
    elif name in status.read(repo, patient.env).signatures:
        yield Finding(
            "configuration-unstaged",
            PROBLEM,
            f"{printable(name)} has changes that are not staged",
            "Hooks refuse to run on a commit then: they would not be the hooks that are committed.",
            add,
        )


# --- where git looks -----------------------------------------------------------------------------


def hooks_path(patient: "Patient") -> "Iterator[Finding]":
    """Does git look for hooks where ours are?"""
    if patient.repo is None:
        return
    found = hookdir.locate(patient.repo, patient.env)
    where = f"core.hooksPath ({printable(found.origin)}) is {printable(found.path)}"
    unset = f"git config --{found.scope.decode()} --unset-all core.hooksPath"
    if found.is_off:
        yield Finding(
            "hooks-path",
            PROBLEM,
            f"{where}, which is no folder",
            "Git runs no hooks at all.",
            f"{unset} && {_INSTALL}" if found.is_own else f"{_INSTALL} --git-dir",
        )
    elif found.scope == b"command":
        why = "It wins over every file, and only for git commands that are started in this environment."
        yield Finding("hooks-path", PROBLEM, where, why, "unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS")
    elif not found.is_own and not shims.installed(found.path):
        why = "Git takes hooks from there only; what is in this repository's own hooks folder does not run."
        yield Finding("hooks-path", PROBLEM, where, why, f"{_INSTALL} --git-dir")
    elif found.is_husky:
        why = "It is written anew at each `npm install`, and the shims with it."
        yield Finding("hooks-path", ADVICE, f"{where}, which is husky's", why, f"{unset} && {_INSTALL}")


# --- the shims -----------------------------------------------------------------------------------


def all_shims(patient: "Patient") -> "Iterator[Finding]":
    """Is there a shim for each stage that a hook uses, and does it start this gitseq?"""
    if patient.repo is None:
        return
    folder = hookdir.locate(patient.repo, patient.env)
    installed = shims.installed(folder.path)
    if folder.is_off or (not folder.is_own and not installed):
        return  # told by `hooks_path`
    wanted = installing.stages_of(patient.plan) if patient.plan is not None else ()
    slots = [shims.look(folder.path, stage) for stage in dict.fromkeys((*wanted, *installed))]
    if wanted and not installed and all(slot.hook is None for slot in slots):
        why = f"Git runs no hooks here; the configuration has some for {', '.join(wanted)}."
        yield Finding("shims", PROBLEM, "gitseq is not installed in this repository", why, _INSTALL)
        return
    broken = 0
    for slot in slots:
        for finding in _shim(slot, folder, started=bool(installed)):
            broken += finding.severity == PROBLEM
            yield finding
    if installed and not broken:
        yield Finding("shims", FINE, f"shims for {', '.join(installed)} in {printable(folder.path)}")


def _shim(slot: installing.Slot, folder: "HookDir", *, started: bool) -> "Iterator[Finding]":
    stage = slot.stage
    text = installing.shim(package.template(b"shim.sh"), stage, package.interpreter(), package.library())
    fix = _renewed(folder, stage, text) if started and folder.is_own else None
    if slot.hook is None:
        why = f"Hooks for {stage} do not run."
        yield Finding("shim-missing", PROBLEM, f"there is no shim for {stage}", why, f"{_INSTALL} {stage}", fix=fix)
    elif not slot.hook.is_shim:
        yield _foreign(slot, slot.hook, text)
    elif not slot.hook.executable:
        why = "Git ignores a hook that is not executable, with a hint at most."
        what = f"the shim for {stage} is not executable"
        yield Finding("shim-not-executable", PROBLEM, what, why, f"{_INSTALL} {stage}", fix=fix)
    elif slot.hook.content != text:
        yield _stale(stage, slot.hook, fix)


def _foreign(slot: installing.Slot, hook: "Found", text: bytes) -> Finding:
    whose = f"{hook.manager}'s shim" if hook.manager else "a hook that is not gitseq's"
    command = f"{_INSTALL} {slot.stage}"
    try:
        installing.placing(slot, text, force=False)
    except Refused:
        command = f"{_INSTALL} --force {slot.stage}"
    why = f"Hooks for {slot.stage} do not run. Installing keeps what is there; what of it still runs is told then."
    return Finding("shim-foreign", PROBLEM, f"at {slot.stage} there is {whose}", why, command)


def _stale(stage: str, hook: "Found", fix: "Callable[[], str]| None") -> Finding:
    """It differs from what we would write: its gitseq is gone, another one, or of another version."""
    python, library = _named_in(hook.content)
    command = f"{_INSTALL} {stage}"
    if not os.access(python, os.X_OK):
        what, why = f"the shim for {stage} starts an interpreter that is gone: {printable(python)}", _FALLS_BACK
        return Finding("shim-stale", PROBLEM, what, why, command, fix=fix)
    if not os.path.exists(library + b"/gitseq/boot.py"):
        what, why = f"the shim for {stage} names a gitseq that is gone: {printable(library)}", _FALLS_BACK
        return Finding("shim-stale", PROBLEM, what, why, command, fix=fix)
    if (python, library) != (package.interpreter(), package.library()):
        why = "It may be of another version than the one you ask now, and lack what hooks here need."
        what = f"the shim for {stage} starts another gitseq: {printable(library)} with {printable(python)}"
        return Finding("shim-of-another", ADVICE, what, why, command)
    what, why = f"the shim for {stage} was written by another version of gitseq", "It may start hooks in an older way."
    return Finding("shim-stale", ADVICE, what, why, command, fix=fix)


_FALLS_BACK = "It starts the gitseq on PATH instead, if there is one, and else fails every commit."


def _named_in(content: bytes) -> "tuple[bytes, bytes]":
    """Interpreter and library that a shim names."""
    values = {b"gitseq_python": b"", b"gitseq_library": b""}
    for line in content.split(b"\n"):
        name, equals, word = line.partition(b"=")
        if equals and name in values and not values[name]:
            try:
                values[name] = os.fsencode("".join(shlex.split(os.fsdecode(word))[:1]))
            except ValueError:  # a shim that was edited
                continue
    return values[b"gitseq_python"], values[b"gitseq_library"]


def _renewed(folder: "HookDir", stage: str, text: bytes) -> "Callable[[], str]":
    def renew() -> str:
        step, _kept = shims.place(folder.path, stage, text, force=False)
        return f"{step.word} the shim for {stage}"

    return renew


CHECKS = (configuration, hooks_path, all_shims)
