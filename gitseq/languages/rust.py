"""Hooks written in Rust: programs built by the cargo that is found, or by a toolchain that rustup fetches."""

from gitseq.errors import EnvironmentProblem
from gitseq.languages.base import ANY_VERSION, Start, command, encoded, nothing_to_install
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "rustenv"
_GET = "Install Rust, with cargo"
_PROGRAM = "cli:"
"""What a dependency starts with that is a program of its own, not a library for the source."""


def start(hook: "Hook", place: bytes) -> Start:
    """With the built programs in front."""
    return Start(command(hook), (place + b"/bin",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Build the programs of the source, with additional libraries, and the programs among the dependencies."""
    cargo = tools.need(hook, ("cargo",), _GET)
    programs = [_split(dep.removeprefix(_PROGRAM)) for dep in hook.dependencies if dep.startswith(_PROGRAM)]
    libraries = [_split(dep) for dep in hook.dependencies if not dep.startswith(_PROGRAM)]
    if not tools.source and libraries:
        raise EnvironmentProblem(
            f"hook `{hook.id}` (rust) has no source that could use the crate {libraries[0][0]}",
            hint=f'For a program write "{_PROGRAM}{libraries[0][0]}".',
        )
    if not tools.source and not programs:
        raise nothing_to_install(hook)
    env = _toolchain(hook, tools)
    if libraries:
        crates = [f"{name}@{wanted or '*'}" for name, wanted in libraries]
        tools.run(cargo, "add", *crates, env=env)
    into = ("install", "--bins", "--root", place)
    if tools.source:
        tools.run(cargo, *into, "--path", ".", env=env)
    for name, wanted in programs:
        tools.run(cargo, *into, name, *(("--version", wanted) if wanted else ()), env=env)
    return ()


def _toolchain(hook: "Hook", tools: "Tools") -> "Env":
    """The environment to build in: with a version, a toolchain of its own that is gone again afterwards."""
    if hook.language_version in ANY_VERSION:
        return tools.env
    rustup = tools.need(hook, ("rustup",), "Install rustup, which fetches other versions of Rust")
    wanted = encoded(hook.language_version)
    env = {**tools.env, b"RUSTUP_HOME": tools.scratch + b"/rustup", b"RUSTUP_TOOLCHAIN": wanted}
    install = ("toolchain", "install", "--no-self-update", "--profile", "minimal")
    tools.run(rustup, *install, wanted, env=env)
    return env


def _split(dependency: str) -> "tuple[str, str]":
    name, _, wanted = dependency.partition(":")
    return name, wanted
