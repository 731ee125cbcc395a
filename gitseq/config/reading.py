"""Finds and reads the files of a configuration, and remembers what they held."""

import os

from gitseq.config import kept
from gitseq.config.explain import Document, on_one_line, whole_file
from gitseq.errors import NoConfiguration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.foreign import Fetch
    from gitseq.config.kept import Where
    from gitseq.config.meaning import Vet

_PYPROJECT = b"pyproject.toml"
_YAML = (b".pre-commit-config.yaml", b".pre-commit-config.yml")
SEARCHED = (b"gitseq.toml", b".gitseq.toml", _PYPROJECT, *_YAML)
"""Names at the top of the work tree, in the order they are looked for; the first that holds a configuration wins."""
OVERLAY = b"gitseq.local.toml"
LOCK = b"gitseq.lock"
_BOM = b"\xef\xbb\xbf"


class Reader:
    """Reads files for a configuration and remembers what they held, so that the plan knows what it stands on."""

    def __init__(self, where: "Where", fetch: "Fetch | None" = None, vet: "Vet | None" = None) -> None:
        self.where = where
        self.fetch = fetch
        self.vet = vet
        self.inputs: "dict[bytes, bytes | None]" = {}

    def content(self, name: bytes) -> "bytes | None":
        """A file's content, or None when it is missing. ConfigError for one that cannot be read."""
        try:
            data = kept.content(self.where.path(name))
        except OSError as error:
            raise whole_file(self.shown(name), f"cannot be read: {error.strerror}") from None
        if data is not None and len(data) > kept.LARGEST:
            raise whole_file(self.shown(name), f"is larger than {kept.LARGEST >> 20} MiB; that is no configuration")
        self.inputs[name] = kept.digest(data)
        return data

    def shown(self, name: bytes) -> str:
        """A file's name as people know it: relative to the top when it lies inside."""
        inside = self.where.top + b"/"
        path = os.path.normpath(self.where.path(name))
        return (path[len(inside) :] if path.startswith(inside) else path).decode("utf-8", "surrogateescape")


def find(reader: Reader) -> Document:
    """The file of the configuration. Raises ConfigError, or NoConfiguration."""
    where = reader.where
    if where.explicit is not None:
        found = document(where.explicit, reader)
        if found is None:
            reason = "has no [tool.gitseq]" if reader.inputs[where.explicit] else "there is no such file"
            raise whole_file(reader.shown(where.explicit), reason)
        return found
    for name in SEARCHED:
        found = document(name, reader)
        if found is not None:
            return found
    raise NoConfiguration(
        "No gitseq.toml and no .pre-commit-config.yaml file was found at the top of this work tree",
        hint="To write one: gitseq init\nTo commit without, this once: PRE_COMMIT_ALLOW_NO_CONFIG=1 git commit",
    )


def find_overlay(reader: Reader) -> "Document | None":
    """The local overlay: none beside a file named by `--config`, and none on CI, where nobody's taste should matter."""
    if reader.where.explicit is not None or reader.where.is_ci:
        return None
    return document(OVERLAY, reader)


def document(name: bytes, reader: Reader) -> "Document | None":
    """One file as a document, or None when it is missing or (pyproject.toml) not about gitseq."""
    data = reader.content(name)
    if data is None:
        return None
    shown = reader.shown(name)
    text = _text(data, shown)
    if name.endswith((b".yaml", b".yml")):
        from gitseq.config import yaml_file

        return yaml_file.parse(text, shown)
    table = _parse(text, shown)
    if os.path.basename(name) != _PYPROJECT:
        return Document(shown, text, table)
    tool = table.get("tool")
    if not isinstance(tool, dict) or "gitseq" not in tool:
        return None
    if not isinstance(tool["gitseq"], dict):
        raise whole_file(shown, "tool.gitseq: must be a table")
    return Document(shown, text, tool["gitseq"], ("tool", "gitseq"))


def _text(data: bytes, shown: str) -> str:
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise whole_file(shown, "is not UTF-8", line=line) from None


def _parse(text: str, shown: str) -> "dict[str, Any]":
    import tomli

    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        line, column, reason = _syntax_problem(error, text)
        raise whole_file(shown, f"not valid TOML: {reason}", line=line, column=column) from None
    except RecursionError:
        raise whole_file(shown, "is nested too deeply") from None
    except ValueError as error:  # such as a whole number of ten thousand digits
        raise whole_file(shown, f"not valid TOML: {on_one_line(str(error))}") from None


def _syntax_problem(error: ValueError, text: str) -> "tuple[int, int, str]":
    """Line, column and reason; tomli before 2.1 tells them in its message only."""
    import re

    message = on_one_line(str(error))
    place = re.search(r" \((?:at line (\d+), column (\d+)|at end of document)\)$", message)
    if place is None:
        return 0, 0, message
    reason = message[: place.start()]
    if place[1] is None:
        return text.count("\n", 0, len(text.rstrip())) + 1, 0, f"{reason} at the end of the file"
    return int(place[1]), int(place[2]), reason
