"""How a process is told to a person."""

import os

_STARTS = ((b"main", (b"hook",)), (b"wrapper", (b"exec", b"--")))
"""Functions of `gitseq.boot` that shims and wrappers call, and what would have to be typed instead."""


def typed(argv: "list[bytes]") -> "list[bytes]":
    """A command as a person would type it: of ours, without the interpreter and the code that shims start it with.

    Any other is left as it is.
    """
    name = os.path.basename(argv[0]) if argv else b""
    if name == b"gitseq":
        return [name, *argv[1:]]
    if not name.startswith(b"python"):
        return argv
    if os.path.basename(argv[1] if len(argv) > 1 else b"") == b"gitseq":  # the console script
        return [b"gitseq", *argv[2:]]
    code = argv.index(b"-c") + 1 if b"-c" in argv[:-1] else 0
    for function, verb in _STARTS if code else ():
        if argv[code].endswith(b"from gitseq.boot import %s; %s()" % (function, function)):
            return [b"gitseq", *verb, *argv[code + 3 :]]  # without the library, and the script or start folder
    return argv
