"""gitseq.lock: which commit each rev of a hook repository meant when it was first used."""

from gitseq.errors import ConfigError
from gitseq.host import files

NAME = b"gitseq.lock"
_VERSION = 1
_HEAD = """\
# Which commit each rev of a hook repository meant when it was first used.
# Written by gitseq; keep it under version control. To accept what has moved since: gitseq update
version = 1
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    Entries = dict[tuple[str, str], str]
    """(url, rev) -> commit."""


def read(path: bytes) -> "Entries | None":
    """What a lock file holds; None when there is none. Raises ConfigError for one that makes no sense."""
    import tomli

    data = files.read(path)
    if data is None:
        return None
    try:
        table = tomli.loads(data.decode("utf-8"))
        if table.get("version", _VERSION) != _VERSION:
            raise ValueError("it was written by a newer gitseq")
        return {(_text(entry, "url"), _text(entry, "rev")): _text(entry, "commit") for entry in table.get("repo", [])}
    except (ValueError, TypeError, AttributeError) as error:
        shown = path.decode("utf-8", "backslashreplace")
        raise ConfigError(
            f"{shown} cannot be read: {error}",
            hint="Put it back as it was (git checkout -- gitseq.lock), or remove it to have every rev looked up anew.",
        ) from None


def _text(entry: "dict[str, object]", key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise TypeError(f"a [[repo]] without `{key}`")
    return value


def written(entries: "Entries") -> bytes:
    """The content of a lock file: the same entries always give the same bytes."""
    blocks = [
        f"\n[[repo]]\nurl = {_quoted(url)}\nrev = {_quoted(rev)}\ncommit = {_quoted(commit)}\n"
        for (url, rev), commit in sorted(entries.items())
    ]
    return (_HEAD + "".join(blocks)).encode()


def _quoted(text: str) -> str:
    """A TOML basic string: what JSON escapes is escaped alike, but TOML knows no surrogate pairs and no bare DEL."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
