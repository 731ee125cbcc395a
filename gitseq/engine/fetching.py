"""A repository that offers hooks, at the rev a configuration names: from the store, or fetched once."""

import os
import shlex

from gitseq.engine import installer
from gitseq.errors import ConfigError, GitseqError, Refused
from gitseq.git import clone
from gitseq.host import files
from gitseq.languages import lockfile
from gitseq.languages.store import Store, digest, home
from gitseq.model import Notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.engine.installer import Site
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env
    from gitseq.model import Event, Plan

_OWN_CONFIGURATIONS = (b"gitseq.toml", b".gitseq.toml")
_PYPROJECT = b"pyproject.toml"


def provider(
    repo: "Repo", env: "Env", tell: "Callable[[Event], None]", *, wants_progress: bool = False
) -> "Callable[[str, str], bytes]":
    """What a configuration is compiled with: (url, rev) -> the folder of the repository at that rev.

    Raises EnvironmentProblem when it cannot be fetched, Refused when its tag has moved, Interrupted.
    """

    def fetch(url: str, rev: str) -> bytes:
        from gitseq.host.signals import Signals

        with Signals() as signals:
            site = installer.Site(env, repo.top, repo.state_dir, signals, tell, wants_progress)
            return Fetcher(site).fetch(url, rev)

    return fetch


def offline(repo: "Repo", env: "Env") -> "Callable[[str, str], bytes]":
    """The same, but for what is in the store already. What is not raises ConfigError."""

    def fetch(url: str, rev: str) -> bytes:
        commit = rev if clone.is_commit(rev) else Locks(repo.top, repo.state_dir).commit(url, rev)
        store, where = Store(home(env)), located(url, repo.top)
        folder = store.clone(where, commit or store.known_commit(where, rev))
        if not os.path.isdir(folder):
            raise ConfigError(f"{url} at {rev} has not been fetched yet", hint="To fetch it: gitseq env install")
        return folder

    return fetch


def note_use(plan: "Plan", used: "list[bytes]", site: "Site") -> None:
    """After this returns, the repositories of a plan are there, and no `gitseq env gc` takes away what it uses.

    The note comes first, and the look second: a sweep reads the notes and takes things away under one lock, so what
    it took before our note is seen to be gone, and fetched again. A store that cannot be written is not swept, either.
    Raises as `provider`.
    """
    store = Store(home(site.env))
    try:
        with installer.alone(site, store.lock_of_uses(), "it removes what nobody uses"):
            store.record(site.top, plan.source, used)
    except OSError:
        return
    gone = {hook.repo for hook in plan.hooks if hook.source and not os.path.isdir(hook.source)}
    for repo in sorted(gone):
        url, _, rev = repo.rpartition("@")
        Fetcher(site).fetch(url, rev)


class Locks:
    """What revs mean to this repository: `gitseq.lock` at the top of the work tree, and our own notes.

    A repository that has a configuration of gitseq's own, or a gitseq.lock (an empty one will do), gets its revs
    written into that file. In one that has neither, they are noted in the git directory: nobody who merely runs an
    existing configuration finds a new file in the work tree.
    """

    def __init__(self, top: bytes, state_dir: bytes) -> None:
        self._top = top
        self.shared = os.path.join(top, lockfile.NAME)
        self._private = os.path.join(state_dir, lockfile.NAME)

    def commit(self, url: str, rev: str) -> str:
        """Which commit a rev meant when it was first used here; '' when it never was."""
        for path in (self.shared, self._private):
            entries = lockfile.read(path)
            if entries is not None and (url, rev) in entries:
                return entries[url, rev]
        return ""

    def note(self, changes: "dict[tuple[str, str], str]", drop: "frozenset[tuple[str, str]]" = frozenset()) -> bytes:
        """Write down what revs mean, without those in `drop`; the file that was changed, or b''."""
        path = self.shared if self.is_shared() else self._private
        known = lockfile.read(path)
        wanted = {key: commit for key, commit in {**(known or {}), **changes}.items() if key not in drop}
        if wanted == (known or {}):
            return b""
        try:
            files.ensure_dir(os.path.dirname(path), 0o700)
            files.write_whole(path, lockfile.written(wanted), 0o666 if path == self.shared else 0o600)
        except OSError:  # a work tree that cannot be written: what the store remembers has to do
            return b""
        return path

    def entries(self) -> "dict[tuple[str, str], str]":
        """What the file to write holds now."""
        return lockfile.read(self.shared if self.is_shared() else self._private) or {}

    def is_shared(self) -> bool:
        """Whether gitseq.lock is the file to write."""
        names = (lockfile.NAME, *_OWN_CONFIGURATIONS)
        if any(os.path.lexists(os.path.join(self._top, name)) for name in names):
            return True
        return b"tool.gitseq" in (files.read(os.path.join(self._top, _PYPROJECT)) or b"")


class Fetcher:
    """Gets repositories for one work tree."""

    def __init__(self, site: "Site") -> None:
        self._site = site
        self._store = Store(home(site.env))
        self._locks = Locks(site.top, site.state_dir)

    def fetch(self, url: str, rev: str) -> bytes:
        """The folder of a repository at a rev, its submodules included; see `provider` for what it raises."""
        where = located(url, self._site.top)
        try:
            if folder := self._known(url, rev):
                return folder
            beside = self._store.beside(digest(where))  # one for the URL, so that two names of one commit take turns
            with installer.alone(self._site, self._store.lock_of(beside), f"it fetches {url}"):
                return self._known(url, rev) or self._clone(url, rev, beside)
        except OSError as error:
            raise installer.unusable(self._store.folder, error) from None

    def _known(self, url: str, rev: str) -> bytes:
        """The folder, if it is in the store; b'' if not."""
        where = located(url, self._site.top)
        locked = rev if clone.is_commit(rev) else self._locks.commit(url, rev)
        commit = locked or self._store.known_commit(where, rev)
        folder = self._store.clone(where, commit)
        if not commit or not os.path.isdir(folder):
            return b""
        if not locked:
            self._note(url, rev, commit)
        return folder

    def _clone(self, url: str, rev: str, beside: bytes) -> bytes:
        """Fetch into the folder `beside`, and rename that into its place when it is whole.

        Two names of one commit are kept once but fetched twice: what a name means is known when it has been fetched,
        and asking before would cost every first use another round trip, for a case that hardly anybody has.
        """
        self._site.tell(Notice("info", f"Initializing environment for {url}."))
        where = located(url, self._site.top)
        pinned = "" if clone.is_commit(rev) else self._locks.commit(url, rev)
        files.remove_tree(beside)
        os.mkdir(beside, 0o700)
        try:
            work = installer.Installer(self._site, f"Fetching {url}")
            commit = clone.Checkout(beside, where, self._site.env, work.execute).check_out(rev, pinned)
            folder = self._store.clone(where, commit)
            if not os.path.isdir(folder):
                os.rename(beside, folder)
        except clone.Moved as moved:
            raise _has_moved(url, rev, pinned, moved.commit) from None
        except GitseqError as problem:
            raise _with_url(problem, url, rev) from None
        finally:
            files.remove_tree(beside)
        self._store.remember_commit(where, rev, commit)
        self._note(url, rev, commit)
        return folder

    def _note(self, url: str, rev: str, commit: str) -> None:
        if clone.is_commit(rev):
            return
        with installer.alone(self._site, self._store.lock(b"lock-" + digest(self._site.state_dir)), "it writes a lock"):
            changed = self._locks.note({(url, rev): commit})
        if changed == self._locks.shared:
            self._site.tell(Notice("info", f"gitseq.lock: {rev} of {url} is {commit[:12]}; commit that file, too"))


def located(url: str, top: bytes) -> str:
    """What git is asked for: a folder that a configuration names relative to the top is meant from there."""
    path = os.path.join(top, os.fsencode(url))
    return os.fsdecode(os.path.normpath(path)) if os.path.isdir(path) else url


def _has_moved(url: str, rev: str, old: str, new: str) -> Refused:
    return Refused(
        f"the tag {rev} of {url} has moved",
        why=f"It was {old} when it was first used here, and is {new} now.",
        kept="Nothing of it was installed or run.",
        hint=f"Find out why; then to accept it: gitseq update --repo {shlex.quote(url)}",
    )


def _with_url(problem: GitseqError, url: str, rev: str) -> GitseqError:
    if problem.exit_code != 4:  # interrupted, or our git has died: nothing to do with the URL
        return problem
    why = "\n".join(part for part in (problem.what, problem.why) if part)
    hint = problem.hint or f"See whether this works: git ls-remote {shlex.quote(url)}"
    return type(problem)(f"{url} at {rev} could not be fetched", why=why, hint=hint)
