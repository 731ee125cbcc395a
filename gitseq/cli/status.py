"""`gitseq status`: who holds the lease, what it runs, how big it is, and who waits."""

import argparse
import json

from gitseq.cli import configuration
from gitseq.cli.telling import say
from gitseq.core import queueing
from gitseq.core.caps import printable
from gitseq.core.units import format_duration, format_size
from gitseq.engine import turn, unstaged
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
    document = _document(state.look(turn.queue_of(plan, repo, context.env)), clock.wall())
    if options.json:
        say(json.dumps(document, indent=2) + "\n")
        return 0
    lines = _lines(document)
    if unstaged.hidden_by_dead(repo.git_dir):
        lines.append("Unstaged work of a run that died is hidden. To bring it back: gitseq recover")
    say("\n".join(lines) + "\n")
    return 0


def _document(queue: "QueueState", now: float) -> "dict[str, Any]":
    """The state of a queue as plain values; times are in seconds, memory in bytes."""
    return {
        "scope": queue.scope,
        "holder": _holder(queue.holder, now) if queue.holder is not None else None,
        "waiting": [_waiter(waiter, now) for waiter in queue.waiters],
    }


def _holder(holder: "Holder", now: float) -> "dict[str, Any]":
    visible = holder.pid and holder.standing != queueing.ELSEWHERE
    return {
        "pid": holder.pid or None,
        "command": holder.what or None,
        "worktree": queueing.shown(holder.worktree) or None,
        "elapsed": round(now - holder.since, 3) if holder.since else None,
        "host": holder.host or None,
        "processes": [_process(member) for member in tree.walk([holder.pid])] if visible else [],
    }


def _process(member: tree.Member) -> "dict[str, Any]":
    command = printable(tree.command_line(member.pid))
    return {"pid": member.pid, "ppid": member.ppid, "memory": member.resident, "command": command}


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
    elapsed = f" for {format_duration(max(0.0, holder['elapsed']))}" if holder["elapsed"] is not None else ""
    where = f" in {holder['worktree']}" if holder["worktree"] else ""
    return [f"Running: {holder['command']}{elapsed}{where} (pid {holder['pid']})", *_tree_lines(holder["processes"])]


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
