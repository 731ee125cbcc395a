"""Compiling a plan and keeping it; what happens after the configuration was edited."""

import os

from gitseq.config import kept
from gitseq.config.load import compile_plan
from gitseq.host import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.config.foreign import Fetch
    from gitseq.config.kept import Where
    from gitseq.config.meaning import Vet
    from gitseq.model import Plan

_MOST_PLANS = 32
"""Plans of work trees that are gone, and of interpreters no longer used, do not gather beyond this."""


def compile_and_keep(where: "Where", place: bytes, fetch: "Fetch | None" = None, vet: "Vet | None" = None) -> "Plan":
    """The plan of the configuration as it is now; kept in the file `place` when that can be written."""
    made = compile_plan(where, fetch, vet)
    tables = kept.tables_key(made.tables_file)
    try:
        folder = os.path.dirname(place)
        for level in (os.path.dirname(folder), folder):
            files.ensure_dir(level, 0o700)
        files.write_whole(place, kept.pack(made.inputs, tables, made.plan, made.nested))
        _prune(folder, place)
    except OSError:  # a full disk or a read-only repository: it works without, only slower
        pass
    return made.plan


def _prune(folder: bytes, spared: bytes) -> None:
    """Remove the oldest plans, and what writers that died left behind."""
    found = [os.path.join(folder, name) for name in os.listdir(folder)]
    if len(found) <= _MOST_PLANS:
        return
    found.sort(key=lambda path: os.lstat(path).st_mtime_ns)
    for path in found[:-_MOST_PLANS]:
        if path != spared:
            files.remove(path)
