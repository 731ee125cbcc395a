"""What the verbs about the configuration share."""

import os

from gitseq.config import compiled, kept
from gitseq.engine import settings
from gitseq.errors import NoConfiguration
from gitseq.git import repo
from gitseq.model import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.main import Context
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env


def add_option(parser: "argparse.ArgumentParser") -> None:
    """`--config FILE`."""
    parser.add_argument("--config", "-c", metavar="FILE", help="use this file, and no local overlay")


def fresh_plan(options: "argparse.Namespace", context: "Context") -> "Plan":
    """The plan of the configuration as it is now, checked from scratch. Raises ConfigError."""
    from gitseq.config.load import compile_plan

    top = repo.discover(context.env, context.cwd).top
    explicit = os.path.join(context.cwd, os.fsencode(options.config)) if options.config else None
    return compile_plan(kept.Where(top, context.env, explicit), settings.vet).plan


def plan_or_defaults(repo: "Repo", env: "Env") -> Plan:
    """The configuration; where there is none, all of its defaults."""
    try:
        return compiled.load(repo.top, repo.state_dir, env, None, settings.vet)
    except NoConfiguration:
        return Plan("", ())
