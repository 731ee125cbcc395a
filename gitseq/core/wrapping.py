"""Wrappers: which commands can have one, the text of their script, and the lines that make a shell use them."""

from gitseq.core.installing import filled
from gitseq.core.shell import word
from gitseq.errors import UsageError

SCRIPT = b".gitseq-wrapper"
"""Each wrapper is a link to this script beside it, which is also how wrappers know one another."""

SHELLS = ("bash", "zsh", "fish")

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.@")
_NEVER = {
    "gitseq": "gitseq takes its turn by itself",
    "sh": "the wrapper itself is run by it",
}


def checked(names: "list[str]") -> "list[str]":
    """Names of commands, each once. UsageError for what cannot be one, or must not be wrapped."""
    for name in names:
        if not name or not _LETTERS.issuperset(name) or name[0] in "-.":
            raise UsageError(
                f"`{name}` is not the plain name of a command",
                hint="Name it as you would type it, without folder and arguments: gitseq wrap pytest",
            )
        if name in _NEVER:
            raise UsageError(f"`{name}` cannot be wrapped: {_NEVER[name]}")
    return list(dict.fromkeys(names))


def script(template: bytes, python: bytes, library: bytes) -> bytes:
    """The text of the script; any bytes but NUL may occur in the two paths."""
    return filled(template, {b"@PYTHON@": word(python), b"@LIBRARY@": word(library)})


def path_line(folder: bytes, shell: str = "bash") -> bytes:
    """The line that puts a folder first on PATH."""
    if shell == "fish":
        return b"fish_add_path --global --move --prepend " + _fish_quoted(folder)
    return b"export PATH=" + word(folder) + b':"$PATH"'


def function(shell: str, folder: bytes, name: str) -> bytes:
    """A function that calls a wrapper, and the command itself once the wrapper is gone."""
    command = name.encode()
    if shell == "fish":
        path = _fish_quoted(folder + b"/" + command)
        lines = (b"if test -x %s", b"    %s $argv", b"else", b"    command %s $argv", b"end")
        body = b"\n    ".join(lines) % (path, path, command)
        return b"function %s --wraps %s\n    %s\nend" % (command, command, body)
    path = word(folder + b"/" + command)
    body = b'if [ -x %s ]; then %s "$@"; else command %s "$@"; fi' % (path, path, command)
    return b"function %s { %s; }" % (command, body)


def _fish_quoted(value: bytes) -> bytes:
    """One word of fish, which knows two escapes between single quotes."""
    return b"'" + value.replace(b"\\", b"\\\\").replace(b"'", b"\\'") + b"'"
