"""`gitseq init --agents`: tells coding agents, in the files they read, how to work here."""

import os

from gitseq.cli.telling import say, tell
from gitseq.core import agents
from gitseq.errors import Refused
from gitseq.host import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def write(top: bytes, *, dry_run: bool) -> int:
    """Write the section anew into the files that are there, or into a first one."""
    if dry_run:
        say(agents.with_section(b"").decode())
        return 0
    for name, path in list(_present(top)) or [(agents.FILES[0], os.path.join(top, agents.FILES[0]))]:
        was = files.read(path) or b""
        text = _changed(name, agents.with_section, was)
        if text != was:
            _write(path, text)
        tell(f"{name.decode()}: " + ("written" if text != was else "is as it should be"))
    return 0


def remove(top: bytes) -> int:
    """Take the section out again; a file that held nothing else goes with it."""
    found = False
    for name, path in _present(top):
        was = files.read(path) or b""
        text = _changed(name, agents.without_section, was)
        if text == was:
            continue
        found = True
        if text:
            _write(path, text)
        else:
            files.remove(path)
        tell(f"{name.decode()}: " + ("the section is removed" if text else "removed, for it held nothing else"))
    if not found:
        tell("no file has the section")
    return 0


def _present(top: bytes) -> "Iterator[tuple[bytes, bytes]]":
    """Name and true path of each file, those that are links to one another once."""
    seen = set()
    for name in agents.FILES:
        path = os.path.realpath(os.path.join(top, name))
        if path not in seen and os.path.isfile(path):
            seen.add(path)
            yield name, path


def _changed(name: bytes, change: "Callable[[bytes], bytes]", text: bytes) -> bytes:
    try:
        return change(text)
    except agents.Unbalanced:
        raise Refused(
            f"{name.decode()}: the markers of gitseq's section do not match",
            kept="It was not touched.",
            hint=f"Remove the stray `{agents.BEGIN.decode()}` or `{agents.END.decode()}`, and again.",
        ) from None


def _write(path: bytes, text: bytes) -> None:
    mode = files.mode(path) & 0o777
    files.write_whole(path, text, mode or 0o666, whatever_umask=bool(mode))
