"""A run, step by step (DESIGN section 7). What is to be shown is told as an event; nothing is printed here."""

import os

from gitseq.core import verdict
from gitseq.core.text import printable
from gitseq.engine import candidates, hooks
from gitseq.engine import request as asked
from gitseq.engine.changes import Changes, Edits
from gitseq.engine.choose import Chooser, hooks_for
from gitseq.errors import GitseqError, Interrupted, Refused
from gitseq.git import indexlock, marks, status
from gitseq.host import clock
from gitseq.model import (
    Hook,
    HookFinished,
    HookRevised,
    HookStarted,
    Notice,
    Report,
    RunFinished,
    RunStarted,
    Verdict,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine.candidates import Candidates
    from gitseq.engine.request import Request, World

PATIENCE_WITH_INDEX_LOCK = 10.0
"""Seconds a foreign index.lock is waited for before a run is refused."""


def execute(request: "Request", world: "World") -> Report:
    """Run the hooks of a stage and tell what happens; failures of any kind are in the report, never raised."""
    run = _Run(request, world)
    problem: GitseqError | None = None
    try:
        run.go()
    except GitseqError as error:
        problem = error
    report = run.report(problem)
    world.tell(RunFinished(report))
    return report


class _Run:
    """The state of one run; its methods are the steps, in order."""

    def __init__(self, request: "Request", world: "World") -> None:
        self._request = request
        self._world = world
        self._ran: list[Verdict] = []
        self._done: list[Verdict] = []
        self._changes: Changes | None = None
        self._legacy_failed = False

    def go(self) -> None:
        request, world = self._request, self._world
        chosen = hooks_for(world.plan, request)
        if request.legacy:
            self._run_legacy()
        if not chosen:
            return
        before = marks.take(world.repo)
        listing = self._listing()
        found = candidates.find(request, world, listing)
        if found.nothing_to_do:
            return
        self._refuse_if_caller_is_gone()
        world.tell(RunStarted(request.stage.name, tuple(chosen)))
        self._run_hooks(chosen, found)
        self._check_tree(before)

    # --- before the hooks ---

    def _listing(self) -> "status.Listing | None":
        """The state of index and work tree, where this stage has a use for it; refuses what cannot be checked."""
        request, world = self._request, self._world
        if not request.stage.watches_tree:
            return None
        waited = request.stage.checks_index and indexlock.require_free(
            world.repo, world.env, patience_seconds=PATIENCE_WITH_INDEX_LOCK, on_wait=self._warn
        )
        early = None if waited else world.early
        listing = status.end(world.repo, early) if early is not None else status.read(world.repo, world.env)
        if listing.unmerged and self._is_about_the_index():
            raise Refused(
                "Unmerged files.  Resolve before committing.",
                why="\n".join("    " + path.decode("utf-8", "backslashreplace") for path in listing.unmerged[:10]),
                hint="Resolve the conflicts and `git add` the files, then try again.",
            )
        self._changes = Changes(world.repo, world.env, listing)
        return listing

    def _is_about_the_index(self) -> bool:
        return self._request.stage.checks_index and self._request.select == asked.BY_STAGE

    def _warn(self, text: str) -> None:
        self._world.tell(Notice("warning", text))

    def _refuse_if_caller_is_gone(self) -> None:
        caller = self._world.caller
        if caller is not None and caller.gone(self._world.repo):
            raise Refused("the git that called this hook is gone, so nothing was run and nothing was changed")

    # --- the hooks ---

    def _run_legacy(self) -> None:
        """The hook that was here before us comes first, with git's own arguments, input and terminal."""
        code, stopped = hooks.run_legacy(self._request, self._world)
        self._legacy_failed = code != 0
        if stopped is not None:
            raise _why_stopped(stopped)

    def _run_hooks(self, chosen: "list[Hook]", found: "Candidates") -> None:
        chooser = Chooser(self._request, self._world, found)
        for hook in chosen:
            choice = chooser.choose(hook)
            if choice.skipped is not None:
                self._finish(Verdict(hook=hook, status="skipped", reason=choice.skipped))
                continue
            told = self._run_one(hooks.Job(hook, choice.paths, found.exports))
            if told.failed and (hook.fail_fast or self._world.plan.fail_fast or self._request.fail_fast):
                return

    def _run_one(self, job: hooks.Job) -> Verdict:
        """Run a hook and finish with its verdict; raises when the run must stop."""
        self._world.tell(HookStarted(job.hook))
        given = [os.path.join(os.fsencode(job.hook.root), path) for path in job.paths] if job.hook.root else job.paths
        if self._changes is not None:
            self._changes.before([] if job.hook.pass_filenames == 0 else given)
        started = clock.monotonic()
        calls, stopped = hooks.run(job, self._request, self._world)
        duration = clock.monotonic() - started
        self._ran.append(verdict.judge(job.hook, calls, [], duration, len(job.paths)))
        if self._changes is not None and stopped is None:
            self._blame(self._changes.after())
        self._finish(self._ran[-1])
        if stopped is not None:
            raise _why_stopped(stopped)
        return self._ran[-1]

    def _blame(self, edits: Edits) -> None:
        """Make the verdict of each hook that changed files a failure; those already told are told again."""
        for number, paths in edits.by_hook.items():
            before = self._ran[number]
            revised = before.replace(status="failed", modified=(*before.modified, *paths))
            self._ran[number] = revised
            if before in self._done:
                self._done[self._done.index(before)] = revised
                self._world.tell(HookRevised(revised))

    def _finish(self, told: Verdict) -> None:
        self._done.append(told)
        hooks.log(told, self._world.repo.top)
        self._world.tell(HookFinished(told))

    # --- after the hooks ---

    def _check_tree(self, before: marks.Marks) -> None:
        """Look once at all that may have changed unseen: files no hook was given, HEAD, the index."""
        if self._changes is None or not self._ran:
            return
        self._blame(self._changes.finish())
        if not self._is_about_the_index():
            return
        moved = marks.moved(before, marks.take(self._world.repo))
        restaged = self._changes.restaged()
        if moved or restaged:
            raise _moved_under_us(moved, restaged)

    def report(self, problem: "GitseqError | None") -> Report:
        """The outcome so far; a problem counts for more than a hook that said no."""
        code = 1 if self._legacy_failed or any(told.failed for told in self._done) else 0
        return Report(
            self._request.stage.name,
            tuple(self._done),
            problem.exit_code if problem is not None else code,
            tuple(problem.lines()) if problem is not None else (),
        )


def _why_stopped(stopped: hooks.Stopped) -> GitseqError:
    if stopped.caller_gone:
        return Refused(
            "the git that called this hook is gone; the hook was ended and nothing more was run",
            hint="Run the git command again.",
        )
    return Interrupted(stopped.signal)


def _moved_under_us(moved: "list[str]", restaged: "list[bytes]") -> Refused:
    names = [printable(path) for path in restaged]
    shown = [f"    {name}" for name in names[:10]] + ([f"    and {len(names) - 10} more"] if len(names) > 10 else [])
    staged = ["what is staged changed while hooks ran:", *shown] if names else []
    return Refused(
        "what was checked is not what would be committed",
        why="\n".join([*moved, *staged]),
        kept="Nothing was undone.",
        hint="Look at `git status`, then run the same command again.",
    )
