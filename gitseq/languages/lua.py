"""Hooks written in Lua: a tree of rocks each, filled by luarocks."""

import os

from gitseq.host import files
from gitseq.languages.base import Start, command, encoded, ending_with, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "lua_env"
_GET = "Install Lua, with luarocks"


def start(hook: "Hook", place: bytes) -> Start:
    """With its programs and modules in front; which Lua the tree is for was noted when it was made."""
    lua = (files.read(place + b"/lua-version") or b"").strip()
    share = place + b"/share/lua/" + lua
    env = {
        b"LUA_PATH": share + b"/?.lua;" + share + b"/?/init.lua;;",
        b"LUA_CPATH": place + b"/lib/lua/" + lua + b"/?.so;;",
    }
    return Start(command(hook), (place + b"/bin",), env)


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Make the rocks of the source and install the dependencies, one by one as luarocks wants it."""
    only_default_version(hook)
    luarocks = tools.need(hook, ("luarocks",), _GET)
    specs = ending_with(tools.source, b".rockspec") if tools.source else []
    if not specs and not hook.dependencies:
        raise nothing_to_install(hook)
    lua = tools.run(luarocks, "config", "lua_version").strip()
    os.makedirs(place, exist_ok=True)
    files.write_whole(place + b"/lua-version", lua.strip(b"\"'") + b"\n")
    env = start(hook, place).applied(tools.env)
    for spec in specs:
        tools.run(luarocks, "--tree", place, "make", spec, env=env)
    for dependency in hook.dependencies:
        tools.run(luarocks, "--tree", place, "install", encoded(dependency), env=env)
    return (os.path.realpath(luarocks),)
