"""The command lines of `gitseq run` and `exec` that people and CI type most, understood without argparse (10 ms).

Only flags without a value, and names of stages and hooks, or a command; whatever else there is, and every mistake, is
left to argparse. A test holds the two against each other.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

_FLAGS = {
    "-a": "all_files",
    "--all-files": "all_files",
    "--fail-fast": "fail_fast",
    "--no-cache": "no_cache",
    "--no-wait": "no_wait",
    "--show-diff-on-failure": "show_diff_on_failure",
    "-v": "verbose",
    "--verbose": "verbose",
}
_WITH_A_VALUE = (
    "stage",
    "files",
    "files0_from",
    "from_ref",
    "to_ref",
    "commit_msg_filename",
    "wait",
    "color",
    "config",
    "format",
    "profile",
)
_LEFT_OUT = {
    **dict.fromkeys(_WITH_A_VALUE),
    **dict.fromkeys((*_FLAGS.values(), "last_commit", "dry_run"), False),
}


_PLAIN_EXEC = {
    **dict.fromkeys(("wait", "timeout", "memory", "processes", "profile")),
    "no_wait": False,
    "retry": 0,
    "json": False,
}


class _Options:
    """As argparse.Namespace: values as attributes."""

    def __init__(self, values: "dict[str, object]") -> None:
        self.__dict__.update(values)


def options(arguments: "list[str]") -> "argparse.Namespace | None":
    """The options of a plain `gitseq run` or `exec`; None for any other command line."""
    found = None
    if arguments[:1] == ["run"]:
        found = _of_run(arguments[1:])
    elif arguments[:1] == ["exec"] and (arguments[1:2] == ["--"] or "".join(arguments[1:2])[:1] not in ("-", "")):
        found = {"verb": "exec", **_PLAIN_EXEC, "command": arguments[1:]}
    return _Options(found) if found is not None else None  # type: ignore[return-value]


def _of_run(words: "list[str]") -> "dict[str, object] | None":
    found: dict[str, object] = {"verb": "run", **_LEFT_OUT, "skip": [], "group": []}
    what = []
    for word in words:
        if word in _FLAGS:
            found[_FLAGS[word]] = True
        elif word[:1] in ("-", ""):
            return None
        else:
            what.append(word)
    return {**found, "what": what}
