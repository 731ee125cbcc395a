"""Which files a hook gets: the semantics of pre-commit's filters, plus `root`."""

from gitseq.model import Entry, Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Matches = Callable[[str, str], bool]
    """(regular expression, text) -> whether it is found anywhere in the text."""
    TagsOf = Callable[[bytes], frozenset[str]]
    """path -> identify's tags of the file now in the work tree."""


def by_name(entries: "Iterable[Entry]", files: str, exclude: str, matches: "Matches") -> "list[Entry]":
    """The entries whose name `files` finds and `exclude` does not. Names are matched as text, bytes that are not
    UTF-8 as surrogates, so that no name is unmatchable."""
    if not files and not exclude:
        return list(entries)
    kept = []
    for entry in entries:
        name = entry.path.decode("utf-8", "surrogateescape")
        if (not files or matches(files, name)) and not (exclude and matches(exclude, name)):
            kept.append(entry)
    return kept


def for_hook(hook: Hook, entries: "list[Entry]", matches: "Matches", tags_of: "TagsOf") -> "list[bytes]":
    """The paths a hook gets out of the candidates, in their order, relative to the hook's `root`."""
    if hook.root:
        entries = _below(hook.root.encode("utf-8", "surrogateescape") + b"/", entries)
    entries = by_name(entries, hook.files, hook.exclude, matches)
    prefix = len(hook.root.encode("utf-8", "surrogateescape")) + 1 if hook.root else 0
    return [entry.path[prefix:] for entry in entries if _tags_fit(hook, tags_of(entry.path))]


def _below(prefix: bytes, entries: "list[Entry]") -> "list[Entry]":
    return [entry for entry in entries if entry.path.startswith(prefix)]


def _tags_fit(hook: Hook, tags: "frozenset[str]") -> bool:
    return (
        tags.issuperset(hook.types)
        and (not hook.types_or or not tags.isdisjoint(hook.types_or))
        and tags.isdisjoint(hook.exclude_types)
    )
