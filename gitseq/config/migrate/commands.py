"""Commands of other managers, which a shell ran, as hooks: with a shell only where one is needed."""

import re
import shlex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NEEDS_SHELL = re.compile(r"[|&;<>()$`\\\n*?\[\]#~=%!{}]|^\s*(cd|export|if|for|while|source|\.)\s")
_FILES = '"$@"'


def hook_of(command: str, files: "tuple[str, ...]") -> "dict[str, Any]":
    """`run`, `shell` and `pass_filenames` for a command in which these words stand for the names of files."""
    command = command.strip()
    word = next((word for word in files if word in command), "")
    if not word:
        return {**_plain(command), "pass_filenames": False}
    bare = re.sub(rf"""(["']?){re.escape(word)}\1""", "\0", command)
    head, _, tail = bare.partition("\0")
    if not tail.strip() and "\0" not in tail:
        plain = _plain(head.strip())
        if "shell" not in plain:
            return plain
    return {"run": bare.replace("\0", _FILES), "shell": True}


def _plain(command: str) -> "dict[str, Any]":
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words or _NEEDS_SHELL.search(_unquoted(command)):
        return {"run": command, "shell": True}
    return {"run": command}


def _unquoted(command: str) -> str:
    """A command without what stands between quotes, which no shell looks at; `"$x"` is looked at."""
    return re.sub(r"'[^']*'|\"[^\"$`\\]*\"", "", command)


def glob_filter(globs: "list[str]", *, any_depth: bool) -> "Any":
    """A filter for globs; with `any_depth` a name without a slash is looked for in every folder."""
    if not globs:
        return ""
    return {"glob": [f"**/{glob}" if any_depth and "/" not in glob else glob for glob in globs]}
