"""Makes the values of a plan from tables that were found sound: hooks, patterns, tables of tags. Reads no file."""

from gitseq.core import units
from gitseq.model import Hook, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.meaning import Table
    from gitseq.config.schema import Config, Filter, HookTable, Limits


def hook_of(table: "Table", config: "Config", limits: "Limits") -> Hook:
    """The hook that a sound table is about, with the defaults and limits of its configuration."""
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
        files=pattern(table.files),
        exclude=pattern(table.exclude),
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


def _cache(asked: "bool | str | None", builtin: str) -> str:
    """Built-in hooks that look at nothing but content are cached unless that is declined, others when it is asked."""
    if asked is None:
        from gitseq.core.builtins import CONTENT_ONLY

        return "file" if builtin in CONTENT_ONLY else ""
    return asked if isinstance(asked, str) else "file" if asked else ""


def pattern(filter_: "Filter") -> str:
    """A filter as the regular expression that it is, or that its globs mean."""
    if isinstance(filter_, str):
        return filter_
    from gitseq.config.globs import to_regex

    return to_regex(filter_.glob)


def pattern_codes(plan: Plan) -> "dict[str, tuple[Any, ...]]":
    """Every pattern of a plan, compiled as far as it can be kept."""
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


def stamp(tables: "tuple[Any, Any, str]") -> str:
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
