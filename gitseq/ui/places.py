"""Places in files of this work tree that failed hooks complained about, for formats that show them there."""

import os

from gitseq.core import annotations
from gitseq.core.annotations import ERROR, Annotation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.model import Verdict

_LARGEST = 2 << 20
"""Bytes of output that are looked through."""


def of(told: "Verdict", top: bytes) -> "list[Annotation]":
    """What a failed hook said about which line of which file; paths are relative to the top, and files that exist.

    Without any, the files it changed; empty when it named nothing that is here.
    """
    if not told.failed:
        return []
    text = told.output[:_LARGEST].decode("utf-8", "surrogateescape")
    known: dict[str, str] = {}
    found = []
    for one in annotations.find(text):
        if one.path not in known:
            known[one.path] = _in_tree(one.path, told.hook.root, top)
        if known[one.path]:
            found.append(one.replace(path=known[one.path]))
    changed = "files were modified by this hook"
    return found or [Annotation(os.fsdecode(path), 1, 0, ERROR, changed) for path in told.modified]


def _in_tree(name: str, root: str, top: bytes) -> str:
    """The path relative to the top; '' when it is no file of the work tree. Tools name files from where they run."""
    path = name.replace("\\", "/").encode("utf-8", "surrogateescape")
    if b"\0" in path:
        return ""
    for folder in (os.path.join(top, root.encode("utf-8", "surrogateescape")), top):
        full = os.path.normpath(os.path.join(folder, path))
        if full.startswith(top + b"/") and os.path.isfile(full):
            return os.fsdecode(full[len(top) + 1 :])
    return ""


def why(told: "Verdict") -> str:
    """In one line, why a hook failed."""
    changed = ("files were modified by this hook",) if told.modified else ()
    code = (f"exit code {told.exit_code}",) if told.exit_code else ()
    return "; ".join((*told.reasons, *changed, *code)) or "failed"


def text(output: bytes) -> str:
    """Output as text without colours."""
    return annotations.without_colours(output.decode("utf-8", "backslashreplace"))
