"""Fetching somebody else's repository at one rev, without anything of ours reaching it or the other way round.

A shallow fetch of the rev is tried first; a server that cannot, or a rev that is no name (`v1.0-3-g1234567`, an
abbreviated commit), gets the whole repository fetched. Hooks and templates of the user's git configuration stay out.
"""

from gitseq.core.gitenv import scrubbed
from gitseq.errors import EnvironmentProblem, GitseqError
from gitseq.git import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.host.env import Env

    Execute = Callable[[list[bytes], bytes, Env], bytes]
    """Runs a command in a folder to its end; EnvironmentProblem with its words when it fails."""

_SETTINGS = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "advice.detachedHead=false", "protocol.version=2")
_COMMIT_LENGTHS = (40, 64)
"""Digits of a whole commit id: SHA-1 and SHA-256."""


_NO_NAME = frozenset(" :*?[\\^~")
"""What no name of a tag or branch holds, and some of which makes a refspec mean more than one."""


class Moved(GitseqError):
    """A tag is another commit than it was; `commit` is the new one. The caller words it."""

    def __init__(self, commit: str) -> None:
        super().__init__(f"the tag is {commit} now")
        self.commit = commit


def is_commit(rev: str) -> bool:
    """Whether a rev is a whole commit id, which can only ever mean one thing."""
    return len(rev) in _COMMIT_LENGTHS and all(char in "0123456789abcdef" for char in rev)


def quiet(env: "Env") -> "Env":
    """An environment for a git in another repository, in which nobody is asked anything.

    A git or ssh in a process group of its own that asked for a password on the terminal would be stopped by SIGTTIN,
    and wait for ever.
    """
    asking = {b"GIT_TERMINAL_PROMPT": b"0", b"SSH_ASKPASS_REQUIRE": b"force"}
    return {b"SSH_ASKPASS": b"false", **scrubbed(env), **asking}


class Checkout:
    """A folder that becomes a repository at one rev."""

    def __init__(self, folder: bytes, url: str, env: "Env", execute: "Execute") -> None:
        self._folder = folder
        self._url = url
        self._env = quiet(env)
        self._execute = execute

    def check_out(self, rev: str, pinned: str = "") -> str:
        """Fetch and check out a rev, with its submodules, into the empty folder; the commit it means.

        With `pinned`, the commit that is wanted: a branch that has gone on since is no matter, a tag that is another
        commit now raises Moved. Raises EnvironmentProblem with git's words when there is no such thing.
        """
        self._begin()
        is_tag = self._fetch(rev)
        commit = self.commit("FETCH_HEAD") if is_tag is not None else self._fetch_all(rev)
        if pinned and commit != pinned:
            if is_tag or self._is_tag(rev):
                raise Moved(commit)
            commit = pinned if self._fetch(pinned) is not None else self._fetch_all(pinned)
        self._git("checkout", "-q", "--detach", commit)
        self._submodules()
        return commit

    def fetch_names(self) -> str:
        """Fetch what the newest commit and all tags are, and as little else as the server allows; the newest commit."""
        self._begin()
        self._git("config", "extensions.partialClone", "true")
        self._git("fetch", "--quiet", "--filter=blob:none", "--tags", "origin", "HEAD")
        return self.commit("FETCH_HEAD")

    def ask(self, *arguments: str) -> "bytes | None":
        """What a git command here prints; None when it fails."""
        done = call.ask([_encoded(word) for word in (*_options(), *arguments)], self._env, self._folder)
        return done.out if done.rc == 0 else None

    def _begin(self) -> None:
        self._git("init", "-q", "--template=")
        self._git("remote", "add", "--", "origin", self._url)

    def _fetch(self, rev: str) -> "bool | None":
        """Fetch one rev and nothing else; whether it is a tag, or None when it cannot be had that way."""
        if not rev or rev.startswith(("+", "-")) or not _NO_NAME.isdisjoint(rev):
            return None  # a refspec, which would fetch something else than a rev of this name
        if is_commit(rev):
            return False if self._succeeds("fetch", "-q", "--depth=1", "origin", rev) else None
        if self._succeeds("fetch", "-q", "--depth=1", "origin", f"+refs/tags/{rev}:refs/tags/{rev}"):
            return True  # by its full name, so that tools which read their version from git find the tag
        return False if self._succeeds("fetch", "-q", "--depth=1", "--", "origin", rev) else None

    def _fetch_all(self, rev: str) -> str:
        self._git("fetch", "-q", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
        for name in (rev, f"origin/{rev}"):
            if commit := self.commit(name):
                return commit
        raise EnvironmentProblem(
            f"{self._url} has no {rev!r}", hint="Correct the rev in the configuration, or: gitseq update"
        )

    def _is_tag(self, rev: str) -> bool:
        return self.ask("rev-parse", "-q", "--verify", f"refs/tags/{rev}") is not None

    def commit(self, name: str) -> str:
        """The commit that a name means here; '' when it means none."""
        told = self.ask("rev-parse", "-q", "--verify", "--end-of-options", name + "^{commit}")
        commit = (told or b"").decode("ascii", "replace").strip()
        return commit if is_commit(commit) else ""  # `^name` and `a..b` mean none, or several

    def _submodules(self) -> None:
        if self.ask("ls-files", "--error-unmatch", "--", ".gitmodules") is None:
            return
        update = ("submodule", "update", "-q", "--init", "--recursive")
        if not self._succeeds(*update, "--depth=1"):
            self._git(*update)

    def _succeeds(self, *arguments: str) -> bool:
        try:
            self._git(*arguments)
        except EnvironmentProblem:
            return False
        return True

    def _git(self, *arguments: str) -> None:
        self._execute([_encoded(word) for word in ("git", *_options(), *arguments)], self._folder, self._env)


def _options() -> "tuple[str, ...]":
    return tuple(word for setting in _SETTINGS for word in ("-c", setting))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
