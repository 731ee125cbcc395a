"""Hooks written for Node.js: a prefix each, filled by the npm that is found, with a link to its node."""

import os

from gitseq.languages.base import ANY_VERSION, Start, command, encoded, missing, nothing_to_install
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "node_env"
_GET = "Install Node.js, with npm"
_WITHOUT = (b"NPM_CONFIG_USERCONFIG", b"npm_config_userconfig")


def start(hook: "Hook", place: bytes) -> Start:
    """With the prefix's programs in front, and its modules to be found."""
    return Start(command(hook), (place + b"/bin",), _settings(place), _WITHOUT)


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Install the package of the source and the dependencies into the prefix; node is its witness."""
    node = os.path.realpath(tools.need(hook, ("node",), _GET))
    npm = tools.need(hook, ("npm",), _GET)
    _check_version(hook, node, tools)
    wanted = [b"git+file://" + tools.source] if os.path.exists(tools.source + b"/package.json") else []
    wanted += [encoded(dependency) for dependency in hook.dependencies]
    if not wanted:
        raise nothing_to_install(hook)
    os.makedirs(place + b"/bin")
    os.symlink(node, place + b"/bin/node")
    env: Env = {name: value for name, value in tools.env.items() if name not in _WITHOUT}
    quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--allow-git=root")
    run_env = Start((), (place + b"/bin",), _settings(place)).applied(env)
    tools.run(npm, "install", "-g", "--install-links", *quiet, *wanted, env=run_env)
    return (node,)


def _settings(place: bytes) -> "Env":
    return {
        b"NODE_VIRTUAL_ENV": place,
        b"NPM_CONFIG_PREFIX": place,
        b"npm_config_prefix": place,
        b"NODE_PATH": place + b"/lib/node_modules",
    }


def _check_version(hook: "Hook", node: bytes, tools: "Tools") -> None:
    """The node that is found is used; one of another version than the hook wants is no use."""
    if hook.language_version in ANY_VERSION:
        return
    wanted = hook.language_version.lstrip("v")
    found = tools.run(node, "--version").decode("ascii", "replace").strip().lstrip("v")
    if not f"{found}.".startswith(f"{wanted}."):
        raise missing(
            hook,
            f"hook `{hook.id}` (node) needs Node.js {wanted}, and the one on PATH is {found}",
            f"Put Node.js {wanted} on PATH",
        )
