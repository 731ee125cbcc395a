"""What a line of the journal may say: its events, their fields, and what those mean.

`gitseq schema --journal` and docs/reference/journal.md are made from this; tests hold every line that is written to it.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TEXT, COUNT, NUMBER, TRUTH, TEXTS, RECORDS = (
    "text",
    "count",
    "number",
    "true or false",
    "list of text",
    "list of records",
)
CAP = "number or null"
_TYPES: "dict[str, dict[str, Any]]" = {
    TEXT: {"type": "string"},
    COUNT: {"type": "integer"},
    NUMBER: {"type": "number"},
    CAP: {"type": ["number", "null"]},
    TRUTH: {"type": "boolean"},
    TEXTS: {"type": "array", "items": {"type": "string"}},
    RECORDS: {"type": "array", "items": {"type": "object"}},
}

Field = tuple[str, str, str]
"""Its name, its type, what it means."""

COMMON: "tuple[Field, ...]" = (
    ("v", COUNT, "version of the meaning of fields; 1"),
    ("time", NUMBER, "seconds since the epoch"),
    ("event", TEXT, "what happened: one of the names below"),
    ("run", TEXT, "id of the run, 12 hexadecimal digits; the same on all of its lines"),
    ("pid", COUNT, "process of the engine"),
    ("stage", TEXT, "stage of the hooks; `exec`, `reap` or `recover` for those verbs"),
    ("worktree", TEXT, "top of the work tree"),
)

_HOOK = ("hook", TEXT, "id of the hook; `FOLDER:ID` for one of a nested configuration")
_CODE = ("exit_code", COUNT, "exit code")
_NAMES = ("names", TEXTS, "the first ten of them")
_VERDICT: "tuple[Field, ...]" = (
    _HOOK,
    ("status", TEXT, "`passed`, `failed` or `skipped`"),
    ("exit_code", COUNT, "of the call that decided; 0 for a hook that failed for another reason"),
    ("signal", COUNT, "signal that ended it, or 0"),
    ("reason", TEXT, "why it was skipped"),
    ("reasons", TEXTS, "why it failed, where an exit code or changed files do not say it"),
    ("notes", TEXTS, "what is to be said even of a pass"),
    ("duration", NUMBER, "seconds"),
    ("cpu", NUMBER, "seconds of processor time, of all its processes"),
    ("peak_memory", COUNT, "bytes, of its whole process tree; small hooks are shown as large as the engine"),
    ("processes", COUNT, "most processes alive at a time"),
    ("contained_by", TEXT, "what held its caps: `cgroup2`, `cgroup1`, `polling`; empty when it never started"),
    ("files", COUNT, "how many files it was for"),
    ("cached", COUNT, "how many of these it was not shown, because it has passed them before"),
    ("modified", TEXTS, "the first ten files it changed"),
    ("modified_count", COUNT, "how many it changed"),
)
_OUTPUT = (
    "output",
    TEXT,
    "optional, of a failure: where its output is kept, relative to the journal's folder; may be empty",
)

_CAUSES = """`timeout`, `run_timeout`, `memory`, `processes` (caps), `signal` (we were asked to stop), \
`left-running` (they outlived their hook), `dead-run` (they outlived their engine)"""

OPTIONAL = frozenset(("output",))
"""Fields that are not on every line of their event."""

EVENTS: "dict[str, tuple[str, tuple[Field, ...]]]" = {
    "wait": (
        "Somebody else has the turn. At the start of the wait, and when our position changes.",
        (
            ("position", COUNT, "our place in line, from 1"),
            ("total", COUNT, "how many wait"),
            ("holder", COUNT, "pid of the run whose turn it is; 0 when unknown"),
            ("text", TEXT, "the same as people are told"),
        ),
    ),
    "grant": (
        "It is our turn: the lease is ours, or a run around us holds it.",
        (
            ("what", TEXT, "the stage or command, as the queue shows it"),
            ("waited", NUMBER, "seconds"),
            ("nested", COUNT, "how many runs we are nested in"),
            ("lease", TEXT, "names the lease; runs nested in each other share it"),
        ),
    ),
    "run": ("The hooks are known and about to run.", (("hooks", TEXTS, "their ids"),)),
    "hide": ("Unstaged work is out of the hooks' sight.", (("files", COUNT, "how many files"), _NAMES)),
    "gate": (
        "A hook is held back because memory is short, until its `hook-start`.",
        (_HOOK, ("free", COUNT, "bytes available"), ("wanted", COUNT, "bytes it waits for")),
    ),
    "hook-start": (
        "A hook's command is about to start.",
        (
            _HOOK,
            ("project", TEXT, "folder of its configuration; empty at the top"),
            ("argv", TEXTS, "its command without files; with `shell`, the script"),
            ("shell", TRUTH, "whether a shell runs it"),
            ("files", COUNT, "how many files it is run on"),
            ("names", TEXTS, "the first ten of them, relative to `root`"),
            ("root", TEXT, "folder it is run in, below the work tree"),
            ("input", TEXT, "the same for the same content of the same files; empty where that is not known"),
            ("timeout", CAP, "its caps: seconds,"),
            ("memory", CAP, "bytes,"),
            ("processes", CAP, "and processes"),
        ),
    ),
    "memory-half": (
        "A hook has used half of the memory it may use.",
        (_HOOK, ("used", COUNT, "bytes"), ("cap", COUNT, "bytes")),
    ),
    "kill": (
        "Processes were ended before they ended by themselves.",
        (
            ("cause", TEXT, _CAUSES),
            ("hook", TEXT, "id of the hook; empty for a command of `exec`, or when unknown"),
            ("limit", NUMBER, "the cap in seconds, bytes or processes; the number of the signal"),
            ("peak", NUMBER, "the most that was seen of it, in the same unit"),
            ("processes", RECORDS, "those known by name, ten at most: `pid`, `command`, `memory` in bytes"),
        ),
    ),
    "hook-retry": (
        "An attempt failed, and the hook is run again.",
        (*_VERDICT, ("attempt", COUNT, "which attempt failed, from 1"), _OUTPUT),
    ),
    "hook-end": ("A verdict was reached.", (*_VERDICT, _OUTPUT)),
    "fix": (
        "What a hook changed has joined the commit.",
        (_HOOK, ("files", COUNT, "how many files"), _NAMES),
    ),
    "hook-revised": (
        "A verdict was wrong: the hook turned out to have changed files it had not been given.",
        (*_VERDICT, _OUTPUT),
    ),
    "restore": (
        "Unstaged work is back, or as much of it as could be put back.",
        (
            ("files", COUNT, "how many were hidden; 0 when a dead run had hidden them"),
            ("problem", TEXTS, "why not all is in its place, as people are told; usually empty"),
        ),
    ),
    "exec-start": (
        "A command of `gitseq exec` is about to start.",
        (("argv", TEXTS, "the command"), ("attempt", COUNT, "from 1")),
    ),
    "exec-end": (
        "It has ended, or one attempt at it.",
        (
            ("argv", TEXTS, "the command"),
            _CODE,
            ("attempt", COUNT, "from 1"),
            ("duration", NUMBER, "seconds"),
            ("cpu", NUMBER, "seconds of processor time"),
            ("peak_memory", COUNT, "bytes"),
            ("processes", COUNT, "most processes alive at a time"),
            ("killed", TEXT, "the cap it ran into, or empty"),
        ),
    ),
    "notice": (
        "Something a person was told.",
        (("level", TEXT, "`info`, `warning` or `error`"), ("text", TEXT, "what")),
    ),
    "refusal": (
        "The run, or the command, ends other than by its hooks.",
        (_CODE, ("problem", TEXTS, "why, as people are told")),
    ),
    "end": (
        "The run is over. A run without this line is still running, or was killed.",
        (
            _CODE,
            ("what", TEXT, "as in `grant`, which a run that was refused does not have"),
            ("duration", NUMBER, "seconds since the engine began, waiting included"),
            ("waited", NUMBER, "seconds it stood in line"),
        ),
    ),
}


def schema() -> "dict[str, Any]":
    """The JSON schema of a line. Fields nobody knows are allowed: a later version may add some."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of gitseq's journal",
        "oneOf": [_event(name, *EVENTS[name]) for name in EVENTS],
    }


def _event(name: str, meaning: str, fields: "tuple[Field, ...]") -> "dict[str, Any]":
    known = {field: {**_TYPES[kind], "description": told} for field, kind, told in (*COMMON, *fields)}
    return {
        "type": "object",
        "description": meaning,
        "properties": {**known, "event": {"const": name}, "shortened": {"type": "boolean"}},
        "required": [field for field, _kind, _told in COMMON if field != "worktree"],
    }


def markdown() -> "list[str]":
    """The tables of docs/reference/journal.md."""
    lines = ["### On every line", "", *_table(COMMON)]
    for name, (meaning, fields) in EVENTS.items():
        lines += ["", f"### `{name}`", "", meaning, "", *_table(fields)]
    return lines


def _table(fields: "tuple[Field, ...]") -> "list[str]":
    return ["| field | type | |", "|---|---|---|", *(f"| `{name}` | {kind} | {told} |" for name, kind, told in fields)]
