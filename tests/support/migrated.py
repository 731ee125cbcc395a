"""A `.pre-commit-config.yaml` and the gitseq.toml made of it: both plans, and what they must have in common."""

from collections.abc import Callable
from pathlib import Path

from gitseq.config.migrate import pre_commit
from gitseq.config.migrate.draft import Draft, render
from gitseq.engine import settings
from gitseq.model import Plan
from tests.support.configs import compiled

NAME = ".pre-commit-config.yaml"


def both_plans(
    folder: Path, text: str, fetch: "Callable[[str, str], bytes] | None" = None
) -> "tuple[Plan, Plan, Draft]":
    """The plan of the YAML, and that of the TOML made of it."""
    (folder / "gitseq.toml").unlink(missing_ok=True)
    (folder / NAME).write_text(text)
    theirs = compiled(folder, fetch=fetch)
    draft = pre_commit.migrate(text, NAME, settings.vet)
    (folder / "gitseq.toml").write_text(render(draft))
    return theirs, compiled(folder, fetch=fetch), draft


def essence(plan: Plan) -> Plan:
    """A plan without where it came from, and without what differs by name only."""
    hooks = []
    for hook in plan.hooks:
        argv, language = hook.argv, hook.language
        if language == "script" and not hook.source:
            argv, language = (argv[0] if "/" in argv[0] else "./" + argv[0], *argv[1:]), "system"
        hooks.append(hook.replace(argv=argv, language=language))
    return plan.replace(
        source="", hooks=tuple(hooks), dialect="", warnings=(), notices=(), install_stages=(), pattern_codes=None
    )
