"""Hooks for Deno: programs and cached modules in a folder of their own; scripts come from the source."""

import os

from gitseq.languages.base import Start, encoded, in_source, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "deno_env"
_GET = "Install Deno"
_SCRIPTS = (".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs")


def start(hook: "Hook", place: bytes) -> Start:
    """The command, with its script found in the source and its modules in the environment."""
    argv = tuple(in_source(hook, word) if _is_script(word) else encoded(word) for word in hook.argv)
    return Start(argv, (place + b"/bin",), _settings(place))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Cache what the script of the command imports, and install the dependencies as programs."""
    only_default_version(hook)
    scripts = [word for word in hook.argv if _is_script(word)] if tools.source else []
    if not scripts and not hook.dependencies:
        raise nothing_to_install(hook)
    deno = tools.need(hook, ("deno",), _GET)
    env = {**tools.env, **_settings(place)}
    for script in scripts:
        tools.run(deno, "cache", in_source(hook, script), env=env)
    for dependency in hook.dependencies:
        options = ("--global", "--allow-all", "--root", place)
        tools.run(deno, "install", *options, encoded(dependency), env=env)
    return (os.path.realpath(deno),)


def _is_script(word: str) -> bool:
    return word.endswith(_SCRIPTS) and "://" not in word and not word.startswith(("-", "/", "npm:", "jsr:"))


def _settings(place: bytes) -> "Env":
    return {b"DENO_DIR": place + b"/cache", b"DENO_NO_UPDATE_CHECK": b"1"}
