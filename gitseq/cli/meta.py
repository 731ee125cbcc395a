"""`gitseq meta NAME [FILE...]`: the hooks of `repo: meta` in `.pre-commit-config.yaml`, started like any other hook."""

import os

from gitseq.cli import configuration
from gitseq.cli.telling import tell
from gitseq.config import compiled, kept, load
from gitseq.engine import meta, settings
from gitseq.errors import UsageError
from gitseq.git import repo as git_repo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.cli.context import Context
    from gitseq.git.repo import Repo

_CONFIG = ".pre-commit-config.yaml"


def run(words: "list[str]", context: "Context") -> int:
    """Look at each configuration named, and say what is useless in it; 1 when something is."""
    checks = {"check-hooks-apply": _unapplied, "check-useless-excludes": _useless}
    if not words or words[0] not in checks:
        raise UsageError("`gitseq meta` is what hooks of `repo: meta` call", why="Known: " + ", ".join(checks))
    repo = git_repo.discover(context.env, context.cwd)
    project = context.env.get(b"GITSEQ_PROJECT", b"")
    if project and os.path.realpath(context.cwd) == os.path.join(repo.top, project):
        repo = repo.replace(top=os.path.join(repo.top, project))  # a nested configuration is about its own folder
    found = [line for name in words[1:] or [_CONFIG] for line in checks[words[0]](repo, os.fsencode(name), context)]
    for line in found:
        tell(line)
    return 1 if found else 0


def _unapplied(repo: "Repo", name: bytes, context: "Context") -> "list[str]":
    fetch = configuration.fetcher(repo, context.env)
    where = kept.Where(repo.top, context.env, os.path.join(context.cwd, name))
    plan = compiled.load(where, repo.state_dir, fetch=fetch, vet=settings.vet)
    return meta.unapplied(plan, repo, context.env)


def _useless(repo: "Repo", name: bytes, context: "Context") -> "list[str]":
    plan = load.plan_as_written(kept.Where(repo.top, context.env, os.path.join(context.cwd, name)))
    return meta.useless_excludes(plan, repo, context.env)
