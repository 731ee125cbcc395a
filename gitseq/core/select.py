"""Which files a hook gets: the semantics of pre-commit's filters, plus `root` and projects; and which hook is meant."""

from gitseq.model import Entry, Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Searcher = Callable[[str], Callable[[str], object]]
    """regular expression -> a function that says whether it is found anywhere in a text."""
    TagsOf = Callable[[bytes], frozenset[str]]
    """path -> identify's tags of the file now in the work tree."""

NOTHING = "^$"
"""The regular expression of no name at all, but for one: `$` also matches before a newline that ends the name."""
_LINE_END = b"\n"


def by_name(entries: "Iterable[Entry]", files: str, exclude: str, searcher: "Searcher", skip: int = 0) -> "list[Entry]":
    """The entries whose name `files` finds and `exclude` does not; the first `skip` bytes are not part of the name.

    Names are matched as text, bytes that are not UTF-8 as surrogates, so that no name is unmatchable.
    """
    if not files and exclude in ("", NOTHING):
        return [entry for entry in entries if not exclude or entry.path[skip:] != _LINE_END]
    wanted, unwanted = searcher(files), searcher(exclude or NOTHING)
    named = ((entry, entry.path[skip:].decode("utf-8", "surrogateescape")) for entry in entries)
    return [entry for entry, name in named if wanted(name) and not unwanted(name)]


def in_project(folder: str, entries: "list[Entry]", orphans: "Iterable[str]") -> "list[Entry]":
    """The entries that hooks of a project see: those in its folder ('' is the top), not those that an orphan below it
    has for itself."""
    found = _below(folder, entries) if folder else entries
    closed = tuple(_prefix(orphan) for orphan in orphans if is_below(orphan, folder))
    return [entry for entry in found if not entry.path.startswith(closed)] if closed else found


def is_below(folder: str, above: str) -> bool:
    """Whether a folder lies inside another one ('' is the top); none lies inside itself."""
    return folder != above and (not above or folder.startswith(above + "/"))


def for_hook(hook: Hook, entries: "list[Entry]", searcher: "Searcher", tags_of: "TagsOf") -> "list[bytes]":
    """The paths a hook gets out of its project's candidates, in their order, relative to the hook's `root`."""
    paths = named(hook, entries, searcher)
    return of_types(hook, paths, [tags_of(path) for path in paths])


def named(hook: Hook, entries: "list[Entry]", searcher: "Searcher") -> "list[bytes]":
    """The paths below the hook's `root` whose names it wants, relative to the top."""
    if hook.root != hook.project:
        entries = _below(hook.root, entries)
    return [entry.path for entry in by_name(entries, hook.files, hook.exclude, searcher, len(_prefix(hook.project)))]


def of_types(hook: Hook, paths: "list[bytes]", tags: "list[frozenset[str]]") -> "list[bytes]":
    """Those of some paths whose tags a hook wants, relative to its `root`."""
    prefix = len(_prefix(hook.root))
    fitting = {one for one in set(tags) if _tags_fit(hook, one)}  # a tree has a few dozen different sets of tags
    chosen = [path for path, one in zip(paths, tags, strict=True) if one in fitting]
    return [path[prefix:] for path in chosen] if prefix else chosen


def outward(path: bytes, folder: str) -> bytes:
    """How a path that is relative to the top is called in a folder it does not lie in."""
    return path if path.startswith(b"/") else b"../" * (folder.count("/") + 1) + path


def names_of(hook: Hook) -> "Iterator[str]":
    """What `run` and `--skip` know a hook by: id, alias, both with their project, and every folder around it.

    The top is `.`: `.:ruff` is the hook of that id at the top, `packages/` all hooks in and below that folder.
    """
    for name in (hook.id, hook.alias):
        if name:
            yield name
            yield f"{hook.project or '.'}:{name}"
    folder = hook.project
    while folder:
        yield folder + "/"
        folder = folder.rpartition("/")[0]
    yield "./"


def is_named(hook: Hook, names: "frozenset[str]") -> bool:
    """Whether a hook is one of those that are meant."""
    return bool(names) and not names.isdisjoint(names_of(hook))


def _prefix(folder: str) -> bytes:
    return folder.encode("utf-8", "surrogateescape") + b"/" if folder else b""


def _below(folder: str, entries: "list[Entry]") -> "list[Entry]":
    prefix = _prefix(folder)
    return [entry for entry in entries if entry.path.startswith(prefix)]


def _tags_fit(hook: Hook, tags: "frozenset[str]") -> bool:
    return (
        tags.issuperset(hook.types)
        and (not hook.types_or or not tags.isdisjoint(hook.types_or))
        and tags.isdisjoint(hook.exclude_types)
    )
