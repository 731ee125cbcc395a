"""Arguments of built-in hooks, understood exactly as argparse understands them.

argparse takes 20 ms to import, more than most of these hooks take to run. So the forms that people write - a flag, or
an option with its value, spelled out - are understood here, and everything else (abbreviations, `-bmain`, mistakes)
is left to argparse, which is given the same table.
"""

from gitseq.errors import ConfigError
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

_MISSING = object()


class Option(Record):
    """One option of a hook."""

    flags: tuple[str, ...]
    dest: str
    default: "Any" = None
    const: "Any" = None
    """What the option stands for when it takes no value."""
    convert: "Callable[[str], Any] | None" = None
    choices: tuple[str, ...] = ()
    append: bool = False
    """Given again, it adds to what was given before, and to the default."""
    group: str = ""
    """Options of one group exclude each other."""


def parse(name: str, options: "Sequence[Option]", args: "Sequence[str]", positional: str = "") -> "dict[str, Any]":
    """What the arguments of hook `name` say, by `dest`; words that belong to no option are listed under `positional`.

    Raises ConfigError for arguments that the hook does not take.
    """
    if not args:
        return _defaults(options, positional)
    values = _plain(options, args, positional)
    return _by_argparse(name, options, args, positional) if values is None else values


def refuse(name: str, reason: str) -> "NoReturn":
    """Say that the arguments of a hook make no sense. Raises ConfigError."""
    raise ConfigError(
        f"built-in hook {name}: {reason}", hint="Its arguments are described in docs/reference/builtin-hooks.md."
    )


def _defaults(options: "Sequence[Option]", positional: str) -> "dict[str, Any]":
    values: "dict[str, Any]" = {}
    for option in options:
        if values.get(option.dest) is None:  # several options may share one value: the first tells its default
            values[option.dest] = list(option.default) if option.append and option.default else option.default
    if positional:
        values[positional] = []
    return values


def _plain(options: "Sequence[Option]", args: "Sequence[str]", positional: str) -> "dict[str, Any] | None":
    """The values, or None when an argument has a form that is not understood here."""
    values, known, groups = _defaults(options, positional), {flag: o for o in options for flag in o.flags}, set()
    words = iter(args)
    for word in words:
        flag, equals, text = word.partition("=")
        if positional and not word.startswith("-"):
            values[positional].append(word)
            continue
        option = known.get(flag)
        if option is None or (equals and not flag.startswith("--")) or (option.group and option.group in groups):
            return None
        groups.add(option.group)
        value = _value(option, text if equals else None, words)
        if value is _MISSING:
            return None
        values[option.dest] = [*(values[option.dest] or ()), value] if option.append else value
    return values


def _value(option: Option, text: "str | None", words: "Any") -> "Any":
    if option.const is not None:
        return option.const if text is None else _MISSING
    if text is None:
        text = next(words, "-")
        if text.startswith("-"):
            return _MISSING
    if option.choices and text not in option.choices:
        return _MISSING
    try:
        return option.convert(text) if option.convert else text
    except ValueError:
        return _MISSING


def _by_argparse(name: str, options: "Sequence[Option]", args: "Sequence[str]", positional: str) -> "dict[str, Any]":
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> "NoReturn":
            refuse(name, message)

    parser = Parser(prog=name, add_help=False)
    groups = {group: parser.add_mutually_exclusive_group() for group in {o.group for o in options if o.group}}
    for option in options:
        _add(groups.get(option.group, parser), option)
    parser.add_argument("filenames", nargs="*")
    understand = parser.parse_intermixed_args if positional else parser.parse_args
    values = vars(understand(list(args)))
    words = values.pop("filenames")
    if positional:
        values[positional] = words
    elif words:
        refuse(name, f"takes no file names as arguments: {' '.join(words)}")
    return {**_defaults(options, positional), **{key: value for key, value in values.items() if value is not None}}


def _add(parser: "Any", option: Option) -> None:
    settings: "dict[str, Any]" = {"dest": option.dest, "default": option.default}
    if option.const is not None:
        settings.update(action="store_const", const=option.const)
    else:
        settings.update(type=option.convert or str, choices=option.choices or None)
        if option.append:
            settings.update(action="append", default=list(option.default or ()) or None)
    parser.add_argument(*option.flags, **settings)
