"""`pygrep`: fails on files in which a regular expression of Python's is found."""

from gitseq.languages.base import Start, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.model import Hook

ENVIRONMENT = ""


def start(hook: "Hook", _place: bytes) -> Start:
    """Our own program; the number in front says where its options end, for files may look like options."""
    words = tuple(word.encode("utf-8", "surrogateescape") for word in hook.argv)
    return Start((*program("grep"), b"%d" % (len(words) - 1), *words))
