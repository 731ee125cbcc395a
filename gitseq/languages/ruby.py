"""Hooks written in Ruby: gems in a folder of their own, installed by the ruby that is found."""

import os

from gitseq.languages.base import (
    ANY_VERSION,
    Start,
    command,
    encoded,
    ending_with,
    missing,
    nothing_to_install,
)
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "rbenv"
_GET = "Install Ruby, with gem"


def start(hook: "Hook", place: bytes) -> Start:
    """With its gems, and no others."""
    env = {b"GEM_HOME": place + b"/gems", b"BUNDLE_IGNORE_CONFIG": b"1"}
    return Start(command(hook), (place + b"/gems/bin",), env, (b"GEM_PATH",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Build the gems of the source and install them with the dependencies; ruby is the witness."""
    ruby = os.path.realpath(tools.need(hook, ("ruby",), _GET))
    gem = tools.need(hook, ("gem",), _GET)
    _check_version(hook, ruby, tools)
    env = start(hook, place).applied(tools.env)
    built: list[bytes] = []
    if tools.source:
        for spec in ending_with(tools.source, b".gemspec"):
            tools.run(gem, "build", spec, env=env)
        built = ending_with(tools.source, b".gem")
    wanted = [*built, *(encoded(dependency) for dependency in hook.dependencies)]
    if not wanted:
        raise nothing_to_install(hook)
    plain = ("--no-document", "--no-format-executable", "--no-user-install")
    into = ("--install-dir", place + b"/gems", "--bindir", place + b"/gems/bin")
    tools.run(gem, "install", *plain, *into, *wanted, env=env)
    return (ruby,)


def _check_version(hook: "Hook", ruby: bytes, tools: "Tools") -> None:
    if hook.language_version in ANY_VERSION:
        return
    found = tools.run(ruby, "-e", "print RUBY_VERSION").decode("ascii", "replace").strip()
    if not f"{found}.".startswith(f"{hook.language_version}."):
        raise missing(
            hook,
            f"hook `{hook.id}` (ruby) needs Ruby {hook.language_version}, and the one on PATH is {found}",
            f"Put Ruby {hook.language_version} on PATH (for example with rbenv)",
        )
