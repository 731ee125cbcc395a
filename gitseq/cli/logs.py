"""`gitseq logs`: what the journal knows about runs, the last ones, one in detail, as it happens, or in figures."""

import argparse
import json
from datetime import datetime

from gitseq.cli.telling import say
from gitseq.core import colour, runs, units
from gitseq.core.runs import Run
from gitseq.engine import records
from gitseq.errors import UsageError
from gitseq.git import repo as git_repo
from gitseq.host import clock, proctree, terminal
from gitseq.host import env as host_env
from gitseq.ui import logs
from gitseq.ui.logs import Screen
from gitseq.ui.plain import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.cli.context import Context

    Fields = dict[str, Any]

_EXAMPLES = """examples:
  gitseq logs                     the last runs
  gitseq logs --last              the last one in detail, with the end of what failed hooks printed
  gitseq logs --run 3f2a          the run whose id begins so
  gitseq logs --failed --since 2h
  gitseq logs --output            all that the failed hooks of the last failed run printed
  gitseq logs --follow            what happens, as it happens
  gitseq logs --stats             slow, flaky and large hooks, and time spent waiting
"""
_SHOWN = 20
_COUNTED = 5000
"""Runs that figures are made of when nobody says how many: a full journal holds some 40,000, and takes seconds."""
_SPARE = 20
"""Runs are read beyond those that are shown, so that the first of them is not half a run."""
_PAUSE = 0.25
"""Seconds between two looks at whether the journal has grown: four `stat`s a second."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq logs`."""
    parser.epilog = _EXAMPLES
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--last", action="store_true", help="the last run, in detail")
    which.add_argument("--run", metavar="ID", help="this run, in detail; the beginning of its id is enough")
    which.add_argument("--follow", "-f", action="store_true", help="show what happens from now on")
    which.add_argument("--stats", action="store_true", help="slow, flaky and large hooks, and time spent waiting")
    parser.add_argument("--failed", action="store_true", help="only runs that did not pass")
    parser.add_argument("--since", metavar="WHEN", help="only runs since: a duration (2h) or a date (2026-01-31T15:00)")
    parser.add_argument(
        "-n", "--number", metavar="N", type=int, help=f"so many runs (default: {_SHOWN}; for --stats {_COUNTED})"
    )
    parser.add_argument("--output", action="store_true", help="print what the failed hooks of a run had printed")
    parser.add_argument("--json", action="store_true", help="the journal's own lines (with --stats: one document)")
    parser.add_argument("--color", choices=colour.CHOICES, help="default: auto, or GITSEQ_COLOR")


def run(options: argparse.Namespace, context: "Context") -> int:
    """Show what was asked for."""
    if options.number is not None and options.number < 1:
        raise UsageError("--number: at least 1")
    repo = git_repo.discover(context.env, context.cwd)
    asked = _Asked(options, repo.state_dir + b"/journal", _screen(options, context))
    if options.follow:
        return asked.follow()
    if options.stats:
        return asked.stats()
    if options.output:
        return asked.output()
    return asked.detail() if options.last or options.run is not None else asked.listing()


def _screen(options: argparse.Namespace, context: "Context") -> Screen:
    is_terminal = terminal.is_terminal(1)
    choice = options.color or host_env.text(context.env, "GITSEQ_COLOR", "auto")
    room = terminal.columns(1) if is_terminal else 80
    return Screen(room=room, colour=colour.wanted(choice, context.env, is_terminal), rich=is_terminal)


class _Asked:
    """One question to one journal."""

    def __init__(self, options: argparse.Namespace, folder: bytes, screen: Screen) -> None:
        self._options = options
        self._folder = folder
        self._screen = screen
        self._since = _moment(options.since) if options.since is not None else 0.0
        self._number = options.number or _SHOWN

    def listing(self) -> int:
        chosen = self._newest(None if self._since and self._options.number is None else self._number)
        return self._tell_json(chosen) if self._options.json else self._say(logs.listing(chosen, _alive, self._screen))

    def detail(self) -> int:
        found = self._one()
        if self._options.json:
            return self._tell_json([found])
        return self._say(logs.detail(found, self._folder, _alive, self._screen))

    def output(self) -> int:
        """The kept output of one run, as it was: of the named run, else the last that kept any."""
        if self._options.run is not None or self._options.last:
            chosen = [self._one()]
        else:
            chosen = [one for one in self._newest(None) if _outputs(one)][-1:]
        names = [name for one in chosen for name in _outputs(one)]
        for name in names:
            write_all(1, records.kept_output(self._folder, name)[1])
        if not names:
            write_all(2, b"No output is on record: only that of hooks that fail is kept.\n")
        return 0

    def stats(self) -> int:
        chosen = self._newest(self._options.number or (None if self._since else _COUNTED))
        if self._options.json:
            say(json.dumps(logs.document(chosen), indent=2) + "\n")
            return 0
        return self._say(logs.figures(chosen, self._screen))

    def follow(self) -> int:
        """Until Ctrl-C. Looking whether a file has grown costs a few system calls, and needs nothing of any kernel."""
        follower = records.Follower(self._folder)
        while True:
            for line in follower.new():
                self._follow(line)
            clock.pause(_PAUSE)

    def _follow(self, line: bytes) -> None:
        for fields in records.decoded([line]):
            if self._options.failed and not logs.is_bad_news(fields):
                continue
            if self._options.json:
                write_all(1, line + b"\n")
            elif shown := logs.live(fields, self._screen):
                say(shown + "\n")

    # --- choosing

    def _one(self) -> Run:
        if self._options.run is None:
            last = self._newest(1)
            if not last:
                raise UsageError("no such run is on record here", hint="What is: gitseq logs")
            return last[0]
        prefix = self._options.run
        found = runs.one_of(runs.group(self._lines_with(b'"run": ' + json.dumps(prefix).encode()[:-1])), prefix)
        if not found:
            raise UsageError(f"no run whose id begins with `{prefix}` is on record here", hint="What is: gitseq logs")
        if len(found) > 1:
            raise UsageError(f"several runs begin so: {', '.join(one.id for one in found[:10])}")
        return found[0]

    def _lines_with(self, mark: bytes) -> "list[Fields]":
        pieces = [[line for line in lines if mark in line] for lines in records.newest_first(self._folder)]
        return [fields for lines in reversed(pieces) for fields in records.decoded(lines)]

    def _newest(self, most: "int | None") -> "list[Run]":
        """The newest runs that fit, the newest last; the journal is read no further back than that takes."""
        pieces: list[list[Fields]] = []
        seen: set[object] = set()
        for lines in records.newest_first(self._folder):
            events = records.decoded(lines)
            pieces.append(events)
            seen.update(event["run"] for event in events if self._counts(event))
            if events and events[0]["time"] < self._since:
                break
            if most is not None and len(seen) >= most + _SPARE:
                break
        found = runs.group(fields for events in reversed(pieces) for fields in events)
        fitting = [one for one in found if one.began >= self._since and not (self._options.failed and _is_well(one))]
        return fitting[-most:] if most is not None else fitting

    def _counts(self, event: "Fields") -> bool:
        """Whether the event is one of a run that will be shown, as far as it tells."""
        return not self._options.failed or (event["event"] == "end" and bool(event.get("exit_code")))

    # --- showing

    def _say(self, lines: "list[str]") -> int:
        say("".join(line + "\n" for line in lines))
        return 0

    def _tell_json(self, chosen: "list[Run]") -> int:
        """The lines of these runs, in the order of their times."""
        events = sorted((event for one in chosen for event in one.events), key=lambda event: event.get("time", 0))
        say("".join(json.dumps(event) + "\n" for event in events))
        return 0


def _is_well(one: Run) -> bool:
    return runs.verdict(one, _alive) in runs.ENDED_WELL


def _outputs(one: Run) -> "list[str]":
    told = (fields for hook in one.hooks for fields in (*hook.failed_attempts, hook.fields))
    return [str(fields["output"]) for fields in told if fields.get("output")]


def _moment(text: str) -> float:
    """A date in local time, or a duration before now."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        pass
    try:
        return clock.wall() - units.parse_duration(text)
    except ValueError:
        raise UsageError(
            f"--since: {text!r} is neither a duration nor a date", hint="For example: 2h, 2026-01-31, 2026-01-31T15:00"
        ) from None


def _alive(pid: int, moment: float) -> bool:
    """Whether the process that had this pid then still runs: one that started later is another."""
    process = proctree.look(pid)
    if process is None or process.ended:
        return False
    age = proctree.age(process)
    return age is None or clock.wall() - age <= moment + 1
