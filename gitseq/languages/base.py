"""What every language module offers, and how to find it.

A language is a module `gitseq.languages.<name>` (with `-` as `_`) with

    ENVIRONMENT: str                                      the kind of folder it installs into; '' when it needs none
    def start(hook: Hook, place: bytes) -> Start          the command and what its environment gets; pure
    def install(hook: Hook, place: bytes, install: Install) -> None   only with an ENVIRONMENT: fill the folder `place`

`place` is the environment's folder (b'' without one). `install` may raise `EnvironmentProblem`, and is run under the
lock of that environment, into a folder that nobody else uses before it has returned.
"""

import importlib

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from gitseq.host.env import Env

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
