"""Hooks for Bun: packages installed into a folder of their own by the bun that is found."""

import os

from gitseq.languages.base import Start, command, encoded, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "bun_env"
_GET = "Install Bun"


def start(hook: "Hook", place: bytes) -> Start:
    """With the installed programs in front, and their modules to be found."""
    return Start(command(hook), (place + b"/bin",), _settings(place))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Install the package of the source (kept beside, because bun links to it) and the dependencies."""
    only_default_version(hook)
    has_package = bool(tools.source) and os.path.exists(tools.source + b"/package.json")
    if not has_package and not hook.dependencies:
        raise nothing_to_install(hook)
    bun = tools.need(hook, ("bun",), _GET)
    env = {**tools.env, **_settings(place)}
    os.makedirs(place)
    wanted = [encoded(dependency) for dependency in hook.dependencies]
    if has_package:
        os.rename(tools.source, place + b"/source")
        tools.run(bun, "install", cwd=place + b"/source", env=env)
        wanted.insert(0, place + b"/source")
    tools.run(bun, "add", "--global", *wanted, cwd=place, env=env)
    return (os.path.realpath(bun),)


def _settings(place: bytes) -> "Env":
    return {b"BUN_INSTALL": place, b"NODE_PATH": place + b"/install/global/node_modules"}
