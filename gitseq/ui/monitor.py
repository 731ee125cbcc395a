"""The monitor's picture: a `Sight` and the size of a screen become lines. Nothing is asked and nothing is written."""

import time

from rich.text import Text

from gitseq.core.caps import printable
from gitseq.core.units import format_duration, format_size
from gitseq.engine.watch import Sight
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.core.history import Past
    from gitseq.core.queueing import Waiter
    from gitseq.engine.watch import Orphan, Process, Running

KEYS = "q quit   c cancel   k kill   o end what is left behind"
_BAR, _WIDE_BAR = 12, 20
_NARROW, _WIDE = 40, 110
"""Columns below which a line has room for one thing only, and from which there is room for wider bars."""


class Signs(Record):
    """The characters a terminal can show beside letters."""

    rule: str
    full: str
    empty: str
    branch: str


UNICODE = Signs("─", "█", "░", "└ ")
ASCII = Signs("-", "#", ".", "` ")

_STYLES = {
    "passed": "green",
    "failed": "bold red",
    "retried": "yellow",
    "warning": "yellow",
    "error": "bold red",
    "refused": "bold red",
    "stopped": "yellow",
    "gave up": "yellow",
}


class _Section:
    """A heading with lines below it, some of which may have to go."""

    def __init__(self, title: str, lines: "list[Text]", *, fixed: int = 0, least: int = 1) -> None:
        self.title = title
        self.lines = lines
        self.least = 1 + min(fixed + least, len(lines))
        """Rows it needs to say anything, its heading included."""
        self.wanted = 1 + len(lines)

    def rows(self, room: int, columns: int, signs: Signs) -> "list[Text]":
        """As many lines as there is room for; the last says how many are missing."""
        if room <= 0:
            return []
        shown = self.lines[: room - 1]
        missing = len(self.lines) - len(shown)
        if missing and len(shown) > 1:
            shown = [*shown[:-1], Text(f"  ... and {missing + 1} more", style="dim")]
        return [_heading(self.title, columns, signs), *shown]


def picture(sight: Sight, columns: int, lines: int, signs: Signs = UNICODE, message: str = "") -> "list[Text]":
    """Exactly `lines` lines of at most `columns` columns; the last are the keys, or a message."""
    head = _head(sight, columns, signs)
    sections = _sections(sight, columns, signs)
    rooms = share(
        lines - len(head) - 1, [section.wanted for section in sections], [section.least for section in sections]
    )
    body = [row for section, room in zip(sections, rooms, strict=True) for row in section.rows(room, columns, signs)]
    room = max(0, lines - 1)
    rows = [*head, *body][:room]
    rows += [Text("")] * (room - len(rows))
    rows.append(Text(message or KEYS, style="reverse" if message else "bold"))
    for row in rows:
        row.no_wrap = True
        row.truncate(columns, overflow="ellipsis" if signs is UNICODE else "crop")
    return rows[-lines:]


def share(room: int, wanted: "list[int]", least: "list[int]") -> "list[int]":
    """How many rows each section gets: first what it needs to say anything, in order, then one after another a row
    more, until each has what it wants or nothing is left."""
    rooms = []
    for need in least:
        rooms.append(need if need <= room else 0)
        room -= rooms[-1]
    while room > 0:
        hungry = [index for index, given in enumerate(rooms) if 0 < given < wanted[index]]
        if not hungry:
            break
        for index in hungry[:room]:
            rooms[index] += 1
        room -= len(hungry[:room])
    return rooms


# --- parts ---------------------------------------------------------------------------------------


def _head(sight: Sight, columns: int, signs: Signs) -> "list[Text]":
    machine = sight.machine
    first = Text("gitseq monitor", style="bold")
    first.append(f"  {_path(sight.top)}", style="default")
    when = time.strftime("%H:%M:%S", time.localtime(sight.at))
    free = format_size(machine.available) if machine.available is not None else "?"
    used = machine.total - (machine.available or 0)
    second = Text("memory ")
    second.append_text(_bar(used, machine.total, columns, signs))
    load = " ".join(f"{value:.1f}" for value in machine.load)
    second.append(f" {free} of {format_size(machine.total)} free   load {load} on {machine.cores}")
    return [_apart(first, Text(when), columns), _apart(second, Text(f"scope {sight.scope}", style="dim"), columns)]


def _sections(sight: Sight, columns: int, signs: Signs) -> "list[_Section]":
    if sight.problem:
        return [_Section("The queue cannot be looked at", [Text(sight.problem, style="bold red")])]
    running = _running(sight.running, sight.top, columns, signs)
    left = f"Left behind by dead runs: {len(sight.orphans)}"
    sections = [
        _Section("Running", running, fixed=3 if sight.running is not None else 0, least=2),
        _Section(f"Waiting: {len(sight.waiting) or 'nobody'}", [_waiter(one, sight, columns) for one in sight.waiting]),
        _Section(left, [_orphan(one) for one in sight.orphans]) if sight.orphans else None,
        _Section(_recent_title(sight), [_past(one, sight.at) for one in sight.recent]) if sight.recent else None,
    ]
    return [section for section in sections if section is not None]


def _recent_title(sight: Sight) -> str:
    if not sight.files:
        return "Lately"
    rate = round(sight.cached / sight.files * 100)
    return f"Lately (passed before, and not run again: {sight.cached} of {sight.files} files, {rate} %)"


def _running(running: "Running | None", top: bytes, columns: int, signs: Signs) -> "list[Text]":
    if running is None:
        return [Text("  nothing", style="dim")]
    holder = running.holder
    if not holder.pid:
        return [Text("  another program holds the lock file")]
    rows = [_what(running, top, columns)]
    if not running.visible:
        rows.append(Text(f"  on {holder.host}, where its processes cannot be seen from here", style="dim"))
        return rows
    rows += _meters(running, columns, signs)
    if running.processes:
        rows.append(Text(f"  {'PID':>7}  {'elapsed':>8}  {'cpu':>5}  {'memory':>9}  command", style="dim"))
    rows += [_process(one, signs) for one in running.processes]
    if running.more:
        rows.append(Text(f"  ... and {running.more} more", style="dim"))
    return rows


def _what(running: "Running", top: bytes, columns: int) -> Text:
    """`  pytest (2 of 5), pre-commit in /path    pid 123`; the folder only when it is not this work tree."""
    current, holder = running.current, running.holder
    row = Text("  ")
    if current is not None and current.hook:
        row.append(printable(current.hook.encode()), style="bold")
        if current.hook in current.hooks:
            row.append(f" ({current.hooks.index(current.hook) + 1} of {len(current.hooks)})")
        row.append(", ")
    elif current is not None and current.awaits_memory:
        row.append(f"{current.awaits_memory} waits for memory, ", style="yellow")
    row.append(printable(holder.what.encode("utf-8", "backslashreplace"), 60) + _elsewhere(holder.worktree, top))
    return _apart(row, Text(f"pid {holder.pid}", style="dim"), columns)


def _meters(running: "Running", columns: int, signs: Signs) -> "list[Text]":
    """Time, memory and processes, each against its cap where there is one."""
    current = running.current if running.current is not None and running.current.hook else None
    count = len(running.processes) + running.more
    timeout = current.timeout if current is not None else None
    rows = [_meter("time", running.call, timeout, lambda value: _clock(value), columns, signs)]
    if running.elapsed - running.call > 2 and timeout is not None:
        rows[0].append(f"   (this call; the hook {_clock(running.elapsed)})", style="dim")
    cap = current.memory if current is not None else None
    rows.append(_meter("memory", running.memory, cap, lambda value: format_size(int(value)), columns, signs))
    most = current.processes if current is not None else None
    rows[1].append(f"   processes {count}" + (f" of {most}" if most else ""))
    return rows


def _meter(
    name: str,
    value: float,
    cap: "float | None",
    shown: "Callable[[float], str]",
    columns: int,
    signs: Signs,
) -> Text:
    row = Text(f"  {name:<7}")
    if cap is None:
        return row.append(shown(value))
    row.append_text(_bar(value, cap, columns, signs))
    return row.append(f" {shown(value)} of {shown(cap)}")


def _bar(value: float, whole: float, columns: int, signs: Signs) -> Text:
    width = _WIDE_BAR if columns >= _WIDE else _BAR
    part = min(1.0, max(0.0, value / whole)) if whole else 0.0
    full = round(part * width)
    style = "bold red" if part >= 0.9 else "yellow" if part >= 0.5 else "green"
    bar = Text(signs.full * full, style=style)
    bar.append(signs.empty * (width - full), style="dim")
    return bar


def _process(one: "Process", signs: Signs) -> Text:
    indent = "  " * (one.depth - 1) + signs.branch if one.depth > 0 else ""
    row = Text(f"  {one.pid:>7}  {_clock(one.elapsed):>8}  {one.cpu * 100:>4.0f}%  {format_size(one.memory):>9}  ")
    row.append(indent, style="dim")
    return row.append(one.command)


def _waiter(one: "Waiter", sight: Sight, columns: int) -> Text:
    if not one.pid:
        return Text(f"  {one.position:>2}. (its ticket does not say who)", style="dim")
    waited = _clock(max(0.0, sight.at - one.since)) if one.since else "?"
    what = printable(one.what.encode("utf-8", "backslashreplace"), 60) + _elsewhere(one.worktree, sight.top)
    return _apart(Text(f"  {one.position:>2}. {waited:>8}  {what}"), Text(f"pid {one.pid}", style="dim"), columns)


def _elsewhere(worktree: bytes, top: bytes) -> str:
    return f" in {_path(worktree)}" if worktree not in (b"", top) else ""


def _orphan(one: "Orphan") -> Text:
    told = f"  {one.pid:>7}  {format_size(one.memory):>9}  by {one.proof:<6}  {one.command}"
    return Text(told, style="yellow")


def _past(one: "Past", now: float) -> Text:
    row = Text(f"  {_ago(now - one.at):>8}  ")
    row.append(f"{one.word:<8}", style=_STYLES.get(one.word, ""))
    what = printable(one.what.encode("utf-8", "backslashreplace"), 60)
    row.append(f"{what}  " if what else "")
    row.append(f"{one.stage}", style="dim")
    if one.duration:
        row.append(f"  {format_duration(one.duration)}")
    if one.peak_memory:
        row.append(f"  {format_size(one.peak_memory)}")
    if one.detail:
        row.append(f"  {printable(one.detail.encode('utf-8', 'backslashreplace'))}")
    return row


def _heading(title: str, columns: int, signs: Signs) -> Text:
    row = Text(f"{signs.rule * 2} ", style="dim")
    row.append(title, style="bold")
    return row.append(f" {signs.rule * max(0, columns - row.cell_len - 1)}", style="dim")


def _apart(left: Text, right: Text, columns: int) -> Text:
    """The one at the left end of the line, the other at the right; the left gives way, until little is left of it."""
    if columns < _NARROW:
        return left
    room = columns - right.cell_len - 2
    row = left.copy()
    row.truncate(max(0, room))
    row.append(" " * (columns - row.cell_len - right.cell_len))
    return row.append_text(right)


def _clock(seconds: float) -> str:
    """Whole seconds, so that the line does not flicker: `12s`, `3m 5s`."""
    return format_duration(float(int(seconds))) if seconds >= 1 else "0s"


def _ago(seconds: float) -> str:
    return f"{_clock(max(0.0, seconds)).split(' ')[0]} ago"


def _path(path: bytes) -> str:
    return printable(path)
