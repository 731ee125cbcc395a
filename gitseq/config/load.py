"""Finds the configuration, reads and checks it, lays the local overlay over it, and makes the plan."""

import os

from gitseq.config import kept
from gitseq.config.explain import Document, Findings, on_one_line, one_of, whole_file
from gitseq.core import units
from gitseq.errors import NoConfiguration
from gitseq.model import PRE_COMMIT, Hook, Plan, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.foreign import Fetch, Foreign
    from gitseq.config.kept import Where
    from gitseq.config.meaning import Table, Vet
    from gitseq.config.schema import Config, Filter, HookTable, Limits

_PYPROJECT = b"pyproject.toml"
_YAML = (b".pre-commit-config.yaml", b".pre-commit-config.yml")
SEARCHED = (b"gitseq.toml", b".gitseq.toml", _PYPROJECT, *_YAML)
"""Names at the top of the work tree, in the order they are looked for; the first that holds a configuration wins."""
OVERLAY = b"gitseq.local.toml"
LOCK = b"gitseq.lock"
_BOM = b"\xef\xbb\xbf"


class Compiled(Record):
    """A plan, and what it was made from."""

    plan: Plan
    inputs: "dict[bytes, bytes | None]"
    """Path (relative to the top, or absolute) -> digest of every file that was looked at; None when it is missing."""
    tables_file: str = ""
    """Where identify's tables came from; '' when the plan holds none."""
    nested: "tuple[bytes, tuple[bytes, ...]]" = (b"", ())
    """The hint at nested configurations that are tracked, and their names."""


class _Reader:
    """Reads files for a configuration and remembers what they held, so that the plan knows what it stands on."""

    def __init__(self, where: "Where", fetch: "Fetch | None" = None, vet: "Vet | None" = None) -> None:
        self.where = where
        self.fetch = fetch
        self.vet = vet
        self.inputs: "dict[bytes, bytes | None]" = {}

    def content(self, name: bytes) -> "bytes | None":
        """A file's content, or None when it is missing. ConfigError for one that cannot be read."""
        try:
            data = kept.content(self.where.path(name))
        except OSError as error:
            raise whole_file(self.shown(name), f"cannot be read: {error.strerror}") from None
        if data is not None and len(data) > kept.LARGEST:
            raise whole_file(self.shown(name), f"is larger than {kept.LARGEST >> 20} MiB; that is no configuration")
        self.inputs[name] = kept.digest(data)
        return data

    def shown(self, name: bytes) -> str:
        """A file's name as people know it: relative to the top when it lies inside."""
        inside = self.where.top + b"/"
        path = os.path.normpath(self.where.path(name))
        return (path[len(inside) :] if path.startswith(inside) else path).decode("utf-8", "surrogateescape")


def compile_plan(where: "Where", fetch: "Fetch | None" = None, vet: "Vet | None" = None) -> Compiled:
    """Read, check and compile the configuration. Raises ConfigError that tells all problems, or NoConfiguration.

    `fetch` hands over the repositories whose hooks it uses, and what it raises goes through; `vet` says what is wrong
    with the arguments of a built-in hook.
    """
    reader = _Reader(where, fetch, vet)
    nested = (where.nested.hint(), where.nested.names()) if where.nested is not None else (b"", ())
    document = _find(where, reader)
    plan, config = _part(document, _find_overlay(where, reader), reader)
    if nested[1]:
        plan = _with_nested(plan, config, nested[1], reader)
    if any(hook.source for hook in plan.hooks):
        reader.content(LOCK)  # another commit for a rev makes another plan
    plan = plan.replace(pattern_codes=_pattern_codes(plan))
    tables = tag_tables(plan)
    plan = plan.replace(extension_tags=tables[0], name_tags=tables[1], tags_stamp=_stamp(tables))
    return Compiled(plan, reader.inputs, tables[2], nested)


def _part(
    document: Document, overlay: "Document | None", reader: _Reader, inherited: "dict[str, Any] | None" = None
) -> "tuple[Plan, Config]":
    """What one file and its overlay say by themselves; `inherited` are limits from above."""
    from gitseq.config import schema

    foreign = _foreign(document, reader)
    config, hooks, notices = _checked(reader, document, overlay, foreign, inherited)
    limits, queue = config.limits or schema.Limits(), config.queue or schema.Queue()
    plan = Plan(
        source=document.name,
        hooks=tuple(_made(hook, config, limits) for hook in hooks),
        fail_fast=config.fail_fast,
        files=_pattern(config.files),
        exclude=_pattern(config.exclude),
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


def _with_nested(top: Plan, config: "Config", names: "tuple[bytes, ...]", reader: _Reader) -> Plan:
    """The plan with the hooks of those nested configurations that run."""
    from gitseq.config import workspace

    wanted, notes = workspace.chosen(names, SEARCHED, top, config)
    limits = workspace.limits_of(config)
    parts = [(workspace.folder_of(name), *_nested(name, reader, limits)) for name in wanted]
    return workspace.joined(top.replace(notices=(*top.notices, *notes)), parts)


def _nested(name: bytes, reader: _Reader, limits: "dict[str, Any]") -> "tuple[Plan, bool]":
    """What a nested configuration says, and whether it is an orphan. One that is not in the work tree, though it is
    tracked, says nothing; a run on what is staged refuses that as it does any change that is not staged."""
    from gitseq.config import workspace

    document = _document(name, reader)
    if document is None:
        return Plan(reader.shown(name), ()), False
    overlay = None if reader.where.is_ci else _document(os.path.join(os.path.dirname(name), OVERLAY), reader)
    orphan = workspace.take_orphan(document)
    plan, config = _part(document, overlay, reader, limits)
    return plan.replace(notices=(*plan.notices, *workspace.without_effect(document))), orphan or config.orphan


def found(where: "Where") -> Document:
    """The file of the configuration, read but not checked. Raises ConfigError, or NoConfiguration."""
    return _find(where, _Reader(where))


def plan_as_written(where: "Where") -> Plan:
    """Filters only, of pre-commit's own file only: what it says of each hook, without what the repositories add.

    Raises ConfigError; also for a file of another kind.
    """
    from gitseq.config import foreign

    document = _find(where, _Reader(where))
    if not document.is_foreign:
        raise whole_file(document.name, "is no configuration of pre-commit")
    filters = ("id", "name", "files", "exclude", "types", "types_or", "exclude_types")
    hooks = [{key: hook[key] for key in filters} for hook in foreign.as_written(document)]
    top = {key: document.data[key] for key in ("files", "exclude") if key in document.data}
    plan = Plan(document.name, tuple(_filters_only(hook) for hook in hooks), **{"exclude": "^$", **top})
    tables = tag_tables(plan)
    return plan.replace(extension_tags=tables[0], name_tags=tables[1])


def _filters_only(hook: "dict[str, Any]") -> Hook:
    lists = {key: tuple(value) for key, value in hook.items() if isinstance(value, list)}
    return Hook(argv=(), **{**hook, **lists})


# --- finding and reading ---------------------------------------------------------------------------


def _find(where: "Where", reader: _Reader) -> Document:
    if where.explicit is not None:
        document = _document(where.explicit, reader)
        if document is None:
            reason = "has no [tool.gitseq]" if reader.inputs[where.explicit] else "there is no such file"
            raise whole_file(reader.shown(where.explicit), reason)
        return document
    for name in SEARCHED:
        document = _document(name, reader)
        if document is not None:
            return document
    raise NoConfiguration(
        "No gitseq.toml and no .pre-commit-config.yaml file was found at the top of this work tree",
        hint="To write one: gitseq init\nTo commit without, this once: PRE_COMMIT_ALLOW_NO_CONFIG=1 git commit",
    )


def _find_overlay(where: "Where", reader: _Reader) -> "Document | None":
    """`--config` names the whole configuration, and on CI nobody's own taste should matter."""
    if where.explicit is not None or where.is_ci:
        return None
    return _document(OVERLAY, reader)


def _document(name: bytes, reader: _Reader) -> "Document | None":
    """One file as a document, or None when it is missing or (pyproject.toml) not about gitseq."""
    data = reader.content(name)
    if data is None:
        return None
    shown = reader.shown(name)
    text = _text(data, shown)
    if name.endswith((b".yaml", b".yml")):
        from gitseq.config import yaml_file

        return yaml_file.parse(text, shown)
    table = _parse(text, shown)
    if os.path.basename(name) != _PYPROJECT:
        return Document(shown, text, table)
    tool = table.get("tool")
    if not isinstance(tool, dict) or "gitseq" not in tool:
        return None
    if not isinstance(tool["gitseq"], dict):
        raise whole_file(shown, "tool.gitseq: must be a table")
    return Document(shown, text, tool["gitseq"], ("tool", "gitseq"))


def _text(data: bytes, shown: str) -> str:
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise whole_file(shown, "is not UTF-8", line=line) from None


def _parse(text: str, shown: str) -> "dict[str, Any]":
    import tomli

    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        line, column, reason = _syntax_problem(error, text)
        raise whole_file(shown, f"not valid TOML: {reason}", line=line, column=column) from None
    except RecursionError:
        raise whole_file(shown, "is nested too deeply") from None
    except ValueError as error:  # such as a whole number of ten thousand digits
        raise whole_file(shown, f"not valid TOML: {on_one_line(str(error))}") from None


def _syntax_problem(error: ValueError, text: str) -> "tuple[int, int, str]":
    """Line, column and reason; tomli before 2.1 tells them in its message only."""
    import re

    message = on_one_line(str(error))
    place = re.search(r" \((?:at line (\d+), column (\d+)|at end of document)\)$", message)
    if place is None:
        return 0, 0, message
    reason = message[: place.start()]
    if place[1] is None:
        return text.count("\n", 0, len(text.rstrip())) + 1, 0, f"{reason} at the end of the file"
    return int(place[1]), int(place[2]), reason


# --- checking and merging --------------------------------------------------------------------------


def _foreign(document: Document, reader: _Reader) -> "Foreign | None":
    """What pre-commit's own file means; None for ours."""
    if not document.is_foreign:
        return None
    from gitseq.config import foreign

    return foreign.read(document, reader.fetch, reader.content, answers=reader.where.answers)


def _checked(
    reader: _Reader,
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


def _remote(document: Document, reader: _Reader, findings: Findings) -> "list[Table]":
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
    made_for = defaults.pop("stages", config.default_stages)
    defaults["stages"] = tuple(stage for stage in config.default_stages if stage in made_for) or made_for
    return {**defaults, **hook}


def _cache(asked: "bool | str | None", builtin: str) -> str:
    """Built-in hooks that look at nothing but content are cached unless that is declined, others when it is asked."""
    if asked is None:
        from gitseq.core.builtins import CONTENT_ONLY

        return "file" if builtin in CONTENT_ONLY else ""
    return asked if isinstance(asked, str) else "file" if asked else ""


# --- making the plan -------------------------------------------------------------------------------


def _made(table: "Table", config: "Config", limits: "Limits") -> Hook:
    import msgspec

    from gitseq.config.schema import HookTable

    return _hook(msgspec.convert(table.values, HookTable), config, limits).replace(**table.beyond)


def _language(table: "HookTable", config: "Config") -> "tuple[str, str]":
    """The language of a hook by our one name, and its version."""
    from gitseq.config.foreign_keys import DEFAULTS, WITHOUT_ENVIRONMENT, language_of

    language, default = language_of(table.language), DEFAULTS["language_version"]
    if table.language_version != default or language in WITHOUT_ENVIRONMENT:
        return language, table.language_version
    given = {language_of(name): version for name, version in config.default_language_version.items()}
    return language, given.get(language, default)


def _hook(table: "HookTable", config: "Config", limits: "Limits") -> Hook:
    import shlex

    from gitseq.config.globs import to_regex
    from gitseq.config.meaning import folder_of

    number = table.pass_filenames
    language, version = _language(table, config)
    return Hook(
        id=table.id,
        name=table.name or table.id,
        argv=table.args if table.builtin else (table.run,) if table.shell else tuple(shlex.split(table.run)),
        shell=table.shell,
        stages=table.stages or config.default_stages,
        language=language,
        language_version=version,
        dependencies=table.additional_dependencies,
        files=_pattern(table.files),
        exclude=_pattern(table.exclude),
        types=table.types,
        types_or=table.types_or,
        exclude_types=table.exclude_types,
        pass_filenames=number if not isinstance(number, bool) else -1 if number else 0,
        always_run=table.always_run,
        fail_fast=table.fail_fast,
        verbose=table.verbose,
        log_file=table.log_file,
        env=tuple(table.env.items()),
        scrub_git_env=table.git_env == "scrub",
        interactive=table.interactive,
        root=folder_of(table.root),
        skip_on=table.skip_on,
        groups=table.groups,
        description=table.description,
        alias=table.alias,
        stdin=table.stdin,
        stage_fixes=table.fixes == "stage",
        timeout=units.parse_duration(table.timeout or limits.timeout),
        grace=units.parse_duration(table.grace or limits.grace),
        memory=units.parse_size(table.memory or limits.memory),
        processes=table.processes or limits.processes,
        retry=table.retry,
        keep_daemons=table.daemons == "keep",
        min_free_memory=units.parse_size(table.min_free_memory or limits.min_free_memory),
        memory_wait=units.parse_duration(table.memory_wait or limits.memory_wait),
        builtin=table.builtin,
        cache=_cache(table.cache, table.builtin),
        inputs=tuple(to_regex((one,)) for one in table.inputs),
        tool_version=table.tool_version,
    )


def _pattern(filter_: "Filter") -> str:
    if isinstance(filter_, str):
        return filter_
    from gitseq.config.globs import to_regex

    return to_regex(filter_.glob)


def _pattern_codes(plan: Plan) -> "dict[str, tuple[Any, ...]]":
    from gitseq.core import patterns

    used = {plan.files, plan.exclude}
    for hook in plan.hooks:
        used |= {hook.files, hook.exclude, *hook.inputs}
    for project in plan.projects:
        used |= {project.files, project.exclude}
    return {pattern: patterns.precompile(pattern) for pattern in sorted(used - {patterns.ALWAYS, patterns.NEVER})}


def tag_tables(plan: Plan) -> "tuple[Any, Any, str]":
    """identify's tables of extensions and names, and the file they come from; nothing when no hook needs them."""
    from gitseq.core.tags import FREE_TAGS, asked_tags

    if asked_tags(plan.hooks) <= FREE_TAGS:
        return None, None, ""
    from identify import extensions

    by_extension = {**extensions.EXTENSIONS_NEED_BINARY_CHECK, **extensions.EXTENSIONS}
    return _in_tuples(by_extension), _in_tuples(extensions.NAMES), str(extensions.__file__)


def _stamp(tables: "tuple[Any, Any, str]") -> str:
    """What tells one version of identify's tables from the next, that of interpreters included."""
    if tables[0] is None:
        return ""
    from hashlib import blake2b

    from identify.interpreters import INTERPRETERS

    said = repr((tables[0], tables[1], sorted(_in_tuples(INTERPRETERS).items())))
    return blake2b(said.encode(), digest_size=16).hexdigest()


def _in_tuples(table: "dict[str, set[str]]") -> "dict[str, tuple[str, ...]]":
    """Equal sets become the same tuple, which marshal writes once."""
    shared: "dict[tuple[str, ...], tuple[str, ...]]" = {}
    found = {}
    for name, tags in table.items():
        in_order = tuple(sorted(tags))
        found[name] = shared.setdefault(in_order, in_order)
    return found
