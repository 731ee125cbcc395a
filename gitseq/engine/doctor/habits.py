"""Checks of what hooks ask for: tools that are there, memory that there is, workers that are not too many."""

import os

from gitseq.config.explain import on_one_line
from gitseq.core import parallel
from gitseq.core.units import format_size
from gitseq.engine.doctor.finding import ADVICE, PROBLEM, Finding
from gitseq.engine.doctor.machine import WORKERS
from gitseq.host import files, memory, procs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from gitseq.engine.doctor.finding import Patient
    from gitseq.git.repo import Repo
    from gitseq.model import Hook


def tools(patient: "Patient") -> "Iterator[Finding]":
    """Is there, for each hook, the command that it starts? What a shell script starts cannot be told."""
    if patient.plan is None or patient.repo is None:
        return
    for hook in patient.plan.hooks:
        if hook.shell or hook.builtin or hook.language != "system" or not hook.argv:
            continue
        yield from _tool(hook, patient, patient.repo)


def _tool(hook: "Hook", patient: "Patient", repo: "Repo") -> "Iterator[Finding]":
    """As the engine looks for it: on the PATH of the hook, from the folder it runs in."""
    name = hook.argv[0].encode("utf-8", "surrogateescape")
    chosen = dict(hook.env).get("PATH")
    path = chosen.encode("utf-8", "surrogateescape") if chosen is not None else patient.env.get(b"PATH", b"")
    folder = os.path.join(repo.top, hook.root.encode("utf-8", "surrogateescape")) if hook.root else repo.top
    found = procs.find_executable(name, path or os.defpath.encode(), folder)
    shown, ident = on_one_line(hook.argv[0]), on_one_line(hook.id)
    if found is None:
        yield Finding(
            "tool-missing",
            PROBLEM,
            f'hook "{ident}": {shown} is not on PATH',
            "The hook fails every time. (A graphical client may have another PATH than this terminal.)",
            todo=f"Install {shown}, or write where it is into `run` of that hook.",
        )
    elif not os.access(found, os.X_OK):
        yield Finding(
            "tool-not-executable",
            PROBLEM,
            f'hook "{ident}": {shown} is not executable',
            "The hook fails every time.",
            todo=f"chmod +x {shown} (and commit it: git update-index --chmod=+x {shown})",
        )


def caps(patient: "Patient") -> "Iterator[Finding]":
    """Can the caps on memory be reached before the machine has none left?"""
    if patient.plan is None:
        return
    total = memory.total()
    larger = [hook for hook in patient.plan.hooks if hook.memory is not None and hook.memory > total]
    if larger:
        yield Finding(
            "memory-cap",
            ADVICE,
            f"{_named(larger)} may use more memory than there is: {format_size(max(h.memory or 0 for h in larger))} "
            f"of {format_size(total)}",
            "The system runs out before the cap is reached, and then ends whatever it likes.",
            todo=f'In [limits] or the hook: memory = "{max(1, total * 3 // 4 >> 20)}MiB" or less.',
        )
    waiting = [hook for hook in patient.plan.hooks if hook.min_free_memory > total]
    if waiting:
        yield Finding(
            "memory-gate",
            PROBLEM,
            f"{_named(waiting)} waits for more free memory than the machine has ({format_size(total)})",
            "Each run waits `memory_wait` in vain.",
            todo="Make `min_free_memory` smaller.",
        )


def _named(hooks: "list[Hook]") -> str:
    names = ", ".join(f'"{on_one_line(hook.id)}"' for hook in hooks[:3])
    more = f" and {len(hooks) - 3} more" if len(hooks) > 3 else ""
    return f"hook{'s' * (len(hooks) > 1)} {names}{more}"


# --- workers -------------------------------------------------------------------------------------


def workers(patient: "Patient") -> "Iterator[Finding]":
    """Do hooks, or the settings of what they start, begin many workers at a time?"""
    if patient.repo is None:
        return
    for what, todo in (*_in_files(patient.repo.top), *_in_hooks(patient)):
        yield Finding("parallel", ADVICE, what, WORKERS, todo=todo)


_PYTEST = "For hooks: `pytest -n 0 ...`, or -n with a small number."


def _in_files(top: bytes) -> "Iterator[tuple[str, str]]":
    for name, words in _pytest_options(top):
        found = parallel.pytest_workers(words)
        if found:
            yield f"{name} makes pytest run in parallel: {found}", _PYTEST
    for name in ("GNUmakefile", "makefile", "Makefile"):
        found = parallel.makefile_jobs(_text(top, name))
        if found:
            yield f"{name} makes make run in parallel: {on_one_line(found)}", "For hooks: `make -j1 ...`"
    jobs = _toml(top, ".cargo/config.toml").get("build", {})
    if isinstance(jobs, dict) and jobs.get("jobs", 1) != 1:
        yield f".cargo/config.toml makes cargo run in parallel: jobs = {jobs['jobs']}", "For hooks: `cargo ... -j 1`"
    workers_ = _json(top, "package.json").get("jest", {})
    if isinstance(workers_, dict) and workers_.get("maxWorkers", 1) != 1:
        yield (
            f"package.json makes jest run in parallel: maxWorkers = {workers_['maxWorkers']}",
            "For hooks: `jest --runInBand`",
        )


def _pytest_options(top: bytes) -> "Iterator[tuple[str, list[str]]]":
    """(file, words of addopts) of each file that pytest may read them from."""
    tool = _toml(top, "pyproject.toml").get("tool", {})
    table = tool.get("pytest", {}) if isinstance(tool, dict) else {}
    table = table if isinstance(table, dict) else {}
    for options in (table, table.get("ini_options", {})):
        if isinstance(options, dict) and "addopts" in options:
            yield "pyproject.toml", _words(options["addopts"])
    for name, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        yield name, _words(_ini(top, name, section).get("addopts", ""))


def _in_hooks(patient: "Patient") -> "Iterator[tuple[str, str]]":
    for hook in patient.plan.hooks if patient.plan is not None else ():
        words = _words(hook.argv[0]) if hook.shell else list(hook.argv)
        tool = next((os.path.basename(word) for word in words if os.path.basename(word) in _TOOLS), "")
        found = _parallel(tool, words)
        if found:
            yield f'hook "{on_one_line(hook.id)}" makes {tool} run in parallel: {on_one_line(found)}', _TOOLS[tool]


_TOOLS = {
    "pytest": _PYTEST,
    "make": "Leave -j out, or write -j1.",
    "cargo": "Add `-j 1` (and `-- --test-threads=1` for tests), or another small number.",
    "jest": "Add --runInBand, or --maxWorkers=2.",
}


def _parallel(tool: str, words: "list[str]") -> str:
    if tool == "pytest":
        return parallel.pytest_workers(words)
    if tool == "make":
        return parallel.make_jobs([word for word in words if word.startswith("-")])
    if tool in ("cargo", "jest") and not parallel.is_limited(tool, words):
        return "it takes all processors by default"
    return ""


# --- reading what others wrote: what cannot be read says nothing ---------------------------------


def _words(value: "Any") -> "list[str]":
    import shlex

    if isinstance(value, list):
        return [str(part) for part in value]
    try:
        return shlex.split(str(value))
    except ValueError:
        return str(value).split()


def _text(top: bytes, name: str) -> str:
    return (files.read(os.path.join(top, name.encode())) or b"").decode("utf-8", "replace")


def _toml(top: bytes, name: str) -> "dict[str, Any]":
    import tomli

    try:
        return tomli.loads(_text(top, name))
    except (ValueError, RecursionError):
        return {}


def _json(top: bytes, name: str) -> "dict[str, Any]":
    import json

    try:
        found = json.loads(_text(top, name) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _ini(top: bytes, name: str, section: str) -> "dict[str, str]":
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(top, name))
    except configparser.Error:
        return {}
    return dict(parser[section]) if parser.has_section(section) else {}


CHECKS = (tools, caps, workers)
