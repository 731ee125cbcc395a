"""The command line as values, read off the parsers themselves."""

import argparse

from gitseq.cli import main
from gitseq.core.commandline import Argument, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def verbs() -> "tuple[Verb, ...]":
    """Every verb, and after one with parts of its own these parts."""
    top = main.parser(list(main.VERBS))
    return tuple(verb for name, sub, told in _subparsers(top) for verb in _described(name, sub, told))


def _described(name: str, parser: argparse.ArgumentParser, told: str) -> "Iterator[Verb]":
    arguments = tuple(_argument(action) for action in parser._actions if _is_shown(action))
    yield Verb(name, told, parser.description or "", arguments, parser.epilog or "")
    for part, sub, help_line in _subparsers(parser):
        yield from _described(f"{name} {part}", sub, help_line)


def _subparsers(parser: argparse.ArgumentParser) -> "Iterator[tuple[str, argparse.ArgumentParser, str]]":
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, sub in action.choices.items():
                yield name, sub, told.get(name, "")


def _is_shown(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)


def _argument(action: argparse.Action) -> Argument:
    takes_value = action.nargs != 0
    choices = tuple(str(choice) for choice in action.choices or ())
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    return Argument(
        flags=tuple(action.option_strings),
        value=(metavar or "|".join(choices) or action.dest.upper()) if takes_value else "",
        help=action.help or "",
        choices=choices,
        repeats=action.nargs in ("*", "+", argparse.REMAINDER) or isinstance(action, argparse._AppendAction),
        optional=bool(action.option_strings) or action.nargs in ("*", "?", argparse.REMAINDER),
    )
