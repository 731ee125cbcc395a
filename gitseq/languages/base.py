"""What every language module offers, and how to find it.

A language is a module `gitseq.languages.<name>` (with `-` as `_`) with

    ENVIRONMENT: str                                      the kind of folder it installs into; '' when it needs none
    def start(hook: Hook, place: bytes) -> Start          the command and what its environment gets; pure
    def install(hook: Hook, place: bytes, install: Install) -> None   only with an ENVIRONMENT: fill the folder `place`

`place` is the environment's folder (b'' without one). `install` may raise `EnvironmentProblem`, and is run under the
lock of that environment, into a folder that nobody else uses before it has returned.
"""

import importlib

from gitseq.host import package
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from gitseq.host.env import Env
    from gitseq.model import Hook

SYSTEM = "system"
"""The language of a command that is started as it stands: hooks of it never come here."""


class Start(Record):
    """How a hook is started."""

    argv: tuple[bytes, ...]
    """The command without file names."""
    path: tuple[bytes, ...] = ()
    """Folders put in front of PATH."""
    env: "Env" = {}  # noqa: RUF012 - a Record never changes its defaults
    """Variables it gets."""
    without: tuple[bytes, ...] = ()
    """Variables it does not get."""


def load(name: str) -> "ModuleType":
    """The module of a language. Raises ModuleNotFoundError for one that nobody knows."""
    return importlib.import_module("gitseq.languages." + name.replace("-", "_"))


_BOOT = b"import sys; sys.path.append(sys.argv.pop(1)); from gitseq.languages.programs.%s import main; main()"
_HAZMAT = (b"pre-commit", b"hazmat")


def program(name: str) -> "tuple[bytes, ...]":
    """The command that runs one of `languages.programs`; its arguments follow."""
    flags = (b"-I", b"-S", b"-X", b"utf8", b"-c")
    return (package.interpreter(), *flags, _BOOT % name.encode(), package.library())


def command(hook: "Hook") -> "tuple[bytes, ...]":
    """A hook's command as bytes, for languages that start it as it stands.

    `pre-commit hazmat TOOL ...` in front of it is a tool of pre-commit's own that we have, too.
    """
    argv = tuple(word.encode("utf-8", "surrogateescape") for word in hook.argv)
    return program("hazmat") + argv[2:] if argv[:2] == _HAZMAT else argv
