"""The tags of a file (`file`, `python`, `executable` ...), exactly those of `identify.tags_from_path`.

identify answers in this order, and so do we: a directory, symlink or socket has that one tag; a file has `file`, and
`executable` or `non-executable`; then its name (the table of names by the whole name, then by each part between dots,
first hit only) and its extension (after the last dot, lower-cased) add theirs; only a file whose name said nothing
and that is executable is asked for its shebang; only one that is still neither text nor binary is looked into.
The tables travel in the plan, so that identify (40 ms) is imported for shebangs alone.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from gitseq.model import Plan

    class Sniffer(Protocol):
        """The questions that need the file itself; `host.sniff.Sniffer` asks them."""

        def may_execute(self, path: bytes) -> bool:
            """Whether we may execute the file."""

        def tags_of_interpreters(self) -> "frozenset[str]":
            """Every tag that some interpreter has."""

        def interpreter_tags(self, path: bytes) -> "frozenset[str]":
            """The tags of the interpreter in the shebang."""

        def is_text(self, path: bytes) -> bool:
            """Whether the content looks like text."""

    Tables = tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]

_FORMAT_BITS, _DIRECTORY, _SYMLINK, _SOCKET, _EXECUTE_BITS = 0o170000, 0o040000, 0o120000, 0o140000, 0o111

_KIND_TAGS = frozenset(("directory", "symlink", "socket", "file"))
_MODE_TAGS = frozenset(("executable", "non-executable"))
_ENCODING_TAGS = frozenset(("text", "binary"))
_NONE: "frozenset[str]" = frozenset()

FREE_TAGS = _KIND_TAGS | _MODE_TAGS
"""Tags that the mode alone answers: a plan that asks for no others needs no tables."""


def asked_tags(hooks: "tuple[object, ...]") -> "frozenset[str]":
    """Every tag that some hook asks for."""
    asked: set[str] = set()
    for hook in hooks:
        asked.update(hook.types, hook.types_or, hook.exclude_types)  # type: ignore[attr-defined]
    return frozenset(asked)


class Tagger:
    """Answers which tags a path has, as far as some hook of the plan asks.

    `tags(path, mode) & needs` is exact; tags nobody asks for may be missing. Answers are kept per path and mode, so
    a Tagger is for one moment of the work tree, not for before and after a hook that changed files.
    """

    def __init__(self, plan: "Plan", sniffer: "Sniffer") -> None:
        self.needs = asked_tags(plan.hooks)
        self._extensions = plan.extension_tags or {}
        self._names = plan.name_tags or {}
        self._sniffer = sniffer
        self._needs_mode = not self.needs <= _KIND_TAGS
        self._needs_name = not self.needs <= FREE_TAGS
        self._needs_encoding = not self.needs.isdisjoint(_ENCODING_TAGS)
        self._known: "dict[tuple[bytes, int], frozenset[str]]" = {}
        self._named: "dict[tuple[bytes, int], frozenset[str]]" = {}
        """By a file's name without its folder: answers that nothing else of the file has a part in."""
        self._interpreters_matter: "bool | None" = None
        self._by_name: "dict[bytes, set[str]]" = {}
        self._by_extension: "dict[tuple[bytes, int], frozenset[str]]" = {}
        self._telling = frozenset([name.encode("utf-8", "surrogateescape") for name in self._names])
        """Names, and parts of names between dots, that say something themselves."""
        self._shared: "dict[frozenset[str], frozenset[str]]" = {}

    def tags(self, path: bytes, mode: int) -> "frozenset[str]":
        """The tags of a path whose `lstat` has this mode. EnvironmentProblem when it must be read and cannot be."""
        name = path[path.rfind(b"/") + 1 :]
        found = self._named.get((name, mode))
        if found is None:
            ending = self._telling_extension(name)
            found = self._by_extension.get((ending, mode)) or self._known.get((path, mode))
            if found is None:
                found = self._known[path, mode] = self._find(path, mode, ending)
        return found

    def _find(self, path: bytes, mode: int, ending: bytes) -> "frozenset[str]":
        kind = kind_tag(mode)
        if kind != "file" or not self._needs_mode:
            return frozenset((kind,))
        name = path[path.rfind(b"/") + 1 :]
        executable = bool(mode & _EXECUTE_BITS) and self._sniffer.may_execute(path)
        tags = {"file", "executable" if executable else "non-executable"}
        by_name = not mode & _EXECUTE_BITS
        if self._needs_name:
            tags |= self._name_tags(name) or self._interpreter(path, executable)
            if self._needs_encoding and _ENCODING_TAGS.isdisjoint(tags):
                tags.add("text" if self._sniffer.is_text(path) else "binary")
                by_name = False
        found = frozenset(tags)
        found = self._shared.setdefault(found, found)
        if by_name and ending:
            self._by_extension[ending, mode] = found
        if by_name:
            self._named[name, mode] = found
        return found

    def _telling_extension(self, name: bytes) -> bytes:
        """The extension of a name of which nothing else says anything; b"" when something may."""
        parts = name.split(b".")
        if len(parts) == 1 or not parts[0] or name in self._telling or not self._telling.isdisjoint(parts):
            return b""
        return parts[-1]

    def _name_tags(self, name: bytes) -> "set[str]":
        tags = self._by_name.get(name)
        if tags is None:
            tags = self._by_name[name] = name_tags(name, self._names, self._extensions)
        return tags

    def _interpreter(self, path: bytes, executable: bool) -> "frozenset[str]":
        """Not looked for where no hook asks for what an interpreter could say."""
        if not executable:
            return _NONE
        if self._interpreters_matter is None:
            self._interpreters_matter = not self.needs.isdisjoint(self._sniffer.tags_of_interpreters())
        return self._sniffer.interpreter_tags(path) if self._interpreters_matter else _NONE


def kind_tag(mode: int) -> str:
    """The one tag that every path has."""
    kind = mode & _FORMAT_BITS
    if kind == _DIRECTORY:
        return "directory"
    if kind == _SYMLINK:
        return "symlink"
    return "socket" if kind == _SOCKET else "file"


def name_tags(path: bytes, names: "dict[str, tuple[str, ...]]", extensions: "dict[str, tuple[str, ...]]") -> "set[str]":
    """What the name alone says; empty when it says nothing.

    In text, because identify lower-cases extensions as Unicode: a file `x.\\u212a` (Kelvin sign) has extension `k`.
    """
    name = path[path.rfind(b"/") + 1 :].decode("utf-8", "surrogateescape")
    tags: set[str] = set()
    for part in (name, *name.split(".")):
        if part in names:
            tags.update(names[part])
            break
    extension = _extension(name)
    if extension:
        tags.update(extensions.get(extension.lower(), ()))
    return tags


def _extension(name: str) -> str:
    """What follows the last dot, unless only dots stand before it (`.bashrc` and `..c` have none)."""
    dot = name.rfind(".")
    return name[dot + 1 :] if name[: max(dot, 0)].strip(".") else ""
