"""Hooks written in Swift: programs built from the source by the swift that is found."""

from gitseq.languages.base import Start, command, no_dependencies, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "swift_env"
_GET = "Install Swift"


def start(hook: "Hook", place: bytes) -> Start:
    """With the built programs in front."""
    return Start(command(hook), (place + b"/.build/release",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Build the package of the source."""
    only_default_version(hook)
    no_dependencies(hook)
    if not tools.source:
        raise nothing_to_install(hook)
    swift = tools.need(hook, ("swift",), _GET)
    tools.run(swift, "build", "--package-path", tools.source, "-c", "release", "--build-path", place + b"/.build")
    return ()
