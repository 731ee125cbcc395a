"""The journal's events as runs: what happened, in which order, and how it ended. Values in, values out.

Events are what `json.loads` makes of the journal's lines; a line of a later version, or one that was shortened, may
lack fields.
"""

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Fields = dict[str, Any]

PASSED, FAILED, REFUSED, STOPPED, GAVE_UP, RUNNING, DIED = (
    "passed",
    "failed",
    "refused",
    "stopped",
    "gave up",
    "running",
    "died",
)
ENDED_WELL = (PASSED, RUNNING)
_GAVE_UP = 75
_SIGNALLED = 128
EXEC = "exec"


class HookRun(Record):
    """One hook of a run."""

    id: str
    status: str
    """`passed`, `failed`, `skipped`, or `running` as long as nothing is known."""
    fields: "Fields"
    """Those of its last event."""
    start: "Fields"
    """Those of its start; empty for one that was skipped."""
    failed_attempts: "tuple[Fields, ...]" = ()
    """Those of the attempts that failed before the one that counted."""

    @property
    def flaky(self) -> bool:
        """Whether it passed on the very files it had failed on."""
        return self.status == PASSED and bool(self.failed_attempts)


class Run(Record):
    """One run, or one `gitseq exec`."""

    id: str
    stage: str
    what: str
    worktree: str
    pid: int
    began: float
    """Seconds since the epoch, by its first event."""
    end: "Fields | None"
    """The fields of its end; None when there is none."""
    last: float
    """When it was last heard of."""
    hooks: tuple[HookRun, ...]
    events: "tuple[Fields, ...]"

    def of(self, name: str) -> "list[Fields]":
        """Its events of one name."""
        return [event for event in self.events if event.get("event") == name]

    @property
    def waited(self) -> float:
        """Seconds it stood in line."""
        return sum(_number(event, "waited") for event in self.of("grant"))

    @property
    def duration(self) -> float:
        """Seconds from its first event to its last, waiting left out."""
        whole = _number(self.end, "duration") if self.end is not None else self.last - self.began
        return max(0.0, whole - self.waited)

    @property
    def exit_code(self) -> "int | None":
        """None when it has not ended."""
        return int(_number(self.end, "exit_code")) if self.end is not None else None

    @property
    def problem(self) -> "list[str]":
        """Why it ended other than by its hooks."""
        return [str(line) for event in self.of("refusal") for line in event.get("problem", ())]

    @property
    def failed_hooks(self) -> "list[str]":
        """Ids of hooks that failed."""
        return [hook.id for hook in self.hooks if hook.status == FAILED]


def group(events: "Iterable[Fields]") -> "list[Run]":
    """The runs these events belong to, by the time of their first event."""
    by_run: dict[str, list[Fields]] = {}
    for event in events:
        by_run.setdefault(str(event.get("run", "")), []).append(event)
    runs = [_run(name, sorted(found, key=_time)) for name, found in by_run.items()]
    return sorted(runs, key=lambda run: run.began)


def _run(name: str, events: "list[Fields]") -> Run:
    first = events[0]
    grants = [event for event in events if event.get("event") == "grant"]
    ends = [event for event in events if event.get("event") == "end"]
    named = [str(event["what"]) for event in (*grants, *ends) if event.get("what")]
    return Run(
        name,
        str(first.get("stage", "")),
        named[0] if named else str(first.get("stage", "")),
        str(first.get("worktree", "")),
        int(_number(first, "pid")),
        _time(first),
        ends[-1] if ends else None,
        _time(events[-1]),
        tuple(_hooks(events)),
        tuple(events),
    )


def _hooks(events: "list[Fields]") -> "list[HookRun]":
    """One for each start or skip; a revision replaces the verdict of the last hook of its id."""
    hooks: list[HookRun] = []
    for event in events:
        name, hook = event.get("event"), str(event.get("hook", ""))
        place = next((n for n in range(len(hooks) - 1, -1, -1) if hooks[n].id == hook), -1)
        if name == "hook-start":
            hooks.append(HookRun(hook, RUNNING, {}, event))
        elif name == "hook-retry" and place >= 0:
            failed = (*hooks[place].failed_attempts, event)
            hooks[place] = hooks[place].replace(failed_attempts=failed)
        elif name == "hook-end" and (place < 0 or hooks[place].status != RUNNING):
            hooks.append(HookRun(hook, str(event.get("status", "")), event, {}))
        elif name in ("hook-end", "hook-revised") and place >= 0:
            hooks[place] = hooks[place].replace(status=str(event.get("status", "")), fields=event)
    return hooks


def verdict(run: Run, is_alive: "Callable[[int, float], bool]") -> str:
    """One word for how a run ended; `is_alive` knows whether a process that was there at a time still is."""
    code = run.exit_code
    if code is None:
        return RUNNING if is_alive(run.pid, run.began) else DIED
    if code == 0:
        return PASSED
    if run.stage == EXEC and not run.problem:
        return FAILED
    if code == 1:
        return FAILED
    if code == _GAVE_UP:
        return GAVE_UP
    return STOPPED if code > _SIGNALLED else REFUSED


def one_of(runs: "list[Run]", prefix: str) -> "list[Run]":
    """The runs whose id begins so."""
    return [run for run in runs if run.id.startswith(prefix)]


def _time(event: "Fields") -> float:
    return _number(event, "time")


def _number(event: "Fields", name: str) -> float:
    value = event.get(name, 0)
    return value if isinstance(value, (int, float)) else 0.0
