"""A gitseq.toml in the making: tables with comments, and what could not be said in it."""

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WIDEST = 110
"""Arrays that would make a line longer stand one element a line."""


class Item(Record):
    """One table, or (name '') keys at the top."""

    name: str
    """Such as `hook` or `repo.hook`."""
    keys: "dict[str, Any]"
    above: tuple[str, ...] = ()
    """Comments before it, without their `#`."""
    above_keys: "dict[str, tuple[str, ...]]" = {}  # noqa: RUF012 - a default of a Record is never changed
    beside: "dict[str, str]" = {}  # noqa: RUF012
    """Comments at the end of a key's line."""
    off: str = ""
    """Why it stands there as a comment only: gitseq cannot do it."""


class Draft:
    """Tables in order, with what is lost on the way."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.items: "list[Item]" = []
        self.lost: "list[str]" = []
        """What the new file does not do and the old one did."""
        self.notes: "list[str]" = []
        """What is done in another way, or is to be done by hand."""
        self.end: tuple[str, ...] = ()
        """Comments after the last table."""
        self._ids: "set[str]" = set()

    def add(self, item: Item) -> None:
        """The next table; one that is off counts as lost."""
        self.items.append(item)
        if item.off:
            self.lost.append(f"hook `{item.keys.get('id', '')}`: {item.off}")

    def unique(self, wanted: str, *more: str) -> str:
        """An id that no hook has yet: the one that is wanted, with more words, or with a number behind it."""
        candidates = [wanted, *(f"{wanted}-{word}" for word in more)]
        number = 2
        while candidates[0] in self._ids:
            del candidates[0]
            if not candidates:
                candidates.append(f"{wanted}-{number}")
                number += 1
        self._ids.add(candidates[0])
        return candidates[0]


def render(draft: Draft) -> str:
    """The text of the file."""
    head = f"# Migrated from {_one_line(draft.source)} by `gitseq migrate`."
    parts = [f"{head} Every key: docs/reference/configuration.md."]
    parts += [_rendered(item) for item in draft.items if item.name or item.keys or item.above]
    if draft.end:
        parts.append(_comments(draft.end))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _rendered(item: Item) -> str:
    lines = [f"[[{item.name}]]"] if item.name else []
    for key, value in item.keys.items():
        lines += [f"# {text}".rstrip() for text in item.above_keys.get(key, ())]
        beside = f"  # {item.beside[key]}" if key in item.beside else ""
        lines.append(f"{key} = {toml(value)}{beside}")
    body = "\n".join(lines)
    if item.off:
        told = f"# NOT MIGRATED: {_one_line(item.off)}\n"
        body = told + "\n".join(f"# {line}".rstrip() for line in body.split("\n"))
    return _comments(item.above) + body


def _comments(texts: "tuple[str, ...]") -> str:
    return "".join(f"# {text}".rstrip() + "\n" for text in texts)


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


# --- values ----------------------------------------------------------------------------------------


def toml(value: "Any") -> str:
    """A value as TOML: str, bool, int, list or tuple of these, dict."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(name)} = {toml(inner)}" for name, inner in value.items()) + " }"
    return _array([toml(element) for element in value])


def _array(elements: "list[str]") -> str:
    line = "[" + ", ".join(elements) + "]"
    if len(line) <= _WIDEST and "\n" not in line:
        return line
    return "[\n" + "".join(f"    {element},\n" for element in elements) + "]"


def _key(name: str) -> str:
    is_bare = name and all(char.isascii() and (char.isalnum() or char in "-_") for char in name)
    return name if is_bare else _basic(name)


def _string(text: str) -> str:
    """The form in which it reads best: without escapes where there is a way."""
    plain = all(char.isprintable() or char == "\t" for char in text)
    if plain and not any(char in text for char in '"\\\t'):
        return f'"{text}"'
    if plain and "'" not in text:
        return f"'{text}'"
    lines = all(char.isprintable() or char in "\t\n" for char in text)
    if lines and "\n" in text and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    return _basic(text)


def _basic(text: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(short.get(char) or (char if char.isprintable() else _escaped(char)) for char in text) + '"'


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
