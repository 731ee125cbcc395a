"""Seeing without git that no tracked file has changed.

git compares the stat of every file with what the index has noted of it, and so do we, and a small tree costs us less
than starting git. What is seen here is that nothing has changed; what has, and whether it matters, only git can tell.
"""

from gitseq.core import gitindex
from gitseq.host import clock, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.marks import Marks
    from gitseq.git.repo import Repo
    from gitseq.host.files import Signature

_TYPE, _FOLDER = 0o170000, 0o040000


def is_unchanged(repo: "Repo", marks: "Marks", known: "dict[bytes, Signature | None]") -> bool:
    """Whether every tracked file is seen to lie as it did; False says that git has to be asked.

    Since `marks` were taken, git has listed which files differ from the index; `known` has their signatures.
    """
    index = marks.index
    if index is None or index.signature[1] > gitindex.LARGEST or files.signature(repo.index) != index.signature:
        return False
    noted = gitindex.noted(index.content(), index.signature[2], marks.taken - 2 * clock.file_tick())
    if noted is None:
        return False
    top, word, look = repo.top + b"/", gitindex.WORD, files.signature
    folders: set[bytes] = set()
    for path, stat in noted.items():
        now = look(top + path)
        if path in known:
            if now != known[path]:
                return False
        elif now is None or (now[0] & word, now[1] & word, now[2], now[3]) != stat:
            return False
        else:
            folders.add(path.rpartition(b"/")[0])
    return all(files.mode(top + folder) & _TYPE == _FOLDER for folder in _with_parents(folders))


def _with_parents(folders: "set[bytes]") -> "set[bytes]":
    """A file behind a folder that became a symbolic link to it is the same file, and gone all the same."""
    found = set(folders)
    for folder in folders:
        while folder:
            folder = folder.rpartition(b"/")[0]
            found.add(folder)
    return found - {b""}
