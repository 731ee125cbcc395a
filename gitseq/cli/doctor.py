"""`gitseq doctor`: what is wrong around gitseq, why it matters, and what to type."""

import argparse

from gitseq.cli.telling import say
from gitseq.core import text
from gitseq.errors import ConfigError, EnvironmentProblem
from gitseq.git import repo as git_repo
from gitseq.host import terminal
from gitseq.host.signals import Signals
from gitseq.model import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.cli.context import Context
    from gitseq.engine.doctor.finding import Finding, Patient
    from gitseq.git.repo import Repo
    from gitseq.model import Event

_EPILOG = """examples:
  gitseq doctor           look, and change nothing
  gitseq doctor --fix     mend what can be mended safely: stale shims, processes and hidden work of dead runs
  gitseq doctor --json    for programs

Exit code: 0 nothing needs attention (advice alone does not count), 1 something does,
4 not in a repository: only the machine was looked at.
"""
_WORDS = {"fine": "ok", "advice": "advice", "problem": "PROBLEM"}
_COLOURS = {"fine": "32", "advice": "33", "problem": "31"}
_INDENT = " " * 9
_PATIENCE = 10.0
"""Seconds a fix waits for its turn: one that needs longer is left to the person who asked."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq doctor`."""
    from gitseq.core import colour

    parser.epilog = _EPILOG
    parser.add_argument("--fix", action="store_true", help="mend what can be mended safely, and say what was done")
    parser.add_argument("--json", action="store_true", help="as a JSON document")
    parser.add_argument("--color", choices=colour.CHOICES, help="default: auto, or GITSEQ_COLOR")


def run(options: argparse.Namespace, context: "Context") -> int:
    """Look, mend if asked to, and tell."""
    from gitseq.engine.doctor import examine

    try:
        repo = git_repo.discover(context.env, context.cwd)
    except EnvironmentProblem as error:
        repo, missing = None, error
    mended: "list[str]" = []
    with Signals() as signals:
        patient = _patient(context, repo, signals)
        findings = examine.examine(patient)
        if options.fix:
            mended = list(examine.mend(findings))
            findings = examine.examine(_patient(context, repo, signals)) if mended else findings
    code = _exit_code(findings, repo)
    if options.json:
        say(_as_json(findings, mended, code, repo))
        return code
    say("\n".join(_lines(findings, mended, _is_coloured(options, context))) + "\n")
    if repo is None:
        raise EnvironmentProblem(
            f"{missing.what}, so only the machine was looked at", why=missing.why, hint=missing.hint
        )
    return code


def _exit_code(findings: "list[Finding]", repo: "Repo | None") -> int:
    if repo is None:
        return EnvironmentProblem.exit_code
    return int(any(finding.severity == "problem" for finding in findings))


def _is_coloured(options: argparse.Namespace, context: "Context") -> bool:
    from gitseq.core import colour
    from gitseq.host import env

    choice = options.color or env.text(context.env, "GITSEQ_COLOR", "auto")
    return colour.wanted(choice, context.env, terminal.is_terminal(1))


# --- what is looked at ---------------------------------------------------------------------------


def _patient(context: "Context", repo: "Repo | None", signals: Signals) -> "Patient":
    from gitseq.engine import turn
    from gitseq.engine.doctor.finding import Patient
    from gitseq.engine.request import World

    patient = Patient(context.env, context.cwd, repo)
    if repo is None:
        return patient
    plan, error = _plan(repo, context)
    queue = plan or Plan("", ())
    world = World(context.env, repo, queue, signals, None, _ignore, patience=_PATIENCE)
    return patient.replace(plan=plan, config_error=error, place=turn.queue_of(queue, repo, context.env), world=world)


def _plan(repo: "Repo", context: "Context") -> "tuple[Plan | None, ConfigError | None]":
    """The configuration, read from scratch, or what is wrong with it."""
    from gitseq.config.kept import Where
    from gitseq.engine import settings
    from gitseq.git.nested import Nested

    try:
        from gitseq.config.load import compile_plan
        from gitseq.engine import fetching

        fetch = fetching.offline(repo, context.env)  # a doctor looks, and downloads nothing
        where = Where(repo.top, context.env, None, Nested(repo, context.env))
        return compile_plan(where, fetch, settings.vet).plan, None
    except ConfigError as error:
        return None, error
    except EnvironmentProblem:  # git is missing or refuses this repository, which has a check of its own
        return None, None
    except ImportError as error:  # told by the check of the packages
        return None, ConfigError("the configuration cannot be read", why=str(error))


def _ignore(_event: "Event") -> None:
    """What happens in a fix is told by its one line."""


# --- telling -------------------------------------------------------------------------------------


def _lines(findings: "list[Finding]", mended: "list[str]", coloured: bool) -> "list[str]":
    """A line for what is fine; for the rest also why it matters and what to type."""
    lines = [f"mended:  {line}" for line in mended]
    for finding in findings:
        word = text.paint(f"{_WORDS[finding.severity]:<8}", _COLOURS[finding.severity], coloured)
        lines.append(f"{word} {finding.what}")
        if finding.why:
            lines += [_INDENT + line for line in finding.why.split("\n")]
        if finding.todo:
            lines.append(_INDENT + finding.todo)
        if finding.command:
            lines.append(f"{_INDENT}type: {text.paint(finding.command, '1', coloured)}")
    return [*lines, "", _summary(findings)]


def _summary(findings: "list[Finding]") -> str:
    problems = sum(finding.severity == "problem" for finding in findings)
    advice = sum(finding.severity == "advice" for finding in findings)
    if not problems and not advice:
        return "Nothing is wrong."
    told = (
        f"{problems or 'no'} problem{'' if problems == 1 else 's'}, {advice or 'no'} piece{'' if advice == 1 else 's'}"
    )
    fixable = any(finding.fix is not None for finding in findings)
    return f"{told} of advice." + (" Some can be mended by: gitseq doctor --fix" if fixable else "")


def _as_json(findings: "list[Finding]", mended: "list[str]", code: int, repo: "Repo | None") -> str:
    import json

    fields = ("check", "severity", "what", "why", "command", "todo")
    told: "list[dict[str, Any]]" = [
        {**{field: getattr(one, field) for field in fields}, "fixable": one.fix is not None} for one in findings
    ]
    document = {
        "version": 1,
        "repository": repo.top.decode("utf-8", "surrogateescape") if repo is not None else None,
        "findings": told,
        "mended": mended,
        "exit_code": code,
    }
    return json.dumps(document, indent=2) + "\n"
