"""What the verbs about the configuration share."""

import os

from gitseq.config import compiled, kept
from gitseq.engine import settings
from gitseq.errors import ConfigError, EnvironmentProblem, NoConfiguration
from gitseq.git import repo
from gitseq.git.nested import Nested
from gitseq.host import terminal
from gitseq.model import Hook, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context
    from gitseq.config.foreign import Fetch
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
    from gitseq.config import workspace
    from gitseq.config.load import compile_plan

    found = repo.discover(context.env, context.cwd)
    explicit = os.path.join(context.cwd, os.fsencode(options.config)) if options.config else None
    nested = Nested(found, context.env)
    where = kept.Where(found.top, environment(options, context.env), explicit, nested)
    plan = compile_plan(where, fetcher(found, context.env), settings.vet).plan
    if explicit is not None:
        return plan
    waiting = (f"{workspace.shown(name)} is not tracked; once it is added, it counts" for name in nested.untracked())
    return plan.replace(notices=(*plan.notices, *waiting))


def current_plan(repo: "Repo", env: "Env", explicit: "bytes | None" = None) -> Plan:
    """The plan of the configuration as it is now, nested ones included unless one is named. Raises ConfigError,
    NoConfiguration, and what fetching its repositories raises."""
    where = kept.Where(repo.top, env, explicit, Nested(repo, env))
    return compiled.load(where, repo.state_dir, fetch=fetcher(repo, env), vet=settings.vet)


def fetcher(repo: "Repo", env: "Env") -> "Fetch":
    """Gets the repositories of a configuration that is compiled; what that takes is told on standard error."""

    def fetch(url: str, rev: str) -> bytes:
        from gitseq.cli import progress
        from gitseq.engine import fetching

        return fetching.provider(repo, env, progress.consumer(env), wants_progress=terminal.is_terminal(2))(url, rev)

    return fetch


def plan_or_defaults(repo: "Repo", env: "Env") -> Plan:
    """The configuration; where there is none, or its repositories cannot be had now, all of its defaults.

    ConfigError when these lack a profile that was asked for.
    """
    try:
        return current_plan(repo, env)
    except EnvironmentProblem:
        return Plan("", ())
    except NoConfiguration as none:
        if env.get(b"GITSEQ_PROFILE"):
            name = env[b"GITSEQ_PROFILE"].decode("utf-8", "backslashreplace")
            raise ConfigError(f"there is no profile `{name}`: {none.what}", hint=none.hint) from None
        return Plan("", ())


def remarks(plan: Plan) -> "list[str]":
    """What there is to say about a sound configuration, a line each."""
    warnings = [*plan.warnings, *(_without_content(hook) for hook in plan.hooks if _is_kept_by_nothing(hook))]
    return [f"warning: {text}" for text in warnings] + [f"note: {text}" for text in plan.notices]


def _is_kept_by_nothing(hook: Hook) -> bool:
    """Whether a cached hook also runs without any file, and names no other content that its pass could stand for."""
    takes_all_as_one = hook.cache == "tree" or hook.pass_filenames == 0
    return bool(hook.cache and hook.always_run and takes_all_as_one and not hook.inputs and not hook.builtin)


def _without_content(hook: Hook) -> str:
    return (
        f"hook `{hook.label}` always runs, and `cache` keeps its passes by the files that are selected: "
        "whatever else it looks at may change unseen, and where no file is selected it is run each time; "
        'name what it looks at, such as inputs = ["**"], or take `cache` away'
    )
