"""What the journal's lines add up to: which hook runs now, and how the last ones ended. Values in, values out.

Lines may come from another version of gitseq, so every field is taken for what it is and nothing is required.
"""

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_RECENT = 100
"""So many endings are remembered."""
_MOST_RUNS = 50


class Current(Record):
    """What a run is doing, as far as it has said."""

    run: str
    stage: str
    hooks: "tuple[str, ...]" = ()
    """All of the run, in order."""
    hook: str = ""
    """The one that runs now; '' between two."""
    began: float = 0.0
    """Wall clock."""
    timeout: "float | None" = None
    memory: "int | None" = None
    processes: "int | None" = None
    awaits_memory: str = ""
    """The hook that is held back until enough memory is free."""


class Past(Record):
    """Something that ended."""

    at: float
    """Wall clock."""
    word: str
    """passed, failed, retried, warning, error, refused, stopped or gave up; a hook that was skipped did not end."""
    what: str
    """The hook or command; '' for what concerns no single one."""
    stage: str
    detail: str = ""
    duration: float = 0.0
    peak_memory: int = 0


class History(Record):
    """All that was read so far."""

    runs: "dict[tuple[int, str], Current]" = {}  # noqa: RUF012 - a Record's default, never changed
    """(pid, worktree) -> what the run of that engine is doing."""
    recent: "tuple[Past, ...]" = ()
    """Newest first."""
    cached: int = 0
    """Files that hooks were spared because they had passed before ..."""
    files: int = 0
    """... of so many, in the endings that say."""


def fold(history: History, event: "dict[str, Any]") -> History:
    """The history with one more line of the journal."""
    name = event.get("event")
    key = (_whole(event, "pid"), _text(event, "worktree"))
    running = history.runs.get(key)
    if name == "run":
        return _with_run(history, key, Current(_text(event, "run"), _text(event, "stage"), _texts(event, "hooks")))
    if name == "end":
        history = _with_run(history, key, None)
    elif running is not None:
        history = _with_run(history, key, _step(running, event))
    ended = _ending(event)
    if ended is not None:
        history = history.replace(recent=(ended, *history.recent)[:MOST_RECENT])
    if name == "hook-end" and "cached" in event:
        history = history.replace(
            cached=history.cached + _whole(event, "cached"), files=history.files + _whole(event, "files")
        )
    return history


def _with_run(history: History, key: "tuple[int, str]", run: "Current | None") -> History:
    """Runs that died never say that they ended; the oldest are forgotten."""
    runs = {known: one for known, one in history.runs.items() if known != key}
    if run is not None:
        runs = dict([*runs.items()][1 - _MOST_RUNS :]) | {key: run}
    return history.replace(runs=runs)


def _step(running: Current, event: "dict[str, Any]") -> Current:
    name = event.get("event")
    if name == "hook-start":
        return running.replace(
            hook=_text(event, "hook"),
            began=_number(event, "time"),
            timeout=_number(event, "timeout") or None,
            memory=_whole(event, "memory") or None,
            processes=_whole(event, "processes") or None,
            awaits_memory="",
        )
    if name == "gate":
        return running.replace(awaits_memory=_text(event, "hook"))
    if name == "hook-end":
        return running.replace(hook="", awaits_memory="")
    return running


_VERDICTS = {"hook-end": "", "hook-revised": "failed", "hook-retry": "retried"}


def _ending(event: "dict[str, Any]") -> "Past | None":
    name = event.get("event")
    at, stage = _number(event, "time"), _text(event, "stage")
    if name in _VERDICTS:
        word = _VERDICTS[name] or _text(event, "status")
        if word == "skipped":
            return None
        return Past(at, word, _text(event, "hook"), stage, _why(event), *_used(event))
    if name == "exec-end":
        code, killed = _whole(event, "exit_code"), _text(event, "killed")
        detail = f"killed: {killed}" if killed else f"exit code {code}" if code else ""
        return Past(at, "failed" if code else "passed", " ".join(_texts(event, "argv")), stage, detail, *_used(event))
    if name == "notice" and _text(event, "level") != "info":
        return Past(at, _text(event, "level"), "", stage, _text(event, "text"))
    if name == "refusal":
        return Past(at, _word_of(_whole(event, "exit_code")), "", stage, " ".join(_texts(event, "problem")[:1]))
    return None


def _word_of(code: int) -> str:
    """How a run that did not end by its verdicts ended (DESIGN section 4, exit codes)."""
    return {3: "refused", 75: "gave up"}.get(code, "stopped" if code > 128 else "failed")


def _why(event: "dict[str, Any]") -> str:
    """The one thing a person wants to know of a hook's end."""
    reasons = _texts(event, "reasons") or tuple(filter(None, (_text(event, "reason"),)))
    if reasons:
        return reasons[0]
    modified = event.get("modified")
    if isinstance(modified, list) and modified:
        return f"changed {len(modified)} file{'s' * (len(modified) > 1)}"
    code, signum = _whole(event, "exit_code"), _whole(event, "signal")
    return f"ended by signal {signum}" if signum else f"exit code {code}" if code else ""


def _used(event: "dict[str, Any]") -> "tuple[float, int]":
    return _number(event, "duration"), _whole(event, "peak_memory")


def _text(event: "dict[str, Any]", name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _texts(event: "dict[str, Any]", name: str) -> "tuple[str, ...]":
    value = event.get(name)
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()


def _number(event: "dict[str, Any]", name: str) -> float:
    value = event.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _whole(event: "dict[str, Any]", name: str) -> int:
    return int(_number(event, name))
