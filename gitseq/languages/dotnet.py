"""Hooks written for .NET: tools packed from the source by the dotnet that is found."""

from gitseq.errors import EnvironmentProblem
from gitseq.host import files
from gitseq.languages.base import (
    Start,
    command,
    ending_with,
    no_dependencies,
    nothing_to_install,
    only_default_version,
)
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "tool_id", "version"]
ENVIRONMENT = "dotnetenv"
_GET = "Install the .NET SDK"
_NO_OTHER_SOURCES = b"<configuration><packageSources><clear /></packageSources></configuration>"


def start(hook: "Hook", place: bytes) -> Start:
    """With the tools in front."""
    return Start(command(hook), (place + b"/bin",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Pack the source and install each tool in it, from nowhere else."""
    only_default_version(hook)
    no_dependencies(hook)
    if not tools.source:
        raise nothing_to_install(hook)
    dotnet = tools.need(hook, ("dotnet",), _GET)
    packed = tools.scratch + b"/packed"
    tools.run(dotnet, "pack", "--configuration", "Release", "--property", b"PackageOutputPath=" + packed)
    settings = tools.scratch + b"/nuget.config"
    files.write_whole(settings, _NO_OTHER_SOURCES)
    into = ("--configfile", settings, "--tool-path", place + b"/bin", "--add-source", packed)
    for package in ending_with(packed, b".nupkg"):
        tools.run(dotnet, "tool", "install", *into, tool_id(packed + b"/" + package))
    return ()


def tool_id(package: bytes) -> str:
    """The name in the description (.nuspec) of a package, which is a zip file."""
    import re
    import zipfile

    with zipfile.ZipFile(package.decode("utf-8", "surrogateescape")) as archive:
        described = next((name for name in archive.namelist() if name.endswith(".nuspec")), "")
        found = re.search(rb"<id>\s*([^<\s]+)\s*</id>", archive.read(described)) if described else None
    if found is None:
        raise EnvironmentProblem("`dotnet pack` made a package that does not say what it is called")
    return found[1].decode("utf-8", "replace")
