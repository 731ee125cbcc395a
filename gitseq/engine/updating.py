"""What a newer rev of a repository of hooks would be: its newest tag, as `pre-commit autoupdate` would choose it."""

from gitseq.engine import installer
from gitseq.engine.fetching import located
from gitseq.errors import EnvironmentProblem
from gitseq.git import clone
from gitseq.host import files
from gitseq.languages.store import Store, digest, home
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine.installer import Site

_MANIFEST = ".pre-commit-hooks.yaml"


class Newest(Record):
    """What a repository offers."""

    rev: str
    commit: str
    frozen: str = ""
    """The tag whose commit `rev` is, when it was frozen."""
    manifest: bytes = b""


class Choice(Record):
    """How to choose."""

    freeze: bool = False
    """The commit instead of the tag."""
    before: float = 0.0
    """Only what is older than this time (seconds since 1970); 0 takes the newest."""


def newest(url: str, rev: str, choice: Choice, site: "Site") -> Newest:
    """The newest rev of a repository, or `rev` when nothing newer is old enough. Raises EnvironmentProblem."""
    store = Store(home(site.env))
    where = located(url, site.top)
    try:
        return _looked_up(store, where, rev, choice, site)
    except OSError as error:
        raise installer.unusable(store.folder, error) from None


def _looked_up(store: Store, where: str, rev: str, choice: Choice, site: "Site") -> Newest:
    folder = store.beside(digest("update", where))
    with installer.alone(site, store.lock_of(folder), f"it looks at {where}"):
        files.remove_tree(folder)
        files.ensure_dir(folder, 0o700)
        try:
            work = installer.Installer(site, f"Looking at {where}")
            return _newest(clone.Checkout(folder, where, site.env, work.execute), rev, choice)
        finally:
            files.remove_tree(folder)


def _newest(repo: clone.Checkout, rev: str, choice: Choice) -> Newest:
    head = repo.fetch_names()
    found = _newest_tag(repo, head, choice.before) or _commit_before(repo, head, choice.before)
    commit, current = repo.commit(found), repo.commit(rev)
    if choice.before and current and (not commit or _contains(repo, current, commit)):
        found, commit = rev, current
    if not commit:
        raise EnvironmentProblem("it has no commit that is old enough")
    manifest = repo.ask("show", f"{commit}:{_MANIFEST}")
    if manifest is None:
        raise EnvironmentProblem(f"there is no {_MANIFEST} at {found}")
    if choice.freeze and found != commit:
        return Newest(commit, commit, found, manifest)
    return Newest(found, commit, "", manifest)


def _newest_tag(repo: clone.Checkout, head: str, before: float) -> str:
    """The nearest tag below the newest commit that is old enough, by the name that looks most like a version."""
    too_new: "list[str]" = []
    while found := _text(repo.ask("describe", "--tags", "--abbrev=0", *(f"--exclude={tag}" for tag in too_new), head)):
        if not before or _date(repo, found) < before:
            return found if "." in found else _version_beside(repo, found)
        too_new.append(found)
    return ""


def _version_beside(repo: clone.Checkout, tag: str) -> str:
    """`v1` and `v1.2.3` may be the same commit, and only one of them stays where it is."""
    names = _text(repo.ask("tag", "--points-at", tag + "^{commit}")).split("\n")
    return next((name for name in names if "." in name), tag)


def _date(repo: clone.Checkout, tag: str) -> float:
    return float(_text(repo.ask("for-each-ref", "--format=%(creatordate:unix)", f"refs/tags/{tag}")) or 0)


def _commit_before(repo: clone.Checkout, head: str, before: float) -> str:
    if not before or _text(repo.ask("tag", "--merged", head)):
        return head if not before else ""
    return _text(repo.ask("rev-list", "-1", f"--before=@{int(before)}", head))


def _contains(repo: clone.Checkout, commit: str, other: str) -> bool:
    return repo.ask("merge-base", "--is-ancestor", other, commit) is not None


def _text(told: "bytes | None") -> str:
    return (told or b"").decode("utf-8", "surrogateescape").strip()
