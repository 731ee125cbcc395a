"""What the files of a work tree hold, as far as git knows it without looking into them.

The index tells the blob of every file. That is what lies in the work tree where the file's stat is the one the index
noted, nothing (line endings, filters) is converted between the two, and git was not told to look away.
"""

import _blake2

from gitseq.git import call
from gitseq.host import files
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.repo import Repo
    from gitseq.host import procs
    from gitseq.host.env import Env

_STRICT = [b"-c", b"core.fsmonitor=false", b"-c", b"core.fileMode=true", b"-c", b"core.trustctime=true"]
_STRICT += [b"-c", b"core.checkStat=default", b"-c", b"core.ignoreStat=false"]
_DIFFER = [*_STRICT, b"diff-files", b"--name-only", b"-z", b"--no-renames", b"--ignore-submodules=dirty"]
_ENTRIES = [b"ls-files", b"--stage", b"-v", b"-z"]
_ATTRIBUTES = [b"check-attr", b"-a", b"-z", b"--stdin"]
_CONVERTING = frozenset((b"text", b"crlf", b"eol", b"filter", b"ident", b"working-tree-encoding"))
_OFF = frozenset((b"unset", b"unspecified"))
_PLAIN = b"H "
"""git's tag of an entry that it does look at; others are assume-unchanged (in lower case) or skip-worktree."""


class Comparison:
    """Which tracked files differ, by their stat, from what one state of the index has noted of them.

    It runs beside us from the moment it is made. `git diff-files` does not look into a file whose stat differs, so
    a file that was written with the same content, or only touched, counts as different.
    """

    def __init__(self, repo: "Repo", env: "Env") -> None:
        self._repo = repo
        self._index = files.hold(repo.index, 0)
        self._started = call.start(_DIFFER, env, repo.top)
        self._differing: "frozenset[bytes] | None" = None
        self._state = b""

    @property
    def differing(self) -> "frozenset[bytes]":
        """The paths. EnvironmentProblem when git failed; then it stands for nothing from now on."""
        if self._differing is None:
            held, self._index, self._differing = self._index, None, frozenset()
            self._differing = frozenset(call.names(call.succeed(_DIFFER, self._started.finish())))
            self._index = held
        return self._differing

    @property
    def index(self) -> bytes:
        """What the index held, as git writes it: among other things every path. b"" when there was none."""
        return self._index.content() if self._index is not None else b""

    @property
    def state(self) -> bytes:
        """What stands for the index, with the stat of every file; b"" when there is none."""
        if not self._state and self._index is not None:
            self._state = _blake2.blake2b(self._index.content(), digest_size=16).digest()
        return self._state

    @property
    def is_clean(self) -> bool:
        """Whether the whole work tree is, by stat, as the index has noted it."""
        return self._index is not None and not self.differing

    def still_stands(self) -> bool:
        """Whether the index is the one that this was about."""
        return self._index is not None and files.signature(self._repo.index) == self._index.signature

    def end(self) -> None:
        """Nobody wants to know any more; one that nobody has asked calls no tree clean from then on."""
        if self._differing is None:
            self._differing, self._index = frozenset(), None
            self._started.finish()


class Tracked(Record):
    """Every entry of the index."""

    lines: "dict[bytes, bytes]"
    """Path -> "MODE OID STAGE<tab>PATH"."""
    hidden: frozenset[bytes]
    """Paths that git was told not to look at, and unmerged ones."""


def begin_entries(repo: "Repo", env: "Env") -> "procs.Reader":
    """Start listing the index; `entries` gives it."""
    return call.start(_ENTRIES, env, repo.top)


def entries(started: "procs.Reader") -> Tracked:
    """The listing that was begun."""
    listing = call.succeed(_ENTRIES, started.finish())
    lines = listing.split(b"\0")
    lines.pop()
    found = {line[line.index(b"\t") + 1 :]: line[2:] for line in lines}
    if len(found) == len(lines) == listing.startswith(_PLAIN) + listing.count(b"\0" + _PLAIN):
        return Tracked(found, frozenset())
    seen: set[bytes] = set()
    hidden = set()
    for line in lines:
        path = line[line.index(b"\t") + 1 :]
        if path in seen or not line.startswith(_PLAIN):
            hidden.add(path)
        seen.add(path)
    return Tracked(found, frozenset(hidden))


class Conversions:
    """Which paths may hold other bytes in the work tree than in the index. Runs beside us from the start."""

    def __init__(self, repo: "Repo", env: "Env", paths: "list[bytes]") -> None:
        self.paths = paths
        self._config = call.start([b"config", b"--get", b"core.autocrlf"], env, repo.top)
        self._attributes = call.start(_ATTRIBUTES, env, repo.top, b"\0".join([*paths, b""]))

    def finish(self) -> "frozenset[bytes]":
        """The paths."""
        autocrlf = self._config.finish().out.strip().lower()
        fields = call.succeed(_ATTRIBUTES, self._attributes.finish()).split(b"\0")
        if autocrlf not in (b"", b"false", b"0", b"no", b"off"):
            return frozenset(self.paths)
        told = zip(fields[0::3], fields[1::3], fields[2::3], strict=False)
        return frozenset(path for path, name, value in told if name in _CONVERTING and value not in _OFF)

    def end(self) -> None:
        """Nobody wants to know any more."""
        self._config.finish()
        self._attributes.finish()
