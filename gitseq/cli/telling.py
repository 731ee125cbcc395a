"""What the verbs share when they say what they did."""

import os

from gitseq.core.text import printable
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.cli.context import Context


def say(text: str) -> None:
    """Write to standard output; bytes that are not UTF-8 are shown escaped, a reader that left early is no error."""
    plain.write_all(1, text.encode("utf-8", "backslashreplace"))


def tell(line: str) -> None:
    """One line on standard output."""
    say(line + "\n")


def shown(path: bytes, context: "Context") -> str:
    """A path as the user would type it: relative when it lies below the folder they are in."""
    here = os.path.realpath(context.cwd) + b"/"
    return printable(path[len(here) :] if path.startswith(here) else path)
