"""Messages outside of a run's lines: errors, on stderr."""

import os

from gitseq.errors import GitseqError


def show_error(error: GitseqError) -> None:
    """Say what happened, why, what is kept and what to type next; bytes that are not UTF-8 are shown escaped."""
    text = "\n".join(["gitseq: " + error.lines()[0], *("  " + line for line in error.lines()[1:])]) + "\n"
    os.write(2, text.encode("utf-8", "backslashreplace"))
