"""`gitseq unwrap`: takes wrappers away again."""

import os
from contextlib import suppress

from gitseq.cli.telling import shown, tell
from gitseq.cli.wrap import add_dir_option, folder_of, unwritable, wrapped_in
from gitseq.core import wrapping
from gitseq.errors import UsageError
from gitseq.host import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context


def configure(parser: "argparse.ArgumentParser") -> None:
    """The options of `gitseq unwrap`."""
    parser.epilog = (
        "examples:\n  gitseq unwrap npm      this one\n  gitseq unwrap          all of them, and their folder\n"
    )
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help="default: all that are wrapped")
    add_dir_option(parser)


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Remove the links that were named, or all, and then what they led to."""
    folder = folder_of(options, context)
    there = wrapped_in(folder)
    for name in options.commands:
        if name not in there:
            raise UsageError(f"`{name}` is not wrapped in {shown(folder, context)}", hint="To see them: gitseq wrap")
    names = list(dict.fromkeys(options.commands)) or there
    try:
        _remove(folder, names, all_of_them=set(names) == set(there))
    except OSError as error:
        raise unwritable(folder, error) from None
    tell(f"unwrapped {', '.join(names)}" if names else f"nothing is wrapped in {shown(folder, context)}")
    return 0


def _remove(folder: bytes, names: "list[str]", *, all_of_them: bool) -> None:
    """The links first: without what they lead to, they would hide the commands behind them."""
    for name in names:
        files.remove(os.path.join(folder, os.fsencode(name)))
    if all_of_them:
        files.remove(os.path.join(folder, wrapping.SCRIPT))
        with suppress(OSError):  # other files lie there
            os.rmdir(folder)
