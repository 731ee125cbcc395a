"""What values mean beyond their type: tags and stages that exist, patterns that compile, commands that can be split."""

import posixpath
import re
import shlex

from gitseq import __version__
from gitseq.config import globs
from gitseq.config.explain import Document, Findings, nearest, one_of, shown
from gitseq.config.foreign_keys import LANGUAGES, WITHOUT_ENVIRONMENT, language_of
from gitseq.config.schema import SKIP_MOMENTS
from gitseq.core import patterns, units
from gitseq.core.builtins import CONTENT_ONLY, DEFAULTS
from gitseq.core.stages import STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gitseq.config.lines import Path

    Reasons = Iterator[tuple[Path, str]]
    """Where inside a value, and what is wrong there."""
    Vet = Callable[[str, tuple[str, ...]], str]
    """What is wrong with the arguments of a built-in hook: (its name, the arguments) -> why, or ''."""

_OF_THE_LANGUAGE = ("language", "additional_dependencies", "language_version")
_MORE_THAN_CONTENT = frozenset(DEFAULTS) - CONTENT_ONLY
_OPERATORS = frozenset(("&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1"))


def problems_of(path: "Path", value: "Any") -> "Reasons":
    """What is wrong with the value of a key whose type is right."""
    if isinstance(value, str) and "\0" in value:
        yield (), "holds a NUL character"
        return
    rule = _RULES.get(path[-1]) if isinstance(path[-1], str) and _is_setting(path) else None
    if rule is not None:
        yield from rule(value)


def _is_setting(path: "Path") -> bool:
    """Not a name that the user chose, such as a variable in `env` that is called `timeout`."""
    return len(path) < 2 or path[-2] not in ("default_language_version", "env", "profile", "stage")


def too_new(document: Document) -> str:
    """Why this gitseq is too old for a file; '' when it is not, or the value is no version."""
    wanted = document.data.get("minimum_version")
    if not isinstance(wanted, str) or not re.fullmatch(r"\d+(\.\d+)*", wanted):
        return ""
    if _numbers(wanted) <= _numbers(__version__):
        return ""
    return f"this file needs gitseq {shown(wanted)} or newer, and this is {__version__}"


def _numbers(version: str) -> "list[int]":
    numbers = [int(part[:9]) for part in re.findall(r"\d+", version)[:4]]
    return numbers + [0] * (4 - len(numbers))


def _version(value: str) -> "Reasons":
    if not re.fullmatch(r"\d+(\.\d+)*", value):
        yield (), f"`{shown(value)}` is not a version such as `0.1`"


def _name(value: str) -> "Reasons":
    """Ids, aliases and groups are typed on command lines and in comma-separated lists."""
    if not value.strip():
        yield (), "is empty"
    elif value != value.strip() or "," in value or not value.isprintable():
        yield (), f"`{shown(value)}` holds a comma, a control character, or spaces around it"


def _names(value: "list[str]") -> "Reasons":
    for index, name in enumerate(value):
        for _path, reason in _name(name):
            yield (index,), reason


def _id(value: str) -> "Reasons":
    yield from _name(value)
    if value in STAGES:
        yield (), f"`{value}` is a stage, so `gitseq run {value}` could mean either; choose another id"


def _line(value: str) -> "Reasons":
    if not value.isprintable():
        yield (), "holds a line break or another control character"


def _filter(value: "str | dict[str, Any]") -> "Reasons":
    if isinstance(value, dict):
        return
    try:
        patterns.precompile(value)
    except ValueError as error:
        yield (), f"not a regular expression: {error}"


def _exclude(value: "str | dict[str, Any]") -> "Reasons":
    if value == "":
        yield (), "an empty pattern matches every file, so none would be left; leave it out to exclude nothing"
    else:
        yield from _filter(value)


def _globs(value: "list[str]") -> "Reasons":
    for index, pattern in enumerate(value):
        for _path, reason in _glob(pattern):
            yield (index,), reason


def _glob(value: str) -> "Reasons":
    try:
        patterns.precompile(globs.to_regex((value,)))
    except ValueError as error:
        yield (), f"not a glob: {error}"


def _tags(value: "list[str]") -> "Reasons":
    from identify.identify import ALL_TAGS

    for index, tag in enumerate(value):
        if tag not in ALL_TAGS:
            yield (index,), f"`{shown(tag)}` is no file type that identify knows{nearest(tag, ALL_TAGS)}"


def _stages(value: "list[str]") -> "Reasons":
    if not value:
        yield (), "names no stage; leave it out for default_stages"
    for index, stage in enumerate(value):
        if stage not in STAGES:
            yield (index,), one_of(stage, STAGES)


def _language(value: str) -> "Reasons":
    if value not in LANGUAGES:
        yield (), one_of(value, sorted(LANGUAGES))


def _language_versions(value: "dict[str, str]") -> "Reasons":
    for language in value:
        for _path, reason in _language(language):
            yield (language,), reason


def _stage_settings(value: "dict[str, Any]") -> "Reasons":
    for stage in value:
        if stage not in STAGES:
            yield (stage,), one_of(stage, STAGES)


def _moments(value: "list[str]") -> "Reasons":
    for index, moment in enumerate(value):
        if moment not in SKIP_MOMENTS:
            yield (index,), one_of(moment, SKIP_MOMENTS)


def _env(value: "dict[str, str]") -> "Reasons":
    for name in value:
        if not name or "=" in name or "\0" in name:
            yield (name,), "is no name for a variable: it is empty or holds `=` or NUL"


def _root(value: str) -> "Reasons":
    if value.startswith("/"):
        yield (), "must be relative to the top of the work tree"
    elif folder_of(value).split("/")[0] == "..":
        yield (), f"`{shown(value)}` lies outside of the repository"


def folder_of(root: str) -> str:
    """A root in its one spelling: '' for the top, no trailing slash, no `.` or `a/..` inside."""
    folder = posixpath.normpath(root) if root else ""
    return "" if folder == "." else folder


def _duration(value: str) -> "Reasons":
    try:
        units.parse_duration(value)
    except ValueError as error:
        yield (), str(error)


def _patience(value: str) -> "Reasons":
    try:
        units.parse_duration(value, forever=True)
    except ValueError as error:
        yield (), str(error)


def _size(value: str) -> "Reasons":
    try:
        units.parse_size(value)
    except ValueError as error:
        yield (), str(error)


def _cap(parse: "Callable[[str], float]") -> "Callable[[str], Reasons]":
    """A cap of zero would end every hook at once."""

    def rule(value: str) -> "Reasons":
        try:
            if not parse(value):
                yield (), "must be more than nothing; leave it out for the default"
        except ValueError as error:
            yield (), str(error)

    return rule


def _builtin(value: str) -> "Reasons":
    if value not in DEFAULTS:
        known = nearest(value, DEFAULTS) or "; known are " + ", ".join(sorted(DEFAULTS))
        yield (), f"`{shown(value)}` is no built-in hook{known}"


def _not_blank(value: str) -> "Reasons":
    if not value.strip():
        yield (), "is empty"


_RULES: "dict[str | int, Callable[[Any], Reasons]]" = {
    "alias": _name,
    "builtin": _builtin,
    "default_language_version": _language_versions,
    "default_stages": _stages,
    "env": _env,
    "exclude": _exclude,
    "exclude_types": _tags,
    "files": _filter,
    "glob": _globs,
    "grace": _duration,
    "groups": _names,
    "id": _id,
    "language": _language,
    "language_version": _not_blank,
    "inputs": _globs,
    "log_file": _not_blank,
    "members": _globs,
    "memory": _cap(units.parse_size),
    "memory_wait": _duration,
    "min_free_memory": _size,
    "minimum_version": _version,
    "name": _line,
    "rev": _not_blank,
    "root": _root,
    "run": _not_blank,
    "run_timeout": _cap(units.parse_duration),
    "skip_on": _moments,
    "stage": _stage_settings,
    "stages": _stages,
    "timeout": _cap(units.parse_duration),
    "tool_version": _not_blank,
    "types": _tags,
    "types_or": _tags,
    "url": _not_blank,
    "wait": _patience,
}


class Table:
    """A table whose keys may come from two files: the configuration and the local overlay."""

    def __init__(self, document: Document, path: "Path", values: "dict[str, Any]") -> None:
        self.values = dict(values)
        self.home = (document, path)
        self.beyond: "dict[str, Any]" = {}
        """Fields of the `model.Hook` that the format has no key for."""
        self._origins = dict.fromkeys(values, self.home)

    def overlay(self, document: Document, path: "Path", values: "dict[str, Any]") -> None:
        """Let the keys of another file replace ours; another command is a command of this repository."""
        if "run" in values or "builtin" in values:
            self.beyond = {}
            for key in _OF_THE_LANGUAGE:
                self.values.pop(key, None)
        self.values.update(values)
        self._origins.update(dict.fromkeys(values, (document, path)))

    def where(self, key: str) -> "tuple[Document, Path]":
        """The file and path of a key; of the table when it does not have the key."""
        document, path = self._origins.get(key, self.home)
        return document, (*path, key) if key in self.values else path

    def is_sound(self, findings: Findings) -> bool:
        """Whether nothing was found in any of the table's keys."""
        return not any(findings.concerns(*self.where(key)) for key in self.values)


def check_ids(hooks: "list[Table]", findings: Findings) -> None:
    """Add every id that an earlier hook of the same file has."""
    seen: "dict[str, Table]" = {}
    for hook in hooks:
        first = seen.setdefault(str(hook.values.get("id")), hook)
        if first is not hook and "id" in hook.values:
            document, path = first.where("id")
            findings.add(*hook.where("id"), f"the hook on line {document.line(path)} has this id already")


def check_together(hooks: "list[Table]", findings: Findings, vet: "Vet | None" = None) -> None:
    """Add what is wrong with keys of a hook seen together; `vet` judges the arguments of built-in hooks."""
    for hook in hooks:
        if hook.is_sound(findings):
            for key, reason in _contradictions(hook.values):
                findings.add(*hook.where(key), reason)
            if vet is not None and "builtin" in hook.values and "run" not in hook.values:
                reason = vet(hook.values["builtin"], tuple(hook.values.get("args", ())))
                if reason:
                    findings.add(*hook.where("args"), reason)


def _contradictions(hook: "dict[str, Any]") -> "Iterator[tuple[str, str]]":
    if "run" in hook and "builtin" in hook:
        yield "builtin", "a hook has `run` or `builtin`, not both"
    elif "run" not in hook and "builtin" not in hook:
        yield "run", "`run` is missing: the command of the hook"
    elif "run" in hook and not hook.get("shell", False):
        yield from (("run", reason) for reason in _command_problems(hook["run"]))
    yield from _contradictions_of_languages(hook)
    if "args" in hook and "builtin" not in hook:
        yield "args", "are for built-in hooks; the arguments of a command are written in `run`"
    if hook.get("cache") and (hook.get("stdin") or hook.get("interactive")):
        yield "cache", "what it reads from the terminal or from git may differ, so its passes cannot be kept"
    if hook.get("cache") and hook.get("builtin", "") in _MORE_THAN_CONTENT:
        yield "cache", "it looks at more than the content of files, so its passes cannot be kept"
    if not hook.get("cache", "builtin" in hook):
        for key in ("inputs", "tool_version"):
            if key in hook:
                yield key, 'is about passes that are kept; write `cache = true` or `cache = "tree"`, too'
    if hook.get("interactive"):
        if hook.get("stdin"):
            yield "stdin", "an interactive hook reads the terminal, so it cannot read what git writes"
        if "log_file" in hook:
            yield "log_file", "the output of an interactive hook goes to the terminal and cannot be logged"
        if hook.get("pass_filenames", True) not in (True, False):
            yield "pass_filenames", "an interactive hook is started once, so it cannot have a number of files per call"


def _contradictions_of_languages(hook: "dict[str, Any]") -> "Iterator[tuple[str, str]]":
    language = language_of(hook.get("language", "system"))
    for key, default in (("additional_dependencies", []), ("language_version", "default")):
        if language in WITHOUT_ENVIRONMENT and list(hook.get(key, default)) != list(default):
            yield key, f"a hook of language {language} has no environment to install into"
    if language != "system" and hook.get("shell", False):
        yield "language", "a script for sh has no language but system"
    if language != "system" and "builtin" in hook:
        yield "language", "a hook inside gitseq has its own"


def _command_problems(run: str) -> "Iterator[str]":
    try:
        words = shlex.split(run)
    except ValueError as error:
        yield f"cannot be split into words: {str(error).lower()}"
        return
    if not words or not words[0]:
        yield "names no command"
    elif run.strip().count("\n") > sum(word.count("\n") for word in words):
        yield "has several lines; for a script write `shell = true`"
    elif operators := _OPERATORS.intersection(_raw_words(run)):
        yield f"`{min(operators)}` needs a shell; write `shell = true`, or quote it to hand it to the command"


def _raw_words(run: str) -> "list[str]":
    """The words with their quotes left on, so that a quoted operator is not taken for one."""
    try:
        return shlex.split(run, posix=False)
    except ValueError:  # a backslash before a quote, which this mode does not know
        return []
