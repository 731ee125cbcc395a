"""The files a run is about, before any hook's filters."""

import os

from gitseq.core import stages
from gitseq.engine import request as asked
from gitseq.host import files
from gitseq.model import Entry, Notice, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine.request import Request, World
    from gitseq.git.status import Listing
    from gitseq.host.env import Env


class Candidates(Record):
    """Entries in git's order, and what the hooks are told about where they come from."""

    entries: tuple[Entry, ...]
    exports: "Env"
    modes: "dict[bytes, int]" = {}  # noqa: RUF012 - a Record never changes its defaults
    """What `lstat` says of each; pre-commit, too, looks once per run."""
    is_message: bool = False
    """The only file is git's message file: repository-wide filters of a gitseq.toml do not apply to it."""
    nothing_to_do: bool = False
    """Nothing is being pushed, so no hook runs, whether it wants files or not."""


def find(
    request: "Request", world: "World", listing: "Listing | None", modes: "dict[bytes, int] | None" = None
) -> Candidates:
    """What this run is about. Names that are not in the work tree (deleted meanwhile) drop out.

    `modes`: of every tracked file, where they are known already; then neither git nor the file system is asked.
    """
    if modes is not None:
        return Candidates(tuple([Entry(path, mode) for path, mode in modes.items()]), {}, modes)
    found = _by_request(request, world, listing)
    look, top = files.mode, world.repo.top + b"/"
    names = [entry.path for entry in found.entries]  # in a linked work tree git names a message by its whole path
    modes = {name: look(name if name.startswith(b"/") else top + name) for name in names}
    return found.replace(entries=tuple(entry for entry in found.entries if modes[entry.path]), modes=modes)


FEW = 500
"""For so many files telling what a hook was given costs nothing that anybody would notice."""


def fingerprint(found: Candidates, paths: "list[bytes]", root: str) -> str:
    """The same for the same staged content of the same files, which is all that tells a flaky hook from one that was
    helped; '' where blob ids are not known, or files are many."""
    if not paths or len(paths) > FEW or len(found.entries) > FEW:
        return ""
    ids = {entry.path: entry.oid for entry in found.entries}
    if root:
        paths = [os.path.join(os.fsencode(root), path) for path in paths]
    if not all(ids.get(path) for path in paths):
        return ""
    import _imp  # its siphash is there already; see config.kept

    told = b"".join(b"%s\0%s\0" % (path, ids[path].encode()) for path in paths)
    return _imp.source_hash(0, told).hex()


def _by_request(request: "Request", world: "World", listing: "Listing | None") -> Candidates:
    exports = stages.exports_of(request.stage, request.arguments) if request.by_git else {}
    if request.select == asked.BY_STAGE and _is_about_staged(request) and listing is not None:
        return Candidates(_staged_or_conflicted(world, listing), exports)
    from gitseq.git import listing as git_listing  # the usual commit does without

    if request.select == asked.ALL_FILES:
        return Candidates(_entries(git_listing.tracked(world.repo, world.env)), exports)
    if request.select == asked.NAMED_FILES:
        return Candidates(_entries(request.files), exports, is_message=request.stage.files == stages.MESSAGE)
    if request.select == asked.LAST_COMMIT:
        return Candidates(_entries(git_listing.in_last_commit(world.repo, world.env)), exports)
    if request.select == asked.REVISIONS:
        return _range(world, request.revisions, exports)
    if request.stage.files == stages.MESSAGE:
        return Candidates(_entries(request.arguments[:1]), exports, is_message=True)
    if request.stage.files == stages.RANGE and request.by_git:
        return _pushed(request, world)
    return Candidates((), exports)


def _is_about_staged(request: "Request") -> bool:
    """A push that nobody makes has no range: by hand and without one, what is staged is checked, as in pre-commit."""
    files = request.stage.files
    return files == stages.STAGED or (files == stages.RANGE and not request.by_git)


def _entries(names: "tuple[bytes, ...] | list[bytes]") -> "tuple[Entry, ...]":
    return tuple(Entry(name) for name in dict.fromkeys(names))


def _range(world: "World", revisions: "tuple[bytes, ...]", exports: "Env") -> Candidates:
    from gitseq.git import listing as git_listing
    from gitseq.git import push

    old, new = revisions
    names = git_listing.between(world.repo, world.env, old, new)
    return Candidates(_entries(names), {**exports, **push.range_exports(old, new)})


def _pushed(request: "Request", world: "World") -> Candidates:
    from gitseq.core import push as core_push
    from gitseq.git import push

    remote, url = request.arguments
    pushed = push.ranges(world.repo, world.env, remote, core_push.parse(request.stdin))
    if not pushed:
        return Candidates((), {}, nothing_to_do=True)
    return Candidates(_entries(push.files(world.repo, world.env, pushed)), push.exports(pushed, remote, url))


def _staged_or_conflicted(world: "World", listing: "Listing") -> "tuple[Entry, ...]":
    if not os.path.exists(world.repo.git_dir + b"/MERGE_HEAD"):
        return listing.staged
    from gitseq.git import listing as git_listing

    conflicted = git_listing.conflicted(world.repo, world.env)
    if conflicted is None:
        return listing.staged
    world.tell(Notice("info", "Checking merge-conflict files only."))
    staged = {entry.path: entry for entry in listing.staged}
    return tuple(staged.get(name, Entry(name)) for name in conflicted)
