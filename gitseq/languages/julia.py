"""Hooks written in Julia: a project with a depot of its own; the command names a script of the source."""

import os

from gitseq.host import files
from gitseq.languages.base import Start, command, encoded, in_source
from gitseq.languages.base import only_default_version as _only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "juliaenv"
_GET = "Install Julia"
_PROJECT = (b"JuliaProject.toml", b"Project.toml")
_MANIFEST = (b"JuliaManifest.toml", b"Manifest.toml")
_INSTALL = """\
pushfirst!(LOAD_PATH, "@stdlib"); using Pkg; popfirst!(LOAD_PATH)
withenv("JULIA_PKG_PRECOMPILE_AUTO" => isempty(ARGS) ? "1" : "0") do
    Pkg.instantiate()
end
if !isempty(ARGS)
    Pkg.REPLMode.pkgstr("add " * join(ARGS, " "))
end
"""


def start(hook: "Hook", place: bytes) -> Start:
    """The script, run with the packages of the project and those that come with Julia."""
    env = {b"JULIA_LOAD_PATH": place, b"JULIA_DEPOT_PATH": place + b"/depot:"}
    argv = (b"julia", b"--startup-file=no", in_source(hook, hook.argv[0]), *command(hook)[1:])
    return Start(argv, (), env, (b"JULIA_PROJECT",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Make the project of the source, or an empty one, with the dependencies added; julia is the witness."""
    _only_default_version(hook)
    julia = tools.need(hook, ("julia",), _GET)
    os.makedirs(place)
    files.write_whole(place + b"/Project.toml", _first(tools.source, _PROJECT) or b"")
    if manifest := _first(tools.source, _MANIFEST):
        files.write_whole(place + b"/Manifest.toml", manifest)
    env = start(hook, place).applied(tools.env)
    added = [encoded(dependency) for dependency in hook.dependencies]
    tools.run(julia, "--startup-file=no", "-e", _INSTALL, "--", *added, env=env)
    return (os.path.realpath(julia),)


def _first(folder: bytes, names: "tuple[bytes, ...]") -> "bytes | None":
    found = (files.read(os.path.join(folder, name)) for name in names if folder)
    return next((content for content in found if content is not None), None)
