"""One JSON object a line, by hand: the C halves of `json` are there at once, `json` itself costs 15 ms to import."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Scan:
    """What the C scanner asks its context for."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: "dict[str, str]" = {}  # noqa: RUF012 - the scanner clears it after every use


_WORDS = {None: "null", True: "true", False: "false"}


def encode(fields: "dict[str, Any]") -> bytes:
    """One line of JSON, ended by a newline. Values: str, bytes (a path), int, float, bool, None, and tuples or
    dicts of those."""
    return (_value(fields) + "\n").encode("ascii")


def _value(value: "Any") -> str:
    kind = type(value)  # asked once: a line has some twenty values, and most of them are text or numbers
    if kind is str:
        return _quoted(value)
    if kind is int or kind is float:
        return repr(value)
    if value is None or kind is bool:
        return _WORDS[value]
    if kind is bytes:
        return _quoted(value.decode("utf-8", "surrogateescape"))
    if kind is tuple:
        return "[" + ", ".join([_value(inner) for inner in value]) + "]" if value else "[]"
    return "{" + ", ".join([f'"{name}": {_value(inner)}' for name, inner in value.items()]) + "}"


def _quoted(text: str) -> str:
    """A JSON string. Most need no escape, and so not the C module that knows them all."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    import _json

    return _json.encode_basestring_ascii(text)


def decode(content: "bytes | None") -> "dict[str, Any]":
    """The fields of such a line; {} for anything else, such as a ticket whose owner died before it wrote.

    SystemError is what the scanner answers to bad JSON while `json.decoder` is not imported.
    """
    if not content or not content.startswith(b"{") or not content.endswith(b"}\n"):
        return {}
    import _json

    try:
        value, end = _json.make_scanner(_Scan)(content.decode("utf-8"), 0)  # type: ignore[arg-type]
    except (ValueError, StopIteration, SystemError, RecursionError):
        return {}
    return value if isinstance(value, dict) and end == len(content) - 1 else {}


def path_of(value: str) -> bytes:
    """A path as `encode` wrote it."""
    return value.encode("utf-8", "surrogateescape")
