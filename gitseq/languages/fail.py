"""`fail`: says its entry and the files it was given, and fails."""

from gitseq.languages.base import Start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.model import Hook

ENVIRONMENT = ""
_SCRIPT = b"""printf '%s\\n\\n' "$0"; printf '%s\\n' "$@"; exit 1"""


def start(hook: "Hook", _place: bytes) -> Start:
    """A shell that prints; the entry is a sentence, and no word of it is looked at."""
    return Start((b"/bin/sh", b"-c", _SCRIPT, " ".join(hook.argv).encode("utf-8", "surrogateescape")))
