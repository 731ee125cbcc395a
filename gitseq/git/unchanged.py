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


class Index:
    """What the index had noted of every tracked file when `marks` were taken.

    It takes as long to read as a look at the files, and can be read while a hook runs: the file is held, and another
    one that replaces it has another signature.
    """

    def __init__(self, marks: "Marks") -> None:
        self._marks = marks
        self._held = marks.index
        self._is_read = False
        self._noted: "dict[bytes, gitindex.Noted] | None" = None

    def is_at(self, path: bytes) -> bool:
        """Whether it is still the one that lies there."""
        return self._held is not None and files.signature(path) == self._held.signature

    def noted(self) -> "dict[bytes, gitindex.Noted] | None":
        """Path -> what it noted of that; None where only git can tell."""
        if not self._is_read:
            self._is_read = True
            self._noted = self._read()
        return self._noted

    def _read(self) -> "dict[bytes, gitindex.Noted] | None":
        held = self._held
        if held is None or held.signature[1] > gitindex.LARGEST:
            return None
        try:
            content = held.content()
        except OSError:  # git will say why
            return None
        return gitindex.noted(content, held.signature[2], self._marks.taken - 2 * clock.file_tick())


def is_unchanged(repo: "Repo", index: Index, known: "dict[bytes, Signature | None]") -> bool:
    """Whether every tracked file is seen to lie as it did; False says that git has to be asked.

    Since the marks of `index` were taken, git has listed which files differ from it; `known` has their signatures.
    """
    noted = index.noted() if index.is_at(repo.index) else None
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
