"""Nested configurations: which of those that are tracked run, and how their hooks join those at the top.

They are found by themselves, for a check that somebody wrote down and that never runs is worse than a line too many.
Only, a configuration is data as often as it is meant: a fixture of a test, an example, a template, others' code.
So those in folders of such a name are passed over, and said so by `gitseq list`; what the top excludes from all of its
hooks has no hooks of its own; and `[workspace] members` says outright which folders are meant.
"""

import msgspec

from gitseq.config.explain import Document, on_one_line, whole_file
from gitseq.config.globs import to_regex
from gitseq.core.patterns import searcher
from gitseq.model import Hook, Plan, Project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.schema import Config

DATA = (
    *("example", "examples", "fixture", "fixtures", "template", "templates", "test", "testdata", "tests"),
    *("node_modules", "third_party", "vendor"),
)
"""Names of folders in which a configuration is taken for data."""
_OF_A_RUN = ("isolate", "profile", "queue", "stage", "workspace")
"""Keys that hold for a run as a whole."""
_TEMPLATE = "{{"


def chosen(names: "tuple[bytes, ...]", order: "tuple[bytes, ...]", top: Plan, config: "Config") -> "tuple[Any, Any]":
    """(the configurations that run, the deepest first; a note for each other one) of those that are tracked.

    `order`: the names of files, the one that wins in its folder first.
    """
    folders: "dict[str, bytes]" = {}
    for name in sorted(names, key=lambda name: order.index(name.rpartition(b"/")[2])):
        folders.setdefault(folder_of(name), name)
    why_not = _why_not_member if _members(config) is not None else _why_not
    reasons = {folder: why_not(folder, name, top, config) for folder, name in folders.items()}
    found = sorted((folder for folder in folders if not reasons[folder]), key=lambda name: (-name.count("/"), name))
    notes = [f"{shown(folders[folder])} does not run: {why}" for folder, why in sorted(reasons.items()) if why]
    return [folders[folder] for folder in found], notes


def folder_of(name: bytes) -> str:
    """The folder of a configuration."""
    return name.rpartition(b"/")[0].decode("utf-8", "surrogateescape")


def shown(name: bytes) -> str:
    """A configuration as people are told of it."""
    return on_one_line(name.decode("utf-8", "surrogateescape"))


def _members(config: "Config") -> "tuple[str, ...] | None":
    return config.workspace.members if config.workspace is not None else None


def _why_not_member(folder: str, _name: bytes, _top: Plan, config: "Config") -> str:
    members = _members(config) or ()
    is_member = bool(members) and searcher(to_regex(members))(folder)
    return "" if is_member else "workspace.members does not name its folder"


def _why_not(folder: str, name: bytes, top: Plan, _config: "Config") -> str:
    if searcher(top.exclude)(name.decode("utf-8", "surrogateescape")):
        return f"`exclude` of {on_one_line(top.source)} matches it"
    for part in folder.split("/"):
        if part in DATA or part.startswith(".") or _TEMPLATE in part:
            way_out = "" if top.dialect else "; if it is meant, name its folder in workspace.members"
            return f"what lies in `{on_one_line(part)}` is taken for data{way_out}"
    return ""


# --- what a nested configuration says --------------------------------------------------------------


def take_orphan(document: Document) -> bool:
    """The key `orphan` of a file in pre-commit's terms, which knows none; it is taken out. ConfigError for no flag."""
    value = document.data.get("orphan", False) if document.is_foreign else False
    if not isinstance(value, bool):
        raise whole_file(document.name, "orphan: must be true or false", line=document.line(("orphan",)))
    if document.is_foreign:
        document.data.pop("orphan", None)
    return value


def limits_of(config: "Config") -> "dict[str, Any]":
    """The limits at the top that nested hooks have, too, unless their own configuration says otherwise."""
    limits: "dict[str, Any]" = msgspec.to_builtins(config.limits) if config.limits is not None else {}
    return limits


def without_effect(document: Document) -> "tuple[str, ...]":
    """A note about keys of a nested configuration that are read at the top only."""
    keys = [key for key in _OF_A_RUN if key in document.data and not document.is_foreign]
    limits = document.data.get("limits")
    if isinstance(limits, dict) and "run_timeout" in limits:
        keys.append("limits.run_timeout")
    told = ", ".join(keys)
    return (f"{document.name}: {told} would hold for whole runs, and is read at the top only",) if keys else ()


def joined(top: Plan, parts: "list[tuple[str, Plan, bool]]") -> Plan:
    """One plan of the top and its projects: (folder, plan, is an orphan), in the order in which they run."""
    if not parts:
        return top
    projects = tuple(_project(*part) for part in parts)
    plans = [plan for _folder, plan, _orphan in parts]
    hooks = [_moved(hook, folder) for folder, plan, _orphan in parts for hook in plan.hooks]
    return top.replace(
        hooks=(*hooks, *top.hooks),
        projects=projects,
        notices=(*top.notices, *(text for plan in plans for text in plan.notices)),
        warnings=(*top.warnings, *(f"{plan.source}: {text}" for plan in plans for text in plan.warnings)),
    )


def _project(folder: str, plan: Plan, orphan: bool) -> Project:
    return Project(
        folder=folder,
        source=plan.source,
        files=plan.files,
        exclude=plan.exclude,
        fail_fast=plan.fail_fast,
        orphan=orphan,
        dialect=plan.dialect,
        install_stages=plan.install_stages,
    )


def _moved(hook: Hook, folder: str) -> Hook:
    """A hook whose paths are those of its folder."""
    return hook.replace(
        project=folder,
        root=f"{folder}/{hook.root}" if hook.root else folder,
        log_file=f"{folder}/{hook.log_file}" if hook.log_file and not hook.log_file.startswith("/") else hook.log_file,
    )
