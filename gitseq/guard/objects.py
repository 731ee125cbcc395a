"""Writing objects and refs: by libgit2, in this process, or by git where libgit2 cannot.

libgit2 runs nothing of the repository's: no filter, no `reference-transaction` hook, which may be a shim of ours. What
it cannot do: open repositories with SHA-256, reftable or extensions that it does not know, names that are not UTF-8,
and give new folders the permissions that `core.sharedRepository` wants.
"""

import os

from gitseq.errors import EnvironmentProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from gitseq.guard.journal import Git
    from gitseq.host.procs import Completed

    class Objects(Protocol):
        """Where objects go. Object names are in hex."""

        def blob(self, path: bytes) -> bytes:
            """Store a regular file's bytes as they are, in pieces."""

        def write(self, kind: bytes, content: bytes) -> bytes:
            """Store a blob, a tree or a commit."""

        def create_ref(self, name: bytes, oid: bytes) -> None:
            """Make a ref that is not there yet, once all of the above is on the disk."""


QUIET = (b"-c", b"core.hooksPath=/dev/null", b"-c", b"core.fsync=committed")
"""For every git of ours that writes: no hook of the repository's runs, and what was written is on the disk."""


def open_objects(git_dir: bytes, git: "Git") -> "Objects":
    """The object store and refs of a repository; of a linked work tree, by that one's own git directory."""
    try:
        return _InProcess(git_dir)
    except _Unfit:
        return _ByGit(git)


class _Unfit(Exception):
    """libgit2 is not there, or not for this repository."""


class _InProcess:
    """libgit2. Raises EnvironmentProblem when it cannot write, in its own words."""

    def __init__(self, git_dir: bytes) -> None:
        try:
            import pygit2
        except ImportError:
            raise _Unfit from None
        self._errors = (pygit2.GitError, OSError, ValueError, KeyError)  # in older ones not all are a GitError
        self._kinds = {
            b"blob": pygit2.enums.ObjectType.BLOB,
            b"tree": pygit2.enums.ObjectType.TREE,
            b"commit": pygit2.enums.ObjectType.COMMIT,
        }
        try:
            pygit2.settings.enable_fsync_gitdir(True)
            self._repo = pygit2.Repository(git_dir.decode())
            if "core.sharedRepository" in self._repo.config:
                raise _Unfit
        except (pygit2.GitError, OSError, UnicodeDecodeError):
            raise _Unfit from None

    def blob(self, path: bytes) -> bytes:
        try:
            with open(path, "rb") as stream:
                return str(self._repo.create_blob_fromiobase(stream)).encode()
        except self._errors as error:
            raise _not_written(str(error)) from None

    def write(self, kind: bytes, content: bytes) -> bytes:
        try:
            return str(self._repo.write(self._kinds[kind], content)).encode()
        except self._errors as error:
            raise _not_written(str(error)) from None

    def create_ref(self, name: bytes, oid: bytes) -> None:
        try:
            self._repo.references.create(name.decode(), oid.decode())
        except self._errors as error:
            raise _not_written(str(error)) from None


class _ByGit:
    """The same by git: a process for each object, on the rarest of paths."""

    def __init__(self, git: "Git") -> None:
        self._git = git

    def blob(self, path: bytes) -> bytes:
        return _done(self._git([*QUIET, b"hash-object", b"-w", b"--no-filters", b"--", os.path.abspath(path)]))

    def write(self, kind: bytes, content: bytes) -> bytes:
        return _done(self._git([*QUIET, b"hash-object", b"-w", b"--no-filters", b"-t", kind, b"--stdin"], content))

    def create_ref(self, name: bytes, oid: bytes) -> None:
        _done(self._git([*QUIET, b"update-ref", name, oid, b""]))


def _done(done: "Completed") -> bytes:
    if done.rc != 0:
        raise _not_written(done.err.decode("utf-8", "backslashreplace").strip())
    return done.out.strip()


def _not_written(why: str) -> EnvironmentProblem:
    return EnvironmentProblem("git's object store took no copy", why=why)
