"""Hooks in a conda environment, made by conda, or by mamba or micromamba where that is what there is."""

from gitseq.languages.base import Start, command, encoded, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "conda"
_GET = "Install conda, mamba or micromamba"
_PROGRAMS = ("conda", "mamba", "micromamba")


def start(hook: "Hook", place: bytes) -> Start:
    """As in an activated environment."""
    return Start(command(hook), (place + b"/bin",), {b"CONDA_PREFIX": place}, (b"PYTHONHOME", b"VIRTUAL_ENV"))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Make the environment that the source describes in environment.yml, and add the dependencies."""
    only_default_version(hook)
    if not tools.source and not hook.dependencies:
        raise nothing_to_install(hook)
    conda = tools.need(hook, _by_preference(tools), _GET)
    added = [encoded(dependency) for dependency in hook.dependencies]
    if tools.source:
        tools.run(conda, "env", "create", "--yes", "-p", place, "--file", "environment.yml")
        if added:
            tools.run(conda, "install", "--yes", "-p", place, *added)
    else:
        tools.run(conda, "create", "--yes", "-p", place, *added)
    return ()


def _by_preference(tools: "Tools") -> "tuple[str, ...]":
    """The variables by which pre-commit is told what to use count here, too."""
    if tools.env.get(b"PRE_COMMIT_USE_MICROMAMBA"):
        return ("micromamba",)
    return ("mamba",) if tools.env.get(b"PRE_COMMIT_USE_MAMBA") else _PROGRAMS
