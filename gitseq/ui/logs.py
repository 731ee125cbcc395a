"""The journal as a person reads it: runs in a table, one run in detail, events as they come, and figures."""

import os
from datetime import datetime

from gitseq.core import columns, stats
from gitseq.core import runs as core
from gitseq.core import text as words
from gitseq.core.runs import Run
from gitseq.core.units import format_duration, format_size
from gitseq.engine import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Fields = dict[str, Any]
    Alive = Callable[[int, float], bool]
    Rows = list[tuple[str, ...]]

ID = 8
"""Characters of a run's id that are shown; any beginning of it that fits one run only is accepted."""
_TAIL_LINES = 12
_GREEN, _RED, _YELLOW, _BOLD = "32", "31", "33", "1"


class Screen:
    """Where it is shown: how wide, and whether in colour and as rich tables."""

    def __init__(self, *, room: int = 80, colour: bool = False, rich: bool = False) -> None:
        self.room = room
        self.colour = colour
        self.rich = rich

    def table(self, rows: "Rows", right: "frozenset[int]" = frozenset()) -> "list[str]":
        """Rows, of which the first are the headings."""
        return _rich(rows, right, self) if self.rich else columns.aligned(rows, self.room, right)

    def paint(self, text: str, code: str) -> str:
        """A text in a colour."""
        return words.paint(text, code, self.colour)


def _rich(rows: "Rows", right: "frozenset[int]", screen: Screen) -> "list[str]":
    """The same columns by rich, which shortens and styles them."""
    import io

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    used = [n for n in range(len(rows[0])) if any(row[n] for row in rows[1:])] or [0]
    table = Table(box=None, pad_edge=False, padding=(0, columns.GAP, 0, 0), header_style="bold")
    for n in used:
        table.add_column(rows[0][n], justify="right" if n in right else "left", no_wrap=True, overflow="ellipsis")
    for row in rows[1:]:
        table.add_row(*(Text(row[n], style=_STYLES.get(row[n], "")) for n in used))
    stream = io.StringIO()
    Console(file=stream, width=screen.room, force_terminal=True, no_color=not screen.colour, highlight=False).print(
        table
    )
    return [line.rstrip() for line in stream.getvalue().splitlines()]


_STYLES = {
    core.PASSED: "green",
    core.FAILED: "red",
    core.REFUSED: "yellow",
    core.DIED: "red",
    core.STOPPED: "yellow",
    core.GAVE_UP: "yellow",
    core.RUNNING: "cyan",
}


# --- many runs


def listing(runs: "list[Run]", is_alive: "Alive", screen: Screen) -> "list[str]":
    """One line a run, the newest last."""
    if not runs:
        return ["No run is on record here."]
    trees = {run.worktree for run in runs}
    rows: Rows = [("when", "run", "what", "worktree", "verdict", "took", "waited", "failed")]
    rows += [_row(run, is_alive, several=len(trees) > 1) for run in runs]
    return screen.table(rows, frozenset((5, 6)))


def _row(run: Run, is_alive: "Alive", *, several: bool) -> "tuple[str, ...]":
    return (
        when(run.began),
        run.id[:ID],
        clean(run.what),
        clean(os.path.basename(run.worktree)) if several else "",
        core.verdict(run, is_alive),
        format_duration(round(run.duration, 3)),
        format_duration(round(run.waited, 1)) if run.waited else "",
        clean(", ".join(run.failed_hooks)),
    )


def when(moment: float) -> str:
    """A moment in the local time of whoever looks."""
    return datetime.fromtimestamp(moment).strftime("%m-%d %H:%M:%S")


# --- one run


def detail(run: Run, folder: bytes, is_alive: "Alive", screen: Screen) -> "list[str]":
    """All that is on record of a run, and the end of the output of what failed."""
    word = core.verdict(run, is_alive)
    code = f" (exit code {run.exit_code})" if run.exit_code else ""
    lines = [
        f"run {run.id}: {clean(run.what)}",
        f"  {when(run.began)}, in {clean(run.worktree)}, pid {run.pid}",
        "  " + screen.paint(word, _code_of(word)) + f"{code} after {format_duration(round(run.duration, 3))}"
        f"{', and ' + format_duration(round(run.waited, 1)) + ' of waiting' if run.waited else ''}",
        *_happenings(run),
    ]
    if run.hooks:
        lines += ["", *screen.table(_hook_rows(run), frozenset((2, 3, 4, 5)))]
    for fields in run.of("exec-end"):
        lines += ["", "  " + _told_of_command(fields)]
    for hook in run.hooks:
        lines += _told_of_hook(hook, folder)
    return lines


def _code_of(word: str) -> str:
    return {core.PASSED: _GREEN, core.FAILED: _RED, core.DIED: _RED}.get(word, _YELLOW)


def _happenings(run: Run) -> "list[str]":
    """What happened beside hooks starting and ending, in order."""
    shown = (sentence(event) for event in run.events if event.get("event") not in _IN_TABLE)
    return [f"  {line}" for line in shown if line]


_IN_TABLE = ("grant", "run", "hook-start", "hook-end", "hook-revised", "exec-start", "exec-end", "end")


def _hook_rows(run: Run) -> "Rows":
    rows: Rows = [("hook", "verdict", "files", "took", "cpu", "memory", "why")]
    for hook in run.hooks:
        fields = hook.fields
        ran = hook.status in (core.PASSED, core.FAILED)
        rows.append(
            (
                clean(hook.id),
                hook.status,
                str(fields.get("files", hook.start.get("files", ""))),
                format_duration(round(fields.get("duration", 0.0), 3)) if ran else "",
                format_duration(round(fields.get("cpu", 0.0), 3)) if ran else "",
                format_size(fields.get("peak_memory", 0)) if ran and fields.get("peak_memory") else "",
                clean(_why(hook)),
            )
        )
    return rows


def _why(hook: core.HookRun) -> str:
    fields = hook.fields
    changed = f"changed {count} files" if (count := fields.get("modified_count", 0)) else ""
    code = f"exit code {fields['exit_code']}" if fields.get("exit_code") else ""
    tries = f"attempt {len(hook.failed_attempts) + 1}" if hook.failed_attempts else ""
    said = [str(one) for one in fields.get("reasons", ())]
    return "; ".join(part for part in (fields.get("reason", ""), tries, *said, changed, code) if part)


def _told_of_hook(hook: core.HookRun, folder: bytes) -> "list[str]":
    lines = []
    for fields in (*hook.failed_attempts, hook.fields):
        if name := fields.get("output"):
            path, content = records.kept_output(folder, str(name))
            lines += ["", f"output of {clean(hook.id)}: {words.printable(path)}"]
            tail = content.rstrip().split(b"\n")
            lines += ["  [...]"] if len(tail) > _TAIL_LINES else []
            lines += ["  " + _shown(line) for line in tail[-_TAIL_LINES:]] if content else ["  (no longer kept)"]
    return lines


def _told_of_command(fields: "Fields") -> str:
    killed = f", ended for its {fields['killed']}" if fields.get("killed") else ""
    return (
        f"{command_line(fields)}: exit code {fields.get('exit_code', 0)}{killed}, "
        f"{format_duration(round(fields.get('duration', 0.0), 3))}, {format_size(fields.get('peak_memory', 0))}"
    )


# --- events as they come


def live(fields: "Fields", screen: Screen) -> str:
    """One event on one line; '' for those that say nothing new."""
    said = sentence(fields)
    if not said:
        return ""
    moment = datetime.fromtimestamp(fields.get("time", 0)).strftime("%H:%M:%S")
    return words.shortened(
        f"{moment} {str(fields.get('run', ''))[:ID]} {clean(fields.get('stage', ''))}: {said}", screen.room
    )


def sentence(fields: "Fields") -> str:
    """What an event says, without when and where; '' for one of a later version."""
    tell = _SENTENCES.get(str(fields.get("event")))
    try:
        return clean(tell(fields)) if tell is not None else ""
    except (KeyError, TypeError, ValueError):  # a line that was shortened
        return ""


def is_bad_news(fields: "Fields") -> bool:
    """Whether an event tells of something that failed."""
    name = fields.get("event")
    if name in ("hook-end", "hook-revised"):
        return fields.get("status") == core.FAILED
    return name in ("kill", "refusal", "hook-retry") or (name == "end" and bool(fields.get("exit_code")))


def _ended(fields: "Fields") -> str:
    failed = fields["status"] == core.FAILED
    code = f" with {fields['exit_code']}" if fields.get("exit_code") else ""
    took = f" after {format_duration(round(fields['duration'], 3))}" if fields["status"] != "skipped" else ""
    why = "; ".join(fields.get("reasons", ())) or fields.get("reason", "")
    return f"{fields['hook']} {'FAILED' if failed else fields['status']}{code}{took}{': ' + why if why else ''}"


def _killed(fields: "Fields") -> str:
    of = f" of {fields['hook']}" if fields.get("hook") else ""
    known = ", ".join(f"{one['pid']} ({one['command']})" for one in fields.get("processes", ()))
    which = f": {known}" if known else ""
    cause = fields["cause"]
    if cause in _CAPS:
        return f"killed{of} at its {cause} cap, {_CAPS[cause](int(fields['limit']))}{which}"
    reason = {"signal": "when asked to stop", "left-running": "left running", "dead-run": "left by a dead run"}
    return f"ended{of} {reason.get(cause, cause)}{which}"


_CAPS: "dict[str, Callable[[int], str]]" = {
    "memory": format_size,
    "timeout": format_duration,
    "run_timeout": format_duration,
    "processes": str,
}


def _count(fields: "Fields") -> str:
    return f"{fields['files']} file{'s' * (fields['files'] != 1)}"


def command_line(fields: "Fields") -> str:
    """The command of an event, for people: as it was typed, where that needs no quoting."""
    import shlex

    return clean(shlex.join(str(word) for word in fields.get("argv", ())))


_SENTENCES: "dict[str, Callable[[Fields], str]]" = {
    "wait": lambda f: f"waits: {f['text']}",
    "grant": lambda f: (
        f"{f['what']} begins"
        + (f" after {format_duration(round(f['waited'], 1))} of waiting" if f["waited"] else "")
        + (" inside another run" if f["nested"] else "")
    ),
    "hide": lambda f: f"unstaged work set aside: {_count(f)}",
    "gate": lambda f: f"{f['hook']} waits for memory: {format_size(f['free'])} free",
    "hook-start": lambda f: f"{f['hook']} starts on {_count(f)}",
    "memory-half": lambda f: f"{f['hook']} uses {format_size(f['used'])} of {format_size(f['cap'])}",
    "kill": _killed,
    "hook-retry": lambda f: f"{f['hook']}: attempt {f['attempt']} ended with {f['exit_code']}; once more",
    "hook-end": _ended,
    "hook-revised": _ended,
    "fix": lambda f: f"{f['hook']} fixed and staged {_count(f)}",
    "restore": lambda f: "unstaged work is back" if not f["problem"] else f"unstaged work: {f['problem'][0]}",
    "exec-start": lambda f: f"starts {command_line(f)}",
    "exec-end": _told_of_command,
    "notice": lambda f: f"{f['level']}: {f['text']}",
    "refusal": lambda f: "refused: " + "; ".join(f["problem"]),
    "end": lambda f: f"over after {format_duration(round(f['duration'], 3))}, exit code {f['exit_code']}",
}


# --- figures


def figures(runs: "list[Run]", screen: Screen) -> "list[str]":
    """Totals, and one line a hook: slow, flaky, large."""
    if not runs:
        return ["No run is on record here."]
    total = stats.totals(runs)
    longest = format_duration(round(total.longest_wait, 1))
    lines = [
        f"{total.runs} runs since {when(runs[0].began)}, {total.failed} of them did not pass; {total.hooks} hooks run",
        f"in hooks and commands: {format_duration(round(total.running, 1))}",
        f"waiting for a turn: {format_duration(round(total.waiting, 1))} in {total.waits} runs, {longest} at most",
    ]
    lines += [f"waiting for memory: {format_duration(round(total.gated, 1))}"] if total.gated else []
    hooks = stats.of_hooks(runs)
    for title, chosen in _rankings(hooks):
        if chosen:
            lines += ["", screen.paint(title, _BOLD), *screen.table(_stat_rows(chosen), frozenset(range(1, 9)))]
    return lines


_MOST = 8


def _rankings(hooks: "list[stats.HookStats]") -> "list[tuple[str, list[stats.HookStats]]]":
    flaky = sorted((hook for hook in hooks if hook.flaky), key=lambda hook: -hook.flaky)
    large = sorted((hook for hook in hooks if hook.peak_memory), key=lambda hook: -hook.peak_memory)
    return [
        ("slowest hooks", hooks[:_MOST]),
        ("flakiest hooks (failed, then passed on the same input)", flaky[:_MOST]),
        ("largest hooks", large[:_MOST]),
    ]


def _stat_rows(hooks: "list[stats.HookStats]") -> "Rows":
    rows: Rows = [("hook", "runs", "failed", "flaky", "killed", "total", "median", "longest", "memory")]
    for hook in hooks:
        times = (format_duration(round(seconds, 3)) for seconds in (hook.total, hook.median, hook.longest))
        counts = (str(count) if count else "" for count in (hook.failures, hook.flaky, hook.kills))
        rows.append((clean(hook.id), str(hook.runs), *counts, *times, format_size(hook.peak_memory)))
    return rows


def document(runs: "list[Run]") -> "Fields":
    """The same figures as JSON values: seconds and bytes."""
    total = stats.totals(runs)
    return {
        "version": 1,
        "totals": {name: getattr(total, name) for name in total._fields},
        "hooks": [{name: getattr(hook, name) for name in hook._fields} for hook in stats.of_hooks(runs)],
    }


def clean(text: object) -> str:
    """A text from the journal as one line of a terminal."""
    return words.printable(str(text).encode("utf-8", "surrogateescape"))


def _shown(line: bytes) -> str:
    """A line of output: whatever it holds, it moves no cursor."""
    return words.printable(line.expandtabs().replace(b"\r", b""))
