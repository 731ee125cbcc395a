"""Hooks from the JVM's world: applications installed by the coursier (`cs`) that is found."""

import os

from gitseq.languages.base import Start, command, encoded, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "coursier"
_GET = "Install coursier"
_CHANNEL = b"/.pre-commit-channel"


def start(hook: "Hook", place: bytes) -> Start:
    """With the applications in front, and their jars beside them."""
    return Start(command(hook), (place,), {b"COURSIER_CACHE": place + b"/.cs-cache"})


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Install every application of the source's channel, and the dependencies."""
    only_default_version(hook)
    channel = tools.source + _CHANNEL if tools.source else b""
    has_channel = bool(channel) and os.path.isdir(channel)
    if not has_channel and not hook.dependencies:
        raise nothing_to_install(hook)
    cs = tools.need(hook, ("cs", "coursier"), _GET)
    env = start(hook, place).applied(tools.env)
    wanted: list[tuple[bytes, ...]] = []
    if has_channel:
        names = sorted(os.path.splitext(name)[0] for name in os.listdir(channel))
        wanted += [(b"--default-channels=false", b"--channel", channel, name) for name in names]
    if hook.dependencies:
        wanted.append(tuple(encoded(dependency) for dependency in hook.dependencies))
    for options in wanted:
        tools.run(cs, "fetch", *options, env=env)
        tools.run(cs, "install", "--dir", place, *options, env=env)
    return ()
