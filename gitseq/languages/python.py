"""Hooks written in Python: a virtual environment each, made by uv where it is found, else by venv and pip."""

import os
import sys

from gitseq.errors import EnvironmentProblem
from gitseq.host import package
from gitseq.languages.base import ANY_VERSION, DEFAULT, Start, command, encoded, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

ENVIRONMENT = "py_env"
_OURS = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_GET = "Install that Python (or uv, which fetches it) so that it is on PATH"


def version(hook: "Hook") -> str:
    """By default the version that runs gitseq, so that two of us with different Pythons share no environment."""
    asked = hook.language_version
    if asked in ANY_VERSION:
        return _OURS
    return f"python{asked}" if asked[:1].isdigit() else asked


def start(hook: "Hook", place: bytes) -> Start:
    """As in an activated virtual environment."""
    env = {b"VIRTUAL_ENV": place, b"PIP_DISABLE_PIP_VERSION_CHECK": b"1"}
    return Start(command(hook), (place + b"/bin",), env, (b"PYTHONHOME",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Make the environment and install the source and the dependencies; the interpreter is its witness."""
    env = {name: value for name, value in tools.env.items() if name not in (b"PYTHONHOME", b"VIRTUAL_ENV")}
    uv = tools.find("uv")
    interpreter = _interpreter(hook, tools, has_uv=uv is not None)
    wanted = [b"."] * bool(tools.source) + [encoded(dependency) for dependency in hook.dependencies]
    if uv is not None:
        tools.run(uv, "venv", "--quiet", "--no-project", "--python", interpreter, place, env=env, cwd=tools.scratch)
        if wanted:
            tools.run(uv, "pip", "install", "--python", place + b"/bin/python", *wanted, env=env)
    else:
        _make_venv(hook, interpreter, place, tools)
        if wanted:
            pip = (place + b"/bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
            tools.run(*pip, *wanted, env=env)
    return (os.path.realpath(place + b"/bin/python"),)


def _make_venv(hook: "Hook", interpreter: bytes, place: bytes, tools: "Tools") -> None:
    try:
        tools.run(interpreter, "-m", "venv", place, cwd=tools.scratch)
    except EnvironmentProblem as problem:
        if "ensurepip" not in problem.why:
            raise
        what = f"hook `{hook.id}` (python): {os.fsdecode(interpreter)} cannot make virtual environments"
        raise missing(hook, what, "Install its venv module (on Debian: python3-venv), or uv") from None


def _interpreter(hook: "Hook", tools: "Tools", *, has_uv: bool) -> bytes:
    """The interpreter that a version names: a program on PATH, ourselves, a path, or what uv can make of it."""
    wanted = version(hook)
    if "/" in wanted:
        return os.path.expanduser(encoded(wanted))
    if found := tools.find(wanted):
        return found
    if wanted in (_OURS, f"python{sys.version_info[0]}", DEFAULT):
        return package.base_interpreter()
    if has_uv:
        return encoded(wanted)
    raise missing(hook, f"hook `{hook.id}` (python) needs {wanted}, which is not on PATH", _GET)
