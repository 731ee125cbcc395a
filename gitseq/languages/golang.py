"""Hooks written in Go: programs built by the go that is found."""

from gitseq.languages.base import ANY_VERSION, Start, command, encoded, nothing_to_install
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "golangenv"
_GET = "Install Go"


def start(hook: "Hook", place: bytes) -> Start:
    """With the built programs in front."""
    return Start(command(hook), (place + b"/bin",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Build every program of the source, and each dependency; they stand on nothing."""
    go = tools.need(hook, ("go",), _GET)
    env = environment(hook, place, tools)
    if tools.source:
        tools.run(go, "install", "./...", env=env)
    elif not hook.dependencies:
        raise nothing_to_install(hook)
    for dependency in hook.dependencies:
        tools.run(go, "install", encoded(dependency), env=env)
    return ()


def environment(hook: "Hook", place: bytes, tools: "Tools") -> "Env":
    """What go builds with: modules in the scratch folder, and removable; another version by go's own means."""
    flags = b" ".join(filter(None, (tools.env.get(b"GOFLAGS", b""), b"-modcacherw")))
    made = {**tools.env, b"GOPATH": tools.scratch + b"/go", b"GOBIN": place + b"/bin", b"GOFLAGS": flags}
    if hook.language_version not in ANY_VERSION:
        made[b"GOTOOLCHAIN"] = b"go" + encoded(hook.language_version.removeprefix("go"))
    return made
