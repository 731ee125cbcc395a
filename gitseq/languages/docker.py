"""Hooks in a container whose image is built from the Dockerfile at the top of the source.

The image is built again (out of docker's own cache, mostly in no time) before each run, because images are swept by
other people's clean-ups. How to start a container is found out then, too: see `facts`.
"""

import os

from gitseq.host import files
from gitseq.languages.base import Start, command, encoded, no_dependencies, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "container", "facts", "install", "refresh", "start", "version"]
ENVIRONMENT = "docker"
_GET = "Install docker"
_LABEL = "GITSEQ"
_RUN = b"""\
[ ! -t 1 ] || set -- --tty "$@"
exec docker run --rm%s --volume "$PWD:/src:rw,Z" --workdir /src "$@"
"""


def start(hook: "Hook", place: bytes) -> Start:
    """The first word of the command is the program in the container."""
    program, *rest = command(hook)
    return container(place, b"--entrypoint", program, _tag(place), *rest)


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Build the image, with the newest version of what it is based on."""
    only_default_version(hook)
    no_dependencies(hook)
    if not tools.source:
        raise nothing_to_install(hook)
    docker = tools.need(hook, ("docker",), _GET)
    os.makedirs(place)
    tools.run(docker, "build", "--tag", _tag(place), "--label", _LABEL, "--pull", ".")
    return ()


def refresh(hook: "Hook", place: bytes, tools: "Tools") -> None:
    """Build the image if it is gone, and note how a container is started here."""
    docker = tools.need(hook, ("docker",), _GET)
    tools.run(docker, "build", "--tag", _tag(place), "--label", _LABEL, ".", cwd=encoded(hook.source))
    files.write_whole(place + b"/facts", facts(docker, tools))


def facts(docker: bytes, tools: "Tools") -> bytes:
    """Who a container's files belong to: us, or under a rootless docker, by itself, us again."""
    told = tools.run(docker, "system", "info", "--format", "{{ json . }}")
    rootless = b"name=rootless" in told or b'"rootless":true' in told
    return b"" if rootless else b"--user %d:%d" % (os.getuid(), os.getgid())


def container(place: bytes, *arguments: bytes) -> Start:
    """How a container is started with the work tree in /src; with a terminal when its output goes to one."""
    user = files.read(place + b"/facts") or b""
    script = _RUN % (b" " + user if user else b"")
    return Start((b"/bin/sh", b"-c", script, b"docker", *arguments))


def _tag(place: bytes) -> bytes:
    return b"gitseq-" + os.path.basename(os.path.dirname(place))
