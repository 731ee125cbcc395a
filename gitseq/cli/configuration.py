"""What the verbs about the configuration share."""

import os

from gitseq.config import compiled, kept
from gitseq.errors import ConfigError, NoConfiguration
from gitseq.git import repo
from gitseq.model import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.main import Context
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env


def add_option(parser: "argparse.ArgumentParser") -> None:
    """`--config FILE` and `--profile P`."""
    parser.add_argument("--config", "-c", metavar="FILE", help="use this file, and no local overlay")
    add_profile_option(parser)


def add_profile_option(parser: "argparse.ArgumentParser") -> None:
    """`--profile P`."""
    parser.add_argument("--profile", metavar="P", help="with the values of [profile.P] (default: GITSEQ_PROFILE)")


def environment(options: "argparse.Namespace", env: "Env") -> "Env":
    """The environment a verb works in: `--profile` is GITSEQ_PROFILE for it and for all that is started from it."""
    return env if options.profile is None else {**env, b"GITSEQ_PROFILE": os.fsencode(options.profile)}


def fresh_plan(options: "argparse.Namespace", context: "Context") -> "Plan":
    """The plan of the configuration as it is now, checked from scratch. Raises ConfigError."""
    from gitseq.config.load import compile_plan

    top = repo.discover(context.env, context.cwd).top
    explicit = os.path.join(context.cwd, os.fsencode(options.config)) if options.config else None
    return compile_plan(kept.Where(top, environment(options, context.env), explicit)).plan


def plan_or_defaults(repo: "Repo", env: "Env") -> Plan:
    """The configuration; where there is none, all of its defaults. ConfigError when these lack a profile asked for."""
    try:
        return compiled.load(repo.top, repo.state_dir, env, None)
    except NoConfiguration as none:
        if env.get(b"GITSEQ_PROFILE"):
            name = env[b"GITSEQ_PROFILE"].decode("utf-8", "backslashreplace")
            raise ConfigError(f"there is no profile `{name}`: {none.what}", hint=none.hint) from None
        return Plan("", ())


def remarks(plan: Plan) -> "list[str]":
    """What there is to say about a sound configuration, a line each."""
    return [f"warning: {text}" for text in plan.warnings] + [f"note: {text}" for text in plan.notices]
