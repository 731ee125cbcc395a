"""Checks the files of a configuration, lays the local overlay over it, and makes the plan."""

import os

from gitseq.config import making, reading
from gitseq.config.explain import Document, Findings, on_one_line, one_of, whole_file
from gitseq.config.reading import LOCK, OVERLAY, SEARCHED, Reader
from gitseq.core import units
from gitseq.model import PRE_COMMIT, Hook, Plan, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.foreign import Fetch, Foreign
    from gitseq.config.kept import Where
    from gitseq.config.meaning import Table, Vet
    from gitseq.config.schema import Config


class Compiled(Record):
    """A plan, and what it was made from."""

    plan: Plan
    inputs: "dict[bytes, bytes | None]"
    """Path (relative to the top, or absolute) -> digest of every file that was looked at; None when it is missing."""
    tables_file: str = ""
    """Where identify's tables came from; '' when the plan holds none."""
    nested: "tuple[bytes, tuple[bytes, ...]]" = (b"", ())
    """The hint at nested configurations that are tracked, and their names."""


def compile_plan(where: "Where", fetch: "Fetch | None" = None, vet: "Vet | None" = None) -> Compiled:
    """Read, check and compile the configuration. Raises ConfigError that tells all problems, or NoConfiguration.

    `fetch` hands over the repositories whose hooks it uses, and what it raises goes through; `vet` says what is wrong
    with the arguments of a built-in hook.
    """
    reader = Reader(where, fetch, vet)
    nested = (where.nested.hint(), where.nested.names()) if where.nested is not None else (b"", ())
    document = reading.find(reader)
    plan, config = _part(document, reading.find_overlay(reader), reader)
    if nested[1]:
        plan = _with_nested(plan, config, nested[1], reader)
    if any(hook.source for hook in plan.hooks):
        reader.content(LOCK)  # another commit for a rev makes another plan
    plan = plan.replace(pattern_codes=making.pattern_codes(plan))
    tables = making.tag_tables(plan)
    plan = plan.replace(extension_tags=tables[0], name_tags=tables[1], tags_stamp=making.stamp(tables))
    return Compiled(plan, reader.inputs, tables[2], nested)


def _part(
    document: Document, overlay: "Document | None", reader: Reader, inherited: "dict[str, Any] | None" = None
) -> "tuple[Plan, Config]":
    """What one file and its overlay say by themselves; `inherited` are limits from above."""
    from gitseq.config import schema

    foreign = _foreign(document, reader)
    config, hooks, notices = _checked(reader, document, overlay, foreign, inherited)
    limits, queue = config.limits or schema.Limits(), config.queue or schema.Queue()
    plan = Plan(
        source=document.name,
        hooks=tuple(making.hook_of(hook, config, limits) for hook in hooks),
        fail_fast=config.fail_fast,
        files=making.pattern(config.files),
        exclude=making.pattern(config.exclude),
        isolate=config.isolate,
        stage_isolate=tuple((name, settings.isolate) for name, settings in config.stage.items()),
        scope=queue.scope,
        wait=units.parse_duration(queue.wait, forever=True),
        run_timeout=units.parse_duration(limits.run_timeout),
        notices=notices,
    )
    if foreign is not None:
        plan = plan.replace(
            dialect=PRE_COMMIT,
            warnings=foreign.warnings,
            notices=(*foreign.notices, *notices),
            install_stages=foreign.install_stages,
        )
    return plan, config


def _with_nested(top: Plan, config: "Config", names: "tuple[bytes, ...]", reader: Reader) -> Plan:
    """The plan with the hooks of those nested configurations that run."""
    from gitseq.config import workspace

    wanted, notes = workspace.chosen(names, SEARCHED, top, config)
    limits = workspace.limits_of(config)
    parts = [(workspace.folder_of(name), *_nested(name, reader, limits)) for name in wanted]
    return workspace.joined(top.replace(notices=(*top.notices, *notes)), parts)


def _nested(name: bytes, reader: Reader, limits: "dict[str, Any]") -> "tuple[Plan, bool]":
    """What a nested configuration says, and whether it is an orphan. One that is not in the work tree, though it is
    tracked, says nothing; a run on what is staged refuses that as it does any change that is not staged."""
    from gitseq.config import workspace

    document = reading.document(name, reader)
    if document is None:
        return Plan(reader.shown(name), ()), False
    overlay = None if reader.where.is_ci else reading.document(os.path.join(os.path.dirname(name), OVERLAY), reader)
    orphan = workspace.take_orphan(document)
    plan, config = _part(document, overlay, reader, limits)
    return plan.replace(notices=(*plan.notices, *workspace.without_effect(document))), orphan or config.orphan


def plan_as_written(where: "Where") -> Plan:
    """Filters only, of pre-commit's own file only: what it says of each hook, without what the repositories add.

    Raises ConfigError; also for a file of another kind.
    """
    from gitseq.config import foreign

    document = reading.find(Reader(where))
    if not document.is_foreign:
        raise whole_file(document.name, "is no configuration of pre-commit")
    filters = ("id", "name", "files", "exclude", "types", "types_or", "exclude_types")
    hooks = [{key: hook[key] for key in filters} for hook in foreign.as_written(document)]
    top = {key: document.data[key] for key in ("files", "exclude") if key in document.data}
    plan = Plan(document.name, tuple(_filters_only(hook) for hook in hooks), **{"exclude": "^$", **top})
    tables = making.tag_tables(plan)
    return plan.replace(extension_tags=tables[0], name_tags=tables[1])


def _filters_only(hook: "dict[str, Any]") -> Hook:
    lists = {key: tuple(value) for key, value in hook.items() if isinstance(value, list)}
    return Hook(argv=(), **{**hook, **lists})


# --- checking and merging --------------------------------------------------------------------------


def _foreign(document: Document, reader: Reader) -> "Foreign | None":
    """What pre-commit's own file means; None for ours."""
    if not document.is_foreign:
        return None
    from gitseq.config import foreign

    return foreign.read(document, reader.fetch, reader.content, answers=reader.where.answers)


def _checked(
    reader: Reader,
    document: Document,
    overlay: "Document | None",
    foreign: "Foreign | None",
    inherited: "dict[str, Any] | None",
) -> "tuple[Config, list[Table], tuple[str, ...]]":
    """The two files as one, all of it sound; ConfigError otherwise.

    The hooks of other repositories are asked for only when the files by themselves are sound.
    """
    import msgspec

    from gitseq.config import meaning
    from gitseq.config.check import check_file
    from gitseq.config.schema import Config

    findings = Findings()
    for part in (document if foreign is None else None, overlay):
        if part is not None:
            if too_new := meaning.too_new(part):  # its other keys may be ones that we cannot know
                raise whole_file(part.name, too_new, line=part.line(("minimum_version",)))
            check_file(part, Config, findings)
    if foreign is None:
        top, hooks = _tables(document)
        meaning.check_ids(hooks, findings)
        if document.data.get("repo"):
            findings.raise_any()
            hooks = _in_order(document, [*hooks, *_remote(document, reader, findings)])
    else:
        top, hooks = meaning.Table(document, (), foreign.top), foreign.hooks
    notices = _lay_over(top, hooks, overlay, findings) if overlay is not None else ()
    meaning.check_together(hooks, findings, reader.vet)
    findings.raise_any()
    if inherited is None:
        values, told = _in_profile(reader.where, top.values, document.name)
    else:  # a profile is about the run, and chosen at the top
        values, told = {**top.values, "limits": {**inherited, **top.values.get("limits", {})}}, ()
    config = msgspec.convert({**values, "hook": []}, Config)
    for hook in hooks:
        hook.values = _with_defaults(hook.values, config)
    return config, hooks, notices + told


def _remote(document: Document, reader: Reader, findings: Findings) -> "list[Table]":
    from gitseq.config import remote

    return list(remote.tables(document, reader.fetch, reader.content, findings))


def _in_order(document: Document, hooks: "list[Table]") -> "list[Table]":
    """Hooks of `[[hook]]` and `[[repo]]` in the order in which they stand in the file."""
    return sorted(hooks, key=lambda table: document.line(table.home[1]))


def _tables(document: Document) -> "tuple[Table, list[Table]]":
    from gitseq.config.meaning import Table

    hooks = document.data.get("hook", [])
    return Table(document, (), document.data), [
        Table(document, ("hook", index), values)
        for index, values in enumerate(hooks if isinstance(hooks, list) else [])
        if isinstance(values, dict)
    ]


def _lay_over(top: "Table", hooks: "list[Table]", overlay: Document, findings: Findings) -> "tuple[str, ...]":
    """Let the overlay's keys replace those of the hook with the same id, and add its other hooks at the end."""
    from gitseq.config.meaning import check_ids

    over, over_hooks = _tables(overlay)
    if "repo" in over.values:
        findings.add(overlay, ("repo",), "belongs into the configuration itself; an overlay changes or adds [[hook]]s")
    check_ids(over_hooks, findings)
    profiles = {**top.values.get("profile", {}), **over.values.get("profile", {})}
    top.overlay(overlay, (), {**over.values, **({"profile": profiles} if profiles else {})})
    by_id: "dict[str, list[Table]]" = {}  # pre-commit lets hooks share an id
    for hook in hooks:
        by_id.setdefault(str(hook.values.get("id")), []).append(hook)
    done: "dict[str, list[str]]" = {"changes": [], "adds": []}
    for hook in over_hooks:
        name = str(hook.values.get("id"))
        for ours in by_id.get(name, ()):
            ours.overlay(*hook.home, hook.values)
        if name not in by_id:
            hooks.append(hook)
        done["changes" if name in by_id else "adds"].append(on_one_line(name))
    told = ", ".join(f"{verb} {', '.join(names)}" for verb, names in done.items() if names)
    return (f"{overlay.name} {told or 'changes settings'}",)


_PROFILE_OF_CI = "ci"


def _in_profile(where: "Where", values: "dict[str, Any]", source: str) -> "tuple[dict[str, Any], tuple[str, ...]]":
    """The settings with those of the chosen profile over them, key by key; and which one it is, in words.

    ConfigError for a profile that was asked for by name and does not exist.
    """
    profiles = values.get("profile", {})
    asked = where.profile.decode("utf-8", "surrogateescape")
    name = asked or (_PROFILE_OF_CI if where.is_ci and _PROFILE_OF_CI in profiles else "")
    if not name:
        return values, ()
    if name not in profiles:
        known = one_of(name, profiles) if profiles else f"`{on_one_line(name)}` is not known; it has no [profile.NAME]"
        raise whole_file(source, f"profile {known}", hint="It was chosen by --profile or GITSEQ_PROFILE.")
    over = {key: {**values.get(key, {}), **table} for key, table in profiles[name].items()}
    return {**values, **over}, (f"profile {on_one_line(name)}",)


def _with_defaults(hook: "dict[str, Any]", config: "Config") -> "dict[str, Any]":
    """What holds for a built-in hook unless its table says otherwise. Of the default stages, those it is made for."""
    if "builtin" not in hook:
        return hook
    from gitseq.core.builtins import DEFAULTS

    defaults = dict(DEFAULTS[hook["builtin"]])
    if hook.get("id") != hook["builtin"]:
        del defaults["name"]  # it has one of its own: three hooks that forbid a pattern are to be told apart
    made_for = defaults.pop("stages", config.default_stages)
    defaults["stages"] = tuple(stage for stage in config.default_stages if stage in made_for) or made_for
    return {**defaults, **hook}
