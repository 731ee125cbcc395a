"""Holds the tables of a file against the schema, and finds everything that is wrong instead of the first thing."""

import functools
import re
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from gitseq.config import meaning
from gitseq.config.explain import Document, Findings, nearest, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.config.lines import Path

_MISMATCH = re.compile(r"Expected `(?P<expected>[^`]*)`(?P<limit>[^,]*)(?:, got `(?P<got>[^`]*)`)?")
_WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a decimal number",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
    "datetime": "a date and time",
    "date": "a date",
    "time": "a time",
}
_FROM_PRE_COMMIT = {"entry": "run", "repos": "repo", "hooks": "hook", "minimum_pre_commit_version": "minimum_version"}
"""Keys that people know from pre-commit, and ours."""


def check_file(document: Document, shape: "type[msgspec.Struct]", findings: Findings) -> None:
    """Add to `findings` all that is wrong with a file's keys and values, each taken alone."""
    _table(document.data, shape, (), document, findings)


def _table(
    table: "dict[str, Any]", shape: "type[msgspec.Struct]", path: "Path", document: Document, findings: Findings
) -> None:
    fields = _fields(shape)
    for key, value in table.items():
        here = (*path, key)
        if key not in fields:
            findings.add(document, here, "unknown key" + (_elsewhere(key, fields) or _known_as(key, fields)))
            continue
        _value(value, fields[key].type, here, document, findings)
    for name, field in fields.items():
        if field.required and name not in table:
            findings.add(document, path, f"`{name}` is missing")


@functools.cache  # a configuration has many tables of few shapes, and each asking evaluates every annotation anew
def _fields(shape: "type[msgspec.Struct]") -> "dict[str, Any]":
    return {field.name: field for field in msgspec.structs.fields(shape)}


def _elsewhere(key: str, fields: "dict[str, Any]") -> str:
    """Where a key stands that was written one table too high; '' for any other."""
    for option in _options(fields["limits"].type) if "limits" in fields else ():
        if isinstance(option, type) and issubclass(option, msgspec.Struct) and key in _fields(option):
            return ", it is one of `limits`"
    return ""


def _known_as(key: str, fields: "dict[str, Any]") -> str:
    ours = _FROM_PRE_COMMIT.get(key)
    return f", did you mean `{ours}`?" if ours in fields else nearest(key, fields)


def _value(value: "Any", kind: "Any", path: "Path", document: Document, findings: Findings) -> None:
    """Inner tables and elements first, each with its own place; then the value as a whole."""
    before = len(findings.problems)
    for part, inner, inner_kind in _inside(value, kind):
        if isinstance(inner_kind, type) and issubclass(inner_kind, msgspec.Struct) and isinstance(inner, dict):
            _table(inner, inner_kind, (*path, *part), document, findings)
        else:
            _value(inner, inner_kind, (*path, *part), document, findings)
    if len(findings.problems) > before:
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        reason = _in_words(str(error), value, kind)
        if reason == "must be an array, not a table":
            reason += f"; each of its tables begins with [[{'.'.join(part for part in path if isinstance(part, str))}]]"
        findings.add(document, path, reason)
        return
    for part, reason in meaning.problems_of(path, value):
        findings.add(document, (*path, *part), reason)


def _inside(value: "Any", kind: "Any") -> "list[tuple[Path, Any, Any]]":
    """What a value consists of: (where, value, type) of elements of an array, members of a map, or an inner table."""
    for option in _options(kind):
        arguments = get_args(option)
        if get_origin(option) is tuple and isinstance(value, list):
            return [((index,), element, arguments[0]) for index, element in enumerate(value)]
        if get_origin(option) is dict and isinstance(value, dict):
            return [((name,), element, arguments[1]) for name, element in value.items()]
        if isinstance(option, type) and issubclass(option, msgspec.Struct) and isinstance(value, dict):
            return [((), value, option)]
    return []


def _options(kind: "Any") -> "list[Any]":
    """The members of a union, without what Annotated adds."""
    if get_origin(kind) is Annotated:
        return _options(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [option for member in get_args(kind) for option in _options(member)]
    return [kind]


def _in_words(message: str, value: "Any", kind: "Any") -> str:
    """Msgspec's message in the words of a person who writes TOML."""
    words = [word for option in _options(kind) if get_origin(option) is Literal for word in get_args(option)]
    if words and isinstance(value, str):
        return one_of(value, words)
    match = _MISMATCH.match(message)
    if match is None:
        return message
    if match["limit"].startswith(" of length >="):
        return "must not be empty"
    expected = " or ".join(_WORDS.get(part, part) for part in match["expected"].split(" | ") if part != "null")
    got = f", not {_WORDS.get(match['got'], match['got'])}" if match["got"] else ""
    return f"must be {expected}{match['limit']}{got}"
