"""What is said about a command line that cannot be: what is wrong, the nearest that is known, what to type."""

import argparse
import re

from gitseq.cli.telling import say
from gitseq.config.explain import nearest, on_one_line
from gitseq.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse prints all of the usage and exits."""

    def error(self, message: str) -> "NoReturn":
        """Refuse a command line."""
        if message.startswith("the following arguments are required"):
            message = self._what_is_missing() or message
        raise UsageError(on_one_line(message), hint=f"To see what it takes: {self.prog} --help")

    def _what_is_missing(self) -> str:
        """No verb demands more than one word."""
        demanded = [action for action in self._get_positional_actions() if action.nargs is None]
        return "; ".join(f"{self.prog} needs {_named(action)}: {action.help}" for action in demanded)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        option = f"{action.option_strings[-1]}: " if action.option_strings else ""
        known = [str(choice) for choice in action.choices]
        word = on_one_line(str(value))
        raise UsageError(
            f"{option}`{word}` is not known{nearest(word, known)}",
            why="Known are: " + ", ".join(known),
            hint=f"To see what it takes: {self.prog} --help",
        )

    def _print_message(self, message: str, _file: object = None) -> None:
        """Help and version, all that is left to print; to a full disk as to a reader that has gone."""
        say(message)


def _named(action: argparse.Action) -> str:
    return " or ".join(map(str, action.choices)) if action.choices else str(action.metavar)


def require_verb(arguments: "list[str]", verbs: "Iterable[str]") -> None:
    """Raise UsageError when the first word is no verb."""
    word = next((argument for argument in arguments if not argument.startswith("-")), None)
    if word is not None and word not in verbs:
        raise UsageError(
            f"there is no verb `{on_one_line(word)}`{nearest(word, verbs)}", hint="To see all of them: gitseq --help"
        )


def refuse_unknown(unknown: "list[str]", top: argparse.ArgumentParser, verb: "str | None") -> None:
    """Raise UsageError for what is left of a command line that the verb's parser has read."""
    if not unknown:
        return
    parser = top if verb is None else parser_of(top, verb)
    word = on_one_line(unknown[0])
    hint = f"To see what it takes: {parser.prog} --help"
    if not word.startswith("-"):
        raise UsageError(f"{parser.prog} takes no `{word}`", hint=hint)
    option = word.partition("=")[0]
    known = re.findall(r"(?<![\w-])--[a-z0-9][a-z0-9-]*", parser.format_help())
    raise UsageError(f"{parser.prog} has no option `{option}`{nearest(option, known)}", hint=hint)


def parser_of(top: argparse.ArgumentParser, verb: str) -> argparse.ArgumentParser:
    """The parser of one verb."""
    found = next(action.choices for action in top._actions if action.dest == "verb")
    assert isinstance(found, dict)  # noqa: S101 - argparse keeps subparsers by name
    parser: argparse.ArgumentParser = found[verb]
    return parser
