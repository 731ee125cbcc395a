"""`script` (`unsupported_script`): an executable of the repository that offers the hook."""

import os

from gitseq.languages.base import Start, command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.model import Hook

ENVIRONMENT = ""


def start(hook: "Hook", _place: bytes) -> Start:
    """The script, wherever git calls us: a first word without a slash is a file, too, not a command on PATH."""
    name, *arguments = command(hook)
    return Start((os.path.join(os.fsencode(hook.source) or b".", name), *arguments))
