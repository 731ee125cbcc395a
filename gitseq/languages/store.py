"""The store: checked-out repositories that offer hooks, and the environments made of them, shared by a user's work.

    $GITSEQ_HOME/
      clones/<digest>/              one repository at one commit; there only when it is whole (renamed into place)
      revs/<digest>                 which commit a rev meant when this machine first asked
      environments/<language>-<digest>/
          env/                      what the language installed
          build/                    a copy of the source to build in; only while it is installed
          ready                     written last: what the environment stands on. Without it nothing here is used
          about                     for people: language, version, repository, dependencies
      repositories/<digest>         which work tree uses which of these (for `gitseq env gc`)
      locks/                        one lock file for each of the above, and `uses` for who uses what

$GITSEQ_HOME is an absolute path; without it the store lies in the platform's cache directory. Everything is made with
mode 0700. On the hot path an environment costs the reading of its `ready` and a `stat` of each file named in it.
"""

import os
import sys
from _blake2 import blake2b

from gitseq.errors import UsageError
from gitseq.host import files
from gitseq.model import Hook, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitseq.host.env import Env

UNFINISHED = b".new"
"""How the name of a clone ends while it is made, and for ever when whoever made it died."""
GONE = b".gone"
"""How the name of a clone or environment ends while it is removed, and as long as something of it will not go."""
_PRIVATE = 0o700
_README = b"Repositories and environments of git hooks, kept by gitseq. `gitseq env list` tells what is here.\n"


def home(env: "Env") -> bytes:
    """The folder of the store; it need not exist. UsageError for a GITSEQ_HOME that is no absolute path.

    A relative XDG_CACHE_HOME is ignored, as the XDG Base Directory Specification wants it.
    """
    if named := env.get(b"GITSEQ_HOME"):
        if not named.startswith(b"/"):  # each folder that a hook runs in would have another store
            raise _relative(named)
        return os.path.normpath(named)
    user = env.get(b"HOME") or os.path.expanduser(b"~")
    if sys.platform == "darwin":
        return user + b"/Library/Caches/gitseq"
    cache = env.get(b"XDG_CACHE_HOME", b"")
    return (cache if cache.startswith(b"/") else user + b"/.cache") + b"/gitseq"


def _relative(named: bytes) -> UsageError:
    told = named.decode("utf-8", "backslashreplace")
    meant = told[2:] if told.startswith(("./", "~/")) else told
    return UsageError(
        f"GITSEQ_HOME is not an absolute path: {told}",
        why="gitseq runs in many folders, and each of them would get another store of environments.",
        hint=f'Name it from the root on: export GITSEQ_HOME="{"$HOME" if told[0] == "~" else "$PWD"}/{meant}"',
    )


def digest(*parts: "str | bytes") -> bytes:
    """A name for what these parts say."""
    return blake2b(repr(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest().encode()


class Environment(Record):
    """One environment: where it lies, whether it is ready."""

    folder: bytes

    @property
    def name(self) -> bytes:
        """What it is called in the store."""
        return os.path.basename(self.folder)

    @property
    def place(self) -> bytes:
        """The folder that the language fills."""
        return self.folder + b"/env"

    @property
    def build(self) -> bytes:
        """Where it is built."""
        return self.folder + b"/build"

    def is_ready(self) -> bool:
        """Whether it was installed to its end, and what it stands on is still there and the same."""
        told = files.read(self.folder + b"/ready")
        if told is None:
            return False
        for line in told.split(b"\0")[:-1]:
            stamp, _, path = line.partition(b" ")
            if _stamp(path) != stamp:
                return False
        return True

    def mark_ready(self, witnesses: "Sequence[bytes]") -> None:
        """After this returns, or dies, the environment is ready, or is not. Raises OSError."""
        told = b"".join(_stamp(path) + b" " + path + b"\0" for path in witnesses)
        files.write_whole(self.folder + b"/ready", told)


def _stamp(path: bytes) -> bytes:
    """What tells one version of a program from the next; b'' for one that is gone."""
    try:
        st = os.stat(path)
    except OSError:
        return b""
    return b"%d-%d" % (st.st_size, st.st_mtime_ns)


def _use(top: bytes, source: str, used: "Sequence[bytes]") -> bytes:
    """The content of a record."""
    return b"\0".join((top, source.encode("utf-8", "surrogateescape"), *used))


class Store:
    """The folder, and the names of what is in it."""

    def __init__(self, folder: bytes) -> None:
        self.folder = folder

    def clone(self, url: str, commit: str) -> bytes:
        """The folder of a repository at a commit; it exists when it was fetched."""
        return self.folder + b"/clones/" + digest(url, commit)

    def environment(self, hook: Hook, version: str) -> Environment:
        """The environment of a hook; `version` is what its language makes of `language_version`."""
        key = digest(hook.language, version, *hook.dependencies, "source", hook.source)
        return Environment(self.folder + b"/environments/" + hook.language.encode() + b"-" + key)

    def beside(self, name: bytes) -> bytes:
        """Where a clone is made before it is renamed into its place; makes the folder above. Raises OSError."""
        return self.make(b"clones") + b"/" + name + UNFINISHED

    def lock_of(self, path: bytes) -> bytes:
        """The lock file of a clone or environment by where it lies; makes its folder. Raises OSError."""
        return self.lock(os.path.basename(path).removesuffix(GONE).removesuffix(UNFINISHED))

    def lock(self, name: bytes) -> bytes:
        """The lock file of something in the store; makes its folder. Raises OSError."""
        self.make(b"locks")
        return self.folder + b"/locks/" + name

    def make(self, *names: bytes) -> bytes:
        """A folder of the store, now there. Raises OSError."""
        if not os.path.isdir(self.folder):
            files.ensure_dir(os.path.dirname(self.folder))
            files.ensure_dir(self.folder, _PRIVATE)
            files.write_whole(self.folder + b"/README", _README)
        path = os.path.join(self.folder, *names)
        files.ensure_dir(path, _PRIVATE)
        return path

    # --- which commit a rev meant

    def known_commit(self, url: str, rev: str) -> str:
        """Which commit a rev meant when this machine first asked; '' when it never has."""
        told = files.read(self.folder + b"/revs/" + digest(url, rev))
        return told.split(b"\n")[0].decode("ascii", "replace") if told else ""

    def remember_commit(self, url: str, rev: str, commit: str) -> None:
        """Note what a rev means. Raises OSError."""
        told = f"{commit}\n{url}\n{rev}\n".encode("utf-8", "surrogateescape")
        files.write_whole(self.make(b"revs") + b"/" + digest(url, rev), told)

    # --- who uses what

    def lock_of_uses(self) -> bytes:
        """The lock file for noting a use, and for taking away what no note names; makes its folder. Raises OSError."""
        return self.lock(b"uses")

    def is_recorded(self, top: bytes, source: str, used: "Sequence[bytes]") -> bool:
        """Whether it is noted that a work tree's configuration uses just these parts of the store."""
        return files.read(self._record_of(top, source)) == _use(top, source, used)

    def record(self, top: bytes, source: str, used: "Sequence[bytes]") -> None:
        """Note it, under the lock of uses: else a sweep that has read the notes takes away what this one names.

        Whether it is still there is to be looked at afterwards. Raises OSError.
        """
        self.make(b"repositories")
        files.write_whole(self._record_of(top, source), _use(top, source, used))

    def _record_of(self, top: bytes, source: str) -> bytes:
        return self.folder + b"/repositories/" + digest(top, source)

    def records(self) -> "Iterator[tuple[bytes, bytes, bytes, list[bytes]]]":
        """(the record, top of the work tree, its configuration file, what it uses) of each work tree that was seen."""
        for path in self.entries(b"repositories"):
            top, _, rest = (files.read(path) or b"").partition(b"\0")
            source, *used = rest.split(b"\0")
            yield path, top, os.path.join(top, source), used

    def entries(self, kind: bytes) -> "list[bytes]":
        """Everything of a kind: `clones`, `environments`, `revs`, `repositories`."""
        folder = os.path.join(self.folder, kind)
        try:
            return sorted(os.path.join(folder, name) for name in os.listdir(folder))
        except OSError:
            return []
