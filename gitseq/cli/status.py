"""`gitseq status`: who holds the lease, what it runs, how big it is, and who waits."""

import argparse
import json
import os

from gitseq.cli import configuration
from gitseq.cli.telling import say
from gitseq.core import queueing
from gitseq.core.text import printable
from gitseq.core.units import format_duration, format_size
from gitseq.engine import turn, unstaged, watch
from gitseq.git import repo as git_repo
from gitseq.host import clock, tree
from gitseq.queue import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.cli.context import Context
    from gitseq.core.queueing import Holder, QueueState, Waiter


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq status`."""
    parser.add_argument("--json", action="store_true", help="as a JSON document")
    parser.epilog = "Example: gitseq status --json"


def run(options: argparse.Namespace, context: "Context") -> int:
    """Show the queue as it is now."""
    repo = git_repo.discover(context.env, context.cwd)
    plan = configuration.plan_or_defaults(repo, context.env)
    place = turn.queue_of(plan, repo, context.env)
    document = _document(state.look(place), watch.Watcher(repo, place), clock.wall())
    if options.json:
        say(json.dumps(document, indent=2) + "\n")
        return 0
    lines = _lines(document)
    if unstaged.hidden_by_dead(repo.git_dir):
        lines.append("Unstaged work of a run that died is hidden. To bring it back: gitseq recover")
    say("\n".join(lines) + "\n")
    return 0


def _document(queue: "QueueState", watcher: watch.Watcher, now: float) -> "dict[str, Any]":
    """The state of a queue as plain values; times are in seconds, memory in bytes."""
    return {
        "scope": queue.scope,
        "holder": _holder(queue.holder, watcher, now) if queue.holder is not None else None,
        "waiting": [_waiter(waiter, now) for waiter in queue.waiters],
    }


def _holder(holder: "Holder", watcher: watch.Watcher, now: float) -> "dict[str, Any]":
    visible = holder.pid and holder.standing != queueing.ELSEWHERE
    current = watcher.current(holder) if visible else None
    hook = current.hook if current is not None else ""
    return {
        "pid": holder.pid or None,
        "command": holder.what or None,
        "worktree": queueing.shown(holder.worktree) or None,
        "elapsed": round(now - holder.since, 3) if holder.since else None,
        "hook": hook or None,
        "hook_elapsed": round(now - current.began, 3) if current is not None and hook else None,
        "awaits_memory": (current.awaits_memory or None) if current is not None else None,
        "host": holder.host or None,
        "processes": [_process(member) for member in tree.walk([holder.pid])] if visible else [],
    }


def _process(member: tree.Member) -> "dict[str, Any]":
    return {"pid": member.pid, "ppid": member.ppid, "memory": member.resident, "command": watch.shown(member.pid)}


def _waiter(waiter: "Waiter", now: float) -> "dict[str, Any]":
    return {
        "position": waiter.position,
        "pid": waiter.pid or None,
        "command": waiter.what or None,
        "worktree": queueing.shown(waiter.worktree) or None,
        "waited": round(now - waiter.since, 3) if waiter.since else None,
    }


def _lines(document: "dict[str, Any]") -> "list[str]":
    holder, waiting = document["holder"], document["waiting"]
    told = _holder_lines(holder) if holder is not None else ["Nobody holds the lease."]
    if not waiting:
        return [*told, "Nobody waits."]
    return [*told, f"Waiting: {len(waiting)}", *(_waiter_line(waiter) for waiter in waiting)]


def _holder_lines(holder: "dict[str, Any]") -> "list[str]":
    if holder["pid"] is None:
        return ["Another program holds the lock file."]
    where = f" in {holder['worktree']}" if holder["worktree"] else ""
    told = f"Running: {holder['command']}{_for(holder['elapsed'])}{where} (pid {holder['pid']})"
    return [told, *_hook_lines(holder), *_tree_lines(holder["processes"])]


def _hook_lines(holder: "dict[str, Any]") -> "list[str]":
    hook, held_back = holder["hook"], holder["awaits_memory"]
    if hook:
        return [f"Hook: {printable(os.fsencode(hook))}{_for(holder['hook_elapsed'])}"]
    return [f"Hook: {printable(os.fsencode(held_back))} waits for memory"] if held_back else []


def _for(elapsed: "float | None") -> str:
    return f" for {format_duration(max(0.0, elapsed))}" if elapsed is not None else ""


def _tree_lines(processes: "list[dict[str, Any]]") -> "list[str]":
    """One line a process, each indented below its parent."""
    depth: dict[int, int] = {}
    lines = []
    for process in processes:
        depth[process["pid"]] = level = depth.get(process["ppid"], 0) + 1
        indent, size = "  " * level, format_size(process["memory"])
        lines.append(f"{indent}{process['pid']:<8}{size:>9}  {process['command']}")
    return lines


def _waiter_line(waiter: "dict[str, Any]") -> str:
    if waiter["pid"] is None:
        return f"  {waiter['position']}. (its ticket does not say who)"
    where = f" in {waiter['worktree']}" if waiter["worktree"] else ""
    waited = format_duration(max(0.0, waiter["waited"] or 0.0))
    return f"  {waiter['position']}. {waiter['command']} for {waited}{where} (pid {waiter['pid']})"
