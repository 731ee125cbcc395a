"""`gitseq cache`: look into the ledger, empty it, or put it to the test."""

import argparse
import os

from gitseq.cli.context import Context
from gitseq.cli.telling import tell
from gitseq.core import units
from gitseq.core.text import counted
from gitseq.git import repo as git_repo
from gitseq.ledger.store import Ledger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine.request import Request
    from gitseq.git.repo import Repo
    from gitseq.model import Report

_EXAMPLES = """examples:
  gitseq cache stats            how much is kept
  gitseq cache clear            forget every pass
  gitseq cache verify           run hooks again on some of what they have passed
"""
_SAMPLE = 200


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq cache`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("what", choices=("stats", "clear", "verify"), help="what to do")
    parser.add_argument("--json", action="store_true", help="stats as a JSON document")
    parser.add_argument(
        "--sample",
        type=_positive,
        default=_SAMPLE,
        metavar="N",
        help=f"verify: files for each hook (default {_SAMPLE})",
    )
    parser.add_argument("--stage", default="pre-commit", metavar="STAGE", help="verify: hooks of this stage")
    parser.add_argument("--config", "-c", metavar="FILE", help="verify: this configuration file")


def run(options: argparse.Namespace, context: Context) -> int:
    """Do it."""
    repo = git_repo.discover(context.env, context.cwd)
    if options.what == "stats":
        return _stats(repo, as_json=options.json)
    if options.what == "clear":
        tell(f"forgot every pass ({counted(Ledger(repo.state_dir).clear(), 'file')})")
        return 0
    return _verify(options, context, repo)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number above 0")
    return int(text)


def _stats(repo: "Repo", *, as_json: bool) -> int:
    stats = Ledger(repo.state_dir).stats()
    if as_json:
        from gitseq.ui import json, plain

        names = ("passes", "hooks", "trees", "size")
        plain.write_all(1, json.dump({name: getattr(stats, name) for name in names}))
        return 0
    kept = f"passes of files: {stats.passes:,}, of whole trees: {stats.trees}, of hooks: {stats.hooks}"
    tell(f"{kept}; {units.format_size(stats.size)}")
    return 0


def _verify(options: argparse.Namespace, context: Context, repo: "Repo") -> int:
    """Run every cached hook on files that it has passed; whoever fails now was wrongly passed, or depends on more."""
    from gitseq.cli.run import known_stage
    from gitseq.core.stages import STAGES
    from gitseq.engine import request as asked
    from gitseq.engine.request import Request

    stage = STAGES[known_stage(options.stage)]
    report = _run(Request(stage, select=asked.ALL_FILES, verify=options.sample), options, context, repo)
    wrong = [told for told in report.verdicts if told.failed]
    checked = sum(told.files for told in report.verdicts if told.status == "passed")
    if report.problem:
        return report.exit_code
    if not wrong:
        tell(f"no wrong pass: {checked:,} checked again")
        return 0
    for told in wrong:
        tell(f"{told.hook.id} has passed what it fails now: its verdict depends on more than is declared")
    tell("Declare that as `inputs`, `env` or `tool_version`, or write `cache = false`; then: gitseq cache clear")
    return 1


def _run(request: "Request", options: argparse.Namespace, context: Context, repo: "Repo") -> "Report":
    from gitseq.cli import configuration
    from gitseq.engine import run as engine
    from gitseq.engine import settings
    from gitseq.engine.request import World
    from gitseq.host.signals import Signals
    from gitseq.ui.journal import Journal, place
    from gitseq.ui.plain import Plain

    explicit = os.path.join(context.cwd, os.fsencode(options.config)) if options.config else None
    plan = settings.overridden(configuration.current_plan(repo, context.env, explicit), context.env)
    tell_events = Journal(place(repo.state_dir, repo.top, context.env), request.stage.name, Plain())
    with Signals() as signals:
        patience = settings.patience(plan, context.env)
        world = World(context.env, repo, plan, signals, None, tell_events, patience=patience)
        return engine.execute(request, world)
