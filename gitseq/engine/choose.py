"""What each hook of a run will do: be skipped, and why, or get which files. Shared by runs and dry runs."""

import os

from gitseq.core import select
from gitseq.core.patterns import searcher
from gitseq.core.stages import STAGES
from gitseq.core.tags import Tagger
from gitseq.errors import UsageError
from gitseq.host.sniff import Sniffer
from gitseq.model import PRE_COMMIT, Hook, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.engine.candidates import Candidates
    from gitseq.engine.request import Request, World
    from gitseq.model import Entry, Plan, Project


NO_FILES = "no files to check"


class Choice(Record):
    """A hook and its files (relative to its root), or why it is skipped."""

    hook: Hook
    paths: "list[bytes]"
    skipped: "str | None" = None
    """None: it runs. '': the user asked for it to be skipped."""


def hooks_for(plan: "Plan", request: "Request") -> "list[Hook]":
    """The configured hooks a request is about, in order; UsageError for an id that no hook of the stage has."""
    stage = request.stage.name
    of_stage = [hook for hook in plan.hooks if stage in hook.stages]
    for wanted in request.ids:
        if not any(wanted in select.names_of(hook) for hook in of_stage):
            raise _no_such_hook(wanted, stage, plan)
    ids = frozenset(request.ids)
    return [
        hook
        for hook in of_stage
        if (not ids or select.is_named(hook, ids))
        and (not request.groups or not set(request.groups).isdisjoint(hook.groups))
    ]


class _Tags(dict[bytes, frozenset[str]]):
    """Path -> its tags, found out when they are first asked for."""

    def __init__(self, tagger: Tagger, modes: "dict[bytes, int]") -> None:
        self._tagger = tagger
        self._modes = modes

    def __missing__(self, path: bytes) -> "frozenset[str]":
        tags = self[path] = self._tagger.tags(path, self._modes[path])
        return tags


def _no_such_hook(wanted: str, stage: str, plan: "Plan") -> UsageError:
    from gitseq.config.explain import nearest  # rare

    elsewhere = [hook for hook in plan.hooks if wanted in select.names_of(hook) and hook.stages]
    if elsewhere:
        why = f"It runs in other stages, for example: gitseq run {wanted} --stage {elsewhere[0].stages[0]}"
    elif any(hook.project == wanted or hook.project.startswith(wanted + "/") for hook in plan.hooks):
        why = f"For the hooks of that folder: gitseq run {wanted}/"
    elif "." in wanted or "/" in wanted:
        why = "Were a file meant: gitseq run --files FILE"
    else:
        found = nearest(wanted, [*(hook.id for hook in plan.hooks), *STAGES])
        why = found[2:3].upper() + found[3:]
    return UsageError(
        f"No hook with id `{wanted}` in stage `{stage}`", why=why, hint="To see what there is: gitseq list"
    )


class Chooser:
    """Decides hook by hook, when its turn has come: an earlier hook may have changed what a file is."""

    def __init__(self, request: "Request", world: "World", found: "Candidates") -> None:
        plan = world.plan
        self._request = request
        self._world = world
        self._codes = plan.pattern_codes
        self._tags = _Tags(Tagger(plan, Sniffer(world.repo.top)), found.modes)
        self._is_message = found.is_message
        self._found = list(found.entries)
        self._projects: "dict[str, Plan | Project]" = {"": plan}
        for project in plan.projects:
            self._projects[project.folder] = project
        self._orphans = [project.folder for project in plan.projects if project.orphan]
        self._entries: "dict[str, list[Entry]]" = {}
        self._named: dict[tuple[str, ...], tuple[list[bytes], list[frozenset[str]]]] = {}
        """What filters of names leave, with the tags of each."""
        self._selected: dict[tuple[object, ...], list[bytes]] = {}

    def choose(self, hook: Hook) -> Choice:
        """What this hook will do now."""
        reason = ruled_out(hook, self._request, self._world)
        if reason is not None:
            return Choice(hook, [], reason)
        filters = (hook.project, hook.root, hook.files, hook.exclude, hook.types, hook.types_or, hook.exclude_types)
        paths = self._selected.get(filters)
        if paths is None:
            paths = self._selected[filters] = self._paths(hook)
        if not paths and not hook.always_run:
            return Choice(hook, [], NO_FILES)
        return Choice(hook, paths)

    def stops_at_failure(self, hook: Hook) -> bool:
        """Whether no further hook of a hook's project runs after any of them has failed."""
        return self._projects[hook.project].fail_fast

    def is_unconcerned(self, hook: Hook) -> bool:
        """Whether the run is about no file of the hook's project, so that there is nothing to say about it."""
        if not hook.project or hook.always_run or self._is_message or self._request.ids:
            return False
        return not self._entries_of(hook.project)

    def _paths(self, hook: Hook) -> "list[bytes]":
        if self._is_message and hook.project:
            return self._message(hook)
        names = (hook.project, hook.root, hook.files, hook.exclude)
        known = self._named.get(names)
        if known is None:
            paths = select.named(hook, self._entries_of(hook.project), self._searcher)
            known = self._named[names] = paths, [self._tags[path] for path in paths]
        return select.of_types(hook, *known)

    def _message(self, hook: Hook) -> "list[bytes]":
        """The message is about the commit, not about a folder: every project's hooks get it, as prek does it."""
        flat = hook.replace(project="", root="" if hook.root == hook.project else hook.root)
        paths = select.for_hook(flat, self._entries_of(""), self._searcher, self._tags.__getitem__)
        return [select.outward(path, hook.project) for path in paths]

    def _entries_of(self, folder: str) -> "list[Entry]":
        """The candidates that the hooks of a project share."""
        known = self._entries.get(folder)
        if known is None:
            project = self._projects[folder]
            known = select.in_project(folder, self._found, self._orphans) if self._orphans or folder else self._found
            if not self._is_message or project.dialect == PRE_COMMIT:
                skip = len(os.fsencode(folder)) + 1 if folder else 0
                known = select.by_name(known, project.files, project.exclude, self._searcher, skip)
            self._entries[folder] = known
        return known

    def _searcher(self, pattern: str) -> "Callable[[str], object]":
        return searcher(pattern, self._codes)


def ruled_out(hook: Hook, request: "Request", world: "World") -> "str | None":
    """Why a hook is skipped whatever its files are; None when it is not."""
    if select.is_named(hook, request.skip):
        return ""
    if hook.skip_on:
        under_way = _operations(request, world).intersection(hook.skip_on)
        if under_way:
            return f"{min(under_way)} in progress"
    return None


def _operations(request: "Request", world: "World") -> "frozenset[str]":
    """What is in progress; git writes MERGE_HEAD only after pre-merge-commit."""
    from gitseq.git import state

    found = state.operations(world.repo, world.env)
    return found | {state.MERGE} if request.stage.name == "pre-merge-commit" else found
