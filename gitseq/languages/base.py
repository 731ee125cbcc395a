"""What every language module offers, and how to find it.

A language is a module `gitseq.languages.<name>` (with `-` as `_`) with

    ENVIRONMENT: str                             the kind of folder it installs into; '' when it needs none
    def start(hook, place) -> Start              the command and what its environment gets
and, only with an ENVIRONMENT,
    def version(hook) -> str                     what `language_version` means here and now, cheaply
    def install(hook, place, tools) -> witnesses fill the folder `place`
    def refresh(hook, place, tools) -> None      optional: what has to be done before each run

`place` is the environment's folder (b'' without one). `install` may raise `EnvironmentProblem`; it is run under the
lock of that environment, into an empty folder that nobody else uses before it has returned. The witnesses are files
outside of `place` that the environment stands on, such as the interpreter it was made for: when one of them has
changed or is gone, the environment is made again.
"""

import importlib
import os

from gitseq.errors import EnvironmentProblem
from gitseq.host import package
from gitseq.model import Hook, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from gitseq.host.env import Env
    from gitseq.model import Hook

SYSTEM = "system"
"""The language of a command that is started as it stands: hooks of it never come here."""
DEFAULT = "default"
ANY_VERSION = (DEFAULT, SYSTEM, "")
"""Values of `language_version` that mean the toolchain that is found."""


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

    def applied(self, env: "Env") -> "Env":
        """An environment with all of this in it."""
        made = {name: value for name, value in env.items() if name not in self.without}
        made[b"PATH"] = b":".join((*self.path, env.get(b"PATH", os.defpath.encode())))
        return {**made, **self.env}


class Tools:
    """What an installation works with: an environment, folders to write in, and a way to run commands."""

    def __init__(
        self,
        env: "Env",
        scratch: bytes,
        source: bytes,
        execute: "Callable[[list[bytes], bytes, Env], bytes]",
        find: "Callable[[bytes, Env], bytes | None]",
    ) -> None:
        self.env = env
        """Ours, without what binds a git to this repository."""
        self.scratch = scratch
        """An empty folder that is removed afterwards."""
        self.source = source
        """A copy of the repository that offers the hook, to build in; b'' for a hook of this repository."""
        self._execute = execute
        self._find = find

    def run(self, *argv: "bytes | str", cwd: bytes = b"", env: "Env | None" = None) -> bytes:
        """Run a command to its end, in the copy of the source unless told otherwise; what it printed.

        Raises EnvironmentProblem, with the end of what it printed, when it fails or is not there.
        """
        words = [word if isinstance(word, bytes) else encoded(word) for word in argv]
        return self._execute(words, cwd or self.source or self.scratch, self.env if env is None else env)

    def find(self, name: str) -> "bytes | None":
        """Where a program is on PATH."""
        return self._find(encoded(name), self.env)

    def need(self, hook: Hook, names: "tuple[str, ...]", get: str) -> bytes:
        """The first of these programs that is on PATH; EnvironmentProblem with one sentence when none is."""
        for name in names:
            if found := self.find(name):
                return found
        told = " or ".join(f"`{name}`" for name in names)
        raise missing(hook, f"hook `{hook.id}` ({hook.language}) needs {told}, which is not on PATH", get)


def missing(hook: Hook, what: str, get: str) -> EnvironmentProblem:
    """The problem that a toolchain is not there, or not the right one; `get` says what to install."""
    return EnvironmentProblem(what, hint=f"{get}, then try again; or go on without the hook: GITSEQ_SKIP={hook.id}")


def only_default_version(hook: Hook) -> None:
    """EnvironmentProblem for a `language_version` of a language whose toolchain is taken as it is found."""
    if hook.language_version not in ANY_VERSION:
        raise EnvironmentProblem(
            f"hook `{hook.id}`: language {hook.language} is used as it is found on PATH, "
            f"so `language_version` cannot be {hook.language_version!r}",
            hint="Take `language_version` away, or install that version and put it on PATH.",
        )


def no_dependencies(hook: Hook) -> None:
    """EnvironmentProblem for `additional_dependencies` of a language that has no place for them."""
    if hook.dependencies:
        raise EnvironmentProblem(
            f"hook `{hook.id}`: language {hook.language} takes no additional_dependencies",
            hint="Take them away, or build them into the repository of the hook.",
        )


def nothing_to_install(hook: Hook) -> EnvironmentProblem:
    """The problem that neither a source nor a dependency says what to install."""
    return EnvironmentProblem(
        f"hook `{hook.id}` ({hook.language}) says nothing to install",
        hint="Name what it needs in additional_dependencies, or make it a hook of language `system`.",
    )


def version_as_written(hook: Hook) -> str:
    """`version` of a language that asks nobody what a version means."""
    return hook.language_version


def encoded(text: str) -> bytes:
    """A word of a command line as bytes."""
    return text.encode("utf-8", "surrogateescape")


def in_source(hook: Hook, word: str) -> bytes:
    """A file that a command names: of the repository that offers the hook, if there is one."""
    return os.path.join(encoded(hook.source), encoded(word))


def ending_with(folder: bytes, suffix: bytes) -> "list[bytes]":
    """The names in a folder that end so, in order."""
    return sorted(name for name in os.listdir(folder) if name.endswith(suffix))


def load(name: str) -> "ModuleType":
    """The module of a language. Raises ModuleNotFoundError for one that nobody knows."""
    return importlib.import_module("gitseq.languages." + name.replace("-", "_"))


def of(hook: Hook) -> "ModuleType":
    """The language of a hook. EnvironmentProblem for one that this version does not know."""
    try:
        return load(hook.language)
    except ModuleNotFoundError:
        raise EnvironmentProblem(
            f"hook `{hook.id}`: this version of gitseq does not know the language {hook.language}",
            hint=f"Update gitseq; or go on without the hook: GITSEQ_SKIP={hook.id}",
        ) from None


_BOOT = b"import sys; sys.path.append(sys.argv.pop(1)); from gitseq.languages.programs.%s import main; main()"
_HAZMAT = (b"pre-commit", b"hazmat")


def program(name: str) -> "tuple[bytes, ...]":
    """The command that runs one of `languages.programs`; its arguments follow."""
    flags = (b"-I", b"-S", b"-X", b"utf8", b"-c")
    return (package.interpreter(), *flags, _BOOT % name.encode(), package.library())


def command(hook: Hook) -> "tuple[bytes, ...]":
    """A hook's command as bytes, for languages that start it as it stands.

    `pre-commit hazmat TOOL ...` in front of it is a tool of pre-commit's own that we have, too.
    """
    argv = tuple(encoded(word) for word in hook.argv)
    return program("hazmat") + argv[2:] if argv[:2] == _HAZMAT else argv
