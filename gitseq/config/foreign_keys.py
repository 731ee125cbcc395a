"""The keys of a hook in pre-commit's two files, what each may hold, and its default.

What is sound and what is not is pre-commit's to say; these rules follow its schema key by key, so that a file that
runs there is read here.
"""

import re

from gitseq.config.explain import nearest, one_of, shown
from gitseq.config.yaml_file import kind_of
from gitseq.core import patterns
from gitseq.core.stages import GIT_STAGES, LEGACY_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gitseq.config.meaning import Reasons

EMULATED = "4.7.0"
"""The version of pre-commit whose behaviour gitseq follows; `minimum_pre_commit_version` is compared with it."""

STAGES = (*GIT_STAGES[: GIT_STAGES.index("applypatch-msg")], "manual")
"""pre-commit's own: its ten hook types, and manual."""

_ALIASES = {"unsupported": "system", "unsupported_script": "script"}
WITHOUT_ENVIRONMENT = frozenset(("docker_image", "fail", "pygrep", "script", "system"))
LANGUAGES = frozenset(
    (
        *("bun", "conda", "coursier", "dart", "deno", "docker", "docker_image", "dotnet", "fail", "golang", "haskell"),
        *("julia", "lua", "node", "perl", "pygrep", "python", "r", "ruby", "rust", "script", "swift", "system"),
        *("unsupported", "unsupported_script"),
    )
)
"""pre-commit's, by both names where it has two; and bun and deno."""


def language_of(name: str) -> str:
    """Our one name of a language: pre-commit renamed `system` and `script`, and takes both names."""
    return _ALIASES.get(name, name)


def stages_of(names: "list[str]") -> "list[str]":
    """Stages by today's names, each once."""
    return list(dict.fromkeys(LEGACY_NAMES.get(name, name) for name in names))


def too_new(wanted: object) -> str:
    """Why this gitseq cannot stand in for the pre-commit that a file needs; '' when it can, or the value is none."""
    if not isinstance(wanted, str) or not re.fullmatch(r"\d{1,9}(\.\d{1,9})*", wanted):
        return ""
    if _numbers(wanted) <= _numbers(EMULATED):
        return ""
    return f"pre-commit version {wanted} is required, but this gitseq stands in for {EMULATED}: upgrade gitseq"


def _numbers(version: str) -> "tuple[int, ...]":
    return tuple(int(part) for part in version.split("."))


def text(value: "Any") -> "Reasons":
    """Any text that can be an argument."""
    if not isinstance(value, str):
        quote = "; put it in quotes" if isinstance(value, (bool, int, float)) else ""
        yield (), f"must be a string, not {kind_of(value)}{quote}"
    elif "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        yield (), "holds a character that no command can be given"


def flag(value: "Any") -> "Reasons":
    """True or false."""
    if not isinstance(value, bool):
        yield (), f"must be true or false, not {kind_of(value)}"


def regex(value: "Any") -> "Reasons":
    """A regular expression of Python's."""
    bad = list(text(value))
    if bad:
        yield from bad
        return
    try:
        patterns.precompile(value)
    except ValueError as error:
        yield (), f"`{shown(value)}` is not a valid python regex: {error}"


def array(rule: "Callable[[Any], Reasons]") -> "Callable[[Any], Reasons]":
    """A list, every element by one rule."""

    def check(value: "Any") -> "Reasons":
        if not isinstance(value, list):
            yield (), f"must be a list, not {kind_of(value)}"
            return
        for index, element in enumerate(value):
            for part, reason in rule(element):
                yield (index, *part), reason

    return check


def among(known: "tuple[str, ...]") -> "Callable[[Any], Reasons]":
    """One of some words."""

    def check(value: "Any") -> "Reasons":
        bad = list(text(value))
        if bad:
            yield from bad
        elif value not in known:
            yield (), one_of(value, known)

    return check


def version(value: "Any") -> "Reasons":
    """A version of pre-commit that is not newer than the one we stand in for."""
    bad = list(text(value))
    if bad:
        yield from bad
    elif not re.fullmatch(r"\d{1,9}(\.\d{1,9})*", value):
        yield (), f"`{shown(value)}` is not a version such as `3.2.0`"
    elif too_new(value):
        yield (), too_new(value)


def _tag(value: "Any") -> "Reasons":
    from identify.identify import ALL_TAGS

    bad = list(text(value))
    if bad:
        yield from bad
    elif value not in ALL_TAGS:
        yield (), f"Type tag `{shown(value)}` is not recognized{nearest(value, ALL_TAGS)}"


stages = array(among((*STAGES, *LEGACY_NAMES)))

KEYS: "dict[str, Callable[[Any], Reasons]]" = {
    "minimum_pre_commit_version": version,
    "id": text,
    "name": text,
    "entry": text,
    "language": among(tuple(sorted(LANGUAGES))),
    "alias": text,
    "files": regex,
    "exclude": regex,
    "types": array(_tag),
    "types_or": array(_tag),
    "exclude_types": array(_tag),
    "additional_dependencies": array(text),
    "args": array(text),
    "always_run": flag,
    "fail_fast": flag,
    "pass_filenames": flag,
    "description": text,
    "language_version": text,
    "log_file": text,
    "require_serial": flag,
    "stages": stages,
    "verbose": flag,
}

NEEDED = ("id", "name", "entry", "language")
"""What a manifest, or a local hook, must say."""

DEFAULTS: "dict[str, Any]" = {
    "alias": "",
    "files": "",
    "exclude": "^$",
    "types": ["file"],
    "types_or": [],
    "exclude_types": [],
    "additional_dependencies": [],
    "args": [],
    "always_run": False,
    "fail_fast": False,
    "pass_filenames": True,
    "description": "",
    "language_version": "default",
    "log_file": "",
    "require_serial": False,
    "stages": [],
    "verbose": False,
}
