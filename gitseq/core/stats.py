"""What many runs tell together: which hooks are slow, flaky or large, and how much time went into waiting."""

from gitseq.core.runs import FAILED, PASSED, HookRun, Run
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class HookStats(Record):
    """One hook over all runs in which it was run."""

    id: str
    runs: int
    failures: int
    total: float
    """Seconds, of all its runs."""
    median: float
    longest: float
    cpu: float
    """Seconds of processor time, of all its runs."""
    peak_memory: int
    """Bytes, the largest."""
    flaky: int
    """How often it failed and then passed on the same input: at a retry, or in a later run."""
    kills: int
    """How often it ran into a cap."""


class Totals(Record):
    """All runs together."""

    runs: int
    failed: int
    hooks: int
    running: float
    """Seconds spent in hooks and commands."""
    waiting: float
    """Seconds spent standing in line."""
    longest_wait: float
    waits: int
    """How many runs had to wait at all."""
    gated: float
    """Seconds hooks were held back until memory was free."""


def of_hooks(runs: "list[Run]") -> "list[HookStats]":
    """One for each hook that was run, the one that took the most time first."""
    by_id: dict[str, list[tuple[Run, HookRun]]] = {}
    for run in runs:
        for hook in run.hooks:
            if hook.status in (PASSED, FAILED) and hook.start:
                by_id.setdefault(hook.id, []).append((run, hook))
    found = [_stats(name, done) for name, done in by_id.items()]
    return sorted(found, key=lambda stats: -stats.total)


def _stats(name: str, done: "list[tuple[Run, HookRun]]") -> HookStats:
    hooks = [hook for _run, hook in done]
    durations = sorted(_number(hook, "duration") for hook in hooks)
    return HookStats(
        name,
        len(done),
        sum(hook.status == FAILED for hook in hooks),
        sum(durations),
        durations[len(durations) // 2],
        durations[-1],
        sum(_number(hook, "cpu") for hook in hooks),
        int(max(_number(hook, "peak_memory") for hook in hooks)),
        sum(hook.flaky for hook in hooks) + _changed_its_mind(done),
        sum(_kills(run, name) for run in {id(run): run for run, _hook in done}.values()),
    )


def _changed_its_mind(done: "list[tuple[Run, HookRun]]") -> int:
    """Failures followed by a pass of the same command on the same input (the journal's `input`)."""
    last: dict[object, str] = {}
    count = 0
    for _run, hook in done:
        if not hook.start.get("input"):
            continue
        key = (hook.start["input"], str(hook.start.get("argv")))
        count += hook.status == PASSED and last.get(key) == FAILED
        last[key] = hook.status
    return count


def _kills(run: Run, hook: str) -> int:
    return sum(event.get("hook") == hook and event.get("cause") in _CAPS for event in run.of("kill"))


_CAPS = ("timeout", "run_timeout", "memory", "processes")


def totals(runs: "list[Run]") -> Totals:
    """What all runs took."""
    waits = [run.waited for run in runs if run.waited > 0]
    return Totals(
        len(runs),
        sum(run.exit_code not in (0, None) for run in runs),
        sum(bool(hook.start) for run in runs for hook in run.hooks),
        sum(_number(hook, "duration") for run in runs for hook in run.hooks)
        + sum(_value(event, "duration") for run in runs for event in run.of("exec-end")),
        sum(waits),
        max(waits, default=0.0),
        len(waits),
        sum(_gated(run) for run in runs),
    )


def _gated(run: Run) -> float:
    """From each word that memory is short to the start of that hook."""
    starts = {hook.id: _value(hook.start, "time") for hook in run.hooks if hook.start}
    return sum(
        max(0.0, starts[event["hook"]] - _value(event, "time"))
        for event in run.of("gate")
        if event.get("hook") in starts
    )


def _number(hook: HookRun, name: str) -> float:
    return _value(hook.fields, name)


def _value(fields: "dict[str, Any]", name: str) -> float:
    value = fields.get(name, 0)
    return value if isinstance(value, (int, float)) else 0.0
