"""The hooks about the configuration itself (`repo: meta` in `.pre-commit-config.yaml`)."""

from gitseq.host import package
from gitseq.languages.base import Start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.model import Hook

ENVIRONMENT = ""
_IDENTITY = b"""[ $# = 0 ] || printf '%s\\n' "$@\""""
_BOOT = b"import sys; sys.path.append(sys.argv.pop(1)); from gitseq.cli.main import main; main()"


def start(hook: "Hook", _place: bytes) -> Start:
    """`identity` prints what it is given; the others are a verb of our own."""
    name, *arguments = (word.encode("utf-8", "surrogateescape") for word in hook.argv)
    if name == b"identity":
        return Start((b"/bin/sh", b"-c", _IDENTITY, b"identity", *arguments))
    flags = (b"-I", b"-X", b"utf8", b"-c")
    return Start((package.interpreter(), *flags, _BOOT, package.library(), b"meta", name, *arguments))
