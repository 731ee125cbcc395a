"""Hooks in a container of a ready-made image: the command starts with the image (or an `--entrypoint` before it)."""

import os

from gitseq.host import files
from gitseq.languages.base import Start, command, no_dependencies, only_default_version
from gitseq.languages.base import version_as_written as version
from gitseq.languages.docker import container, facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "refresh", "start", "version"]
ENVIRONMENT = "docker_image"
_GET = "Install docker"


def start(hook: "Hook", place: bytes) -> Start:
    """The command, as the arguments of `docker run`."""
    return container(place, *command(hook))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Nothing but a place to note how containers are started; docker fetches the image when it runs."""
    only_default_version(hook)
    no_dependencies(hook)
    tools.need(hook, ("docker",), _GET)
    os.makedirs(place)
    return ()


def refresh(hook: "Hook", place: bytes, tools: "Tools") -> None:
    """Note how a container is started here."""
    files.write_whole(place + b"/facts", facts(tools.need(hook, ("docker",), _GET), tools))
