"""Hooks written in Dart: the executables of a package, compiled by the dart that is found."""

import os
import re

from gitseq.errors import EnvironmentProblem
from gitseq.host import files
from gitseq.languages.base import Start, command, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "executables", "install", "start", "version"]
ENVIRONMENT = "dartenv"
_GET = "Install Dart"
_DESCRIPTION = b"pubspec.yaml"


def start(hook: "Hook", place: bytes) -> Start:
    """With the compiled programs in front."""
    return Start(command(hook), (place + b"/bin",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Compile the executables of the source and of each dependency."""
    only_default_version(hook)
    if not tools.source and not hook.dependencies:
        raise nothing_to_install(hook)
    dart = tools.need(hook, ("dart",), _GET)
    os.makedirs(place + b"/bin")
    if tools.source:
        _compile(dart, tools.source, tools.scratch + b"/source-cache", place, tools)
    for number, dependency in enumerate(hook.dependencies):
        name, _, wanted = dependency.partition(":")
        cache = tools.scratch + b"/cache-%d" % number
        env = {**tools.env, b"PUB_CACHE": cache}
        tools.run(dart, "pub", "cache", "add", name, *(("--version", wanted) if wanted else ()), env=env)
        _compile(dart, _package_in(cache, dependency), cache, place, tools)
    return ()


def _compile(dart: bytes, package: bytes, cache: bytes, place: bytes, tools: "Tools") -> None:
    env = {**tools.env, b"PUB_CACHE": cache}
    tools.run(dart, "pub", "get", cwd=package, env=env)
    for name, script in executables(files.read(package + b"/" + _DESCRIPTION) or b""):
        output = place + b"/bin/" + name
        tools.run(dart, "compile", "exe", "--output", output, b"bin/" + script + b".dart", cwd=package, env=env)


def _package_in(cache: bytes, dependency: str) -> bytes:
    for folder, _folders, names in os.walk(cache):
        if _DESCRIPTION in names:
            return folder
    raise EnvironmentProblem(f"`dart pub cache add` fetched no package for {dependency}")


def executables(pubspec: bytes) -> "list[tuple[bytes, bytes]]":
    """(name, script without its ending) of each entry of `executables:`; the script has the same name if none is said.

    The section is a flat map, so its lines are read; PyYAML would be loaded for this alone.
    """
    section = re.search(rb"^executables:[ \t]*\r?\n((?:[ \t]+[^\n]*\n?|[ \t]*\r?\n)*)", pubspec, re.MULTILINE)
    lines = section[1].splitlines() if section else []
    found = [re.match(rb"[ \t]+['\"]?([\w.-]+)['\"]?[ \t]*:[ \t]*['\"]?([\w./-]*)", line) for line in lines]
    return [(match[1], match[2] or match[1]) for match in found if match]
