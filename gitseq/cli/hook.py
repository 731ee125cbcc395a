"""What a shim starts: one stage, called by git. Everything imported here is on the hot path."""

import os
import sys

from gitseq.core.stages import STAGES, Stage
from gitseq.engine import settings
from gitseq.errors import GitseqError, NoConfiguration, UsageError
from gitseq.git import repo as git_repo
from gitseq.git import status
from gitseq.git.marks import Marks
from gitseq.git.nested import Nested
from gitseq.host import env as host_env
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.git.repo import Repo
    from gitseq.host import procs
    from gitseq.host.env import Env
    from gitseq.model import Plan


def main() -> int:
    """The shim's way in: `sys.argv` is ['-c', library, path of the hook, stage, git's arguments ...]."""
    return run([os.fsencode(argument) for argument in sys.argv[2:]], host_env.snapshot(), os.getcwdb())


def run(arguments: "list[bytes]", env: "Env", cwd: bytes) -> int:
    """Run one stage for git and return its exit code; `arguments` are the hook's path, the stage, git's arguments."""
    try:
        if len(arguments) < 2 or arguments[1].decode("ascii", "replace") not in STAGES:
            raise UsageError("`gitseq hook` is what shims call", hint="To run hooks by hand: gitseq run")
        return _Call(STAGES[arguments[1].decode()], arguments[0], tuple(arguments[2:]), env, cwd).run()
    except GitseqError as error:
        plain.show_problem(tuple(error.lines()))
        return error.exit_code
    except Exception:  # noqa: BLE001 - whatever it is, it is ours
        from gitseq.cli import crash

        return crash.report(arguments)


class _Call:
    """One call by git."""

    def __init__(self, stage: Stage, path: bytes, arguments: "tuple[bytes, ...]", env: "Env", cwd: bytes) -> None:
        self._stage = stage
        self._arguments = arguments
        self._env = env
        self._cwd = cwd
        legacy = os.path.join(cwd, path) + b".legacy"
        self._legacy = legacy if os.access(legacy, os.X_OK) else b""
        self._fetched = False
        """Repositories of hooks were asked for, because the configuration is new."""

    def run(self) -> int:
        stdin = _drain() if self._stage.stdin else b""
        repo = git_repo.discover(self._env, self._cwd)
        marks = Marks.take(repo, self._env)
        early = status.begin(repo, self._env) if self._stage.watches_tree else None  # runs while we import and parse
        try:
            plan = self._plan(repo)
            if early is not None and self._fetched:  # that took its time, and may have written gitseq.lock
                early.finish()
                early = None
            if plan is None or not (self._legacy or any(self._stage.name in hook.stages for hook in plan.hooks)):
                return 0
            listing, early = early, None
            return self._engage(repo, plan, stdin, marks, listing)
        finally:
            if early is not None:
                early.finish()

    def _plan(self, repo: "Repo") -> "Plan | None":
        """The plan; None when there is no configuration and the stage could not stop git anyway.

        A branch from before gitseq.toml must not make every `git checkout` end with an error, and a failing
        reference-transaction would block the very checkout that leads back.
        """
        from gitseq.config import compiled, kept
        from gitseq.model import Plan

        fetch = self._fetcher(repo)
        try:
            where = kept.Where(repo.top, self._env, None, Nested(repo, self._env))
            return compiled.load(where, repo.state_dir, fetch=fetch, vet=settings.vet)
        except NoConfiguration:
            if self._env.get(b"PRE_COMMIT_ALLOW_NO_CONFIG"):
                plain.write_all(1, b"No configuration file was found. Skipping `%s`.\n" % self._stage.name.encode())
                return Plan("", ())  # a hook that was here before us runs all the same
            if self._stage.refuses:
                raise
            return None

    def _fetcher(self, repo: "Repo") -> "Callable[[str, str], bytes]":
        def fetch(url: str, rev: str) -> bytes:
            from gitseq.cli import engage
            from gitseq.engine import fetching

            self._fetched = True
            is_terminal, coloured = engage.terminal_of(self._env)
            tell = engage.consumer(is_terminal, coloured)
            return fetching.provider(repo, self._env, tell, wants_progress=is_terminal)(url, rev)

        return fetch

    def _engage(self, repo: "Repo", plan: "Plan", stdin: bytes, marks: Marks, early: "procs.Reader | None") -> int:
        from gitseq.cli import engage  # the engine, while git lists what is staged

        call = engage.Call(self._stage, self._arguments, stdin, self._legacy, self._env)
        return engage.run(call, repo, plan, marks, early)


def _drain() -> bytes:
    """All of what git writes to us, at once: a git whose pipe is closed early dies of SIGPIPE."""
    parts = []
    try:
        while part := os.read(0, 1 << 16):
            parts.append(part)
    except OSError:
        pass  # started without a standard input
    return b"".join(parts)
