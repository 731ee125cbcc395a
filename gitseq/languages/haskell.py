"""Hooks written in Haskell: programs installed by the cabal that is found."""

import os

from gitseq.languages.base import (
    Start,
    command,
    encoded,
    ending_with,
    nothing_to_install,
    only_default_version,
)
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "hs_env"
_GET = "Install GHC and cabal (for example with ghcup)"


def start(hook: "Hook", place: bytes) -> Start:
    """With the programs in front."""
    return Start(command(hook), (place + b"/bin",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Install the packages of the source and the dependencies."""
    only_default_version(hook)
    own = ending_with(tools.source, b".cabal") if tools.source else []
    wanted = [*own, *(encoded(dependency) for dependency in hook.dependencies)]
    if not wanted:
        raise nothing_to_install(hook)
    cabal = tools.need(hook, ("cabal",), _GET)
    os.makedirs(place + b"/bin")
    tools.run(cabal, "update")
    tools.run(cabal, "install", "--install-method", "copy", "--installdir", place + b"/bin", *wanted)
    return ()
