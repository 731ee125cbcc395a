"""Which files a hook gets: the semantics of pre-commit's filters, plus `root`."""

from gitseq.model import Entry, Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Searcher = Callable[[str], Callable[[str], object]]
    """regular expression -> a function that says whether it is found anywhere in a text."""
    TagsOf = Callable[[bytes], frozenset[str]]
    """path -> identify's tags of the file now in the work tree."""

NOTHING = "^$"
"""The regular expression of no name at all, but for one: `$` also matches before a newline that ends the name."""
_LINE_END = b"\n"


def by_name(entries: "Iterable[Entry]", files: str, exclude: str, searcher: "Searcher") -> "list[Entry]":
    """The entries whose name `files` finds and `exclude` does not. Names are matched as text, bytes that are not
    UTF-8 as surrogates, so that no name is unmatchable."""
    if not files and exclude in ("", NOTHING):
        return [entry for entry in entries if not exclude or entry.path != _LINE_END]
    wanted, unwanted = searcher(files), searcher(exclude or NOTHING)
    named = ((entry, entry.path.decode("utf-8", "surrogateescape")) for entry in entries)
    return [entry for entry, name in named if wanted(name) and not unwanted(name)]


def for_hook(hook: Hook, entries: "list[Entry]", searcher: "Searcher", tags_of: "TagsOf") -> "list[bytes]":
    """The paths a hook gets out of the candidates, in their order, relative to the hook's `root`."""
    if hook.root:
        entries = _below(hook.root.encode("utf-8", "surrogateescape") + b"/", entries)
    entries = by_name(entries, hook.files, hook.exclude, searcher)
    prefix = len(hook.root.encode("utf-8", "surrogateescape")) + 1 if hook.root else 0
    fits: dict[frozenset[str], bool] = {}  # a tree has a few dozen different sets of tags
    chosen = []
    for entry in entries:
        path = entry.path
        tags = tags_of(path)
        fit = fits.get(tags)
        if fit is None:
            fit = fits[tags] = _tags_fit(hook, tags)
        if fit:
            chosen.append(path[prefix:] if prefix else path)
    return chosen


def _below(prefix: bytes, entries: "list[Entry]") -> "list[Entry]":
    return [entry for entry in entries if entry.path.startswith(prefix)]


def _tags_fit(hook: Hook, tags: "frozenset[str]") -> bool:
    return (
        tags.issuperset(hook.types)
        and (not hook.types_or or not tags.isdisjoint(hook.types_or))
        and tags.isdisjoint(hook.exclude_types)
    )
