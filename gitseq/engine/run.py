"""A run, step by step (DESIGN section 7). What is to be shown is told as an event; nothing is printed here."""

import os

from gitseq.cage import gate
from gitseq.core import select, verdict
from gitseq.core.stages import MESSAGE
from gitseq.engine import candidates, hooks, turn
from gitseq.engine import request as asked
from gitseq.engine.changes import Changes
from gitseq.engine.choose import NO_FILES, Chooser, hooks_for, ruled_out
from gitseq.engine.unstaged import NONE, Unstaged
from gitseq.engine.verdicts import Verdicts
from gitseq.errors import GaveUp, GitseqError, Interrupted, Refused
from gitseq.git import indexlock, status
from gitseq.git.marks import Drift, Marks
from gitseq.host import clock
from gitseq.model import (
    PRE_COMMIT,
    Hook,
    HookRetried,
    HookRunning,
    HookStarted,
    MemoryAwaited,
    Notice,
    Report,
    RunFinished,
    RunRefused,
    RunStarted,
    Verdict,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine.asked import Asked
    from gitseq.engine.cached import Passes
    from gitseq.engine.candidates import Candidates
    from gitseq.engine.environments import Environments
    from gitseq.engine.inside import Part
    from gitseq.engine.request import Request, World
    from gitseq.engine.restaging import Restaging
    from gitseq.model import Plan, Project
    from gitseq.queue.lease import Lease
    from gitseq.queue.nesting import Parent


FIRST_NAMES = 10
"""So many of the files a hook is run on are told by name."""


def execute(request: "Request", world: "World") -> Report:
    """Run the hooks of a stage and tell what happens; why it failed is in the report. Raises what is a bug of ours."""
    run = _Run(request, world)
    problem: GitseqError | None = None
    try:
        run.go()
    except GitseqError as error:
        problem = error
    except Exception as error:
        from gitseq.engine import recorded  # rare, we hope

        world.tell(recorded.bug(error))
        raise
    report = run.report(problem)
    if report.problem:
        world.tell(RunRefused(report.exit_code, report.problem))
    world.tell(RunFinished(report))
    return report


class _Run:
    """The state of one run; its methods are the steps, in order."""

    def __init__(self, request: "Request", world: "World") -> None:
        self._request = request
        self._world = world
        self._runner: hooks.Runner
        self._verdicts = Verdicts(world)
        self._changes: Changes | None = None
        self._legacy_failed = False
        self._early_is_stale = False
        """Something has happened since the early listing was begun."""
        self._unstaged = Unstaged(world)
        self._restaging: Restaging | None = None
        self._passes: Passes | None = None
        """None when no hook is cached."""
        self._found: Candidates
        self._input: tuple[list[bytes] | None, str, str] = None, "", ""
        """The files that were handed out last, the root they are relative to, and their fingerprint."""
        self._memory = gate.Gate()
        self._deadline = 0.0
        self._marks: Marks
        self._not_restored: GitseqError | None = None
        self._environments: Environments | None = None
        self._installed = False
        """Environments were installed, which may have taken minutes."""

    def go(self) -> None:
        request, world = self._request, self._world
        chosen = hooks_for(world.plan, request)
        if not chosen and not request.legacy:
            return
        for text in world.plan.warnings:
            self._warn(text)
        self._marks = world.marks if world.marks is not None else Marks.take(world.repo, world.env)
        self._prepare_environments(chosen)
        try:
            taken = turn.take(request, world, _what(request))
        except GaveUp as error:
            if not turn.gave_up_is_a_notice(request, error):
                raise
            world.tell(Notice("warning", f"hooks of {request.stage.name} were left out: {error.why or error.what}"))
            return
        try:
            self._in_our_turn(taken, chosen)
            self._stop_if_asked()  # also when the signal came after the last hook
        finally:
            taken.release()

    def _in_our_turn(self, taken: "Lease | Parent", chosen: "list[Hook]") -> None:
        request, world = self._request, self._world
        limit = world.plan.run_timeout
        self._deadline = clock.monotonic() + limit if limit is not None else 0.0
        self._runner = hooks.Runner(request, world, taken, self._deadline)
        self._runner.environments = self._environments
        if taken.waited or self._installed:
            self._early_is_stale = True
            self._marks = self._still_as_queued()
        if self._unstaged.finish_dead_runs(nested=taken.depth > 0):
            self._early_is_stale = True
        if request.legacy:
            self._run_legacy()
        if chosen:
            try:
                self._check(chosen)
            finally:
                if self._passes is not None:
                    self._passes.end()

    def _check(self, chosen: "list[Hook]") -> None:
        """Hide what is not staged, run the hooks, look at what they did, and put everything back."""
        request, world = self._request, self._world
        self._require_free_index()
        self._passes = self._ledger(chosen)
        if self._passes is not None and self._has_passed(chosen, self._passes):
            return
        listing = self._listing() if self._needs_listing(chosen) else None
        try:
            if listing is not None:
                as_hidden = self._unstaged.hide(listing, self._isolation())
                self._changes = Changes(world.repo, world.env, as_hidden, self._marks, self._unstaged.is_untouched)
                self._runner.meanwhile = self._changes.look_ahead
                self._prepare_restaging(chosen, listing)
            modes = self._passes.modes() if self._passes is not None else None
            found = candidates.find(request, world, listing, modes)  # now that what is staged lies in the work tree
            if found.nothing_to_do:
                return
            world.tell(RunStarted(request.stage.name, tuple(chosen)))
            self._run_hooks(chosen, found)
            self._check_tree()
            if self._passes is not None:
                self._passes.keep(self._verdicts.done)
        finally:
            done = self._restaging.done if self._restaging is not None else frozenset()
            self._not_restored = self._unstaged.restore(done)

    # --- before the hooks ---

    def _prepare_environments(self, chosen: "list[Hook]") -> None:
        """Before we wait and before anything is hidden: nobody else has to wait while we install, and a process that
        looks into the work tree sees all of it."""
        if all(hook.builtin or (hook.language == "system" and not hook.source) for hook in chosen):
            return  # who offers a hook is needed to compile the plan anew, and is noted as used
        from gitseq.engine.environments import Environments

        skip = self._request.skip
        self._environments = Environments(self._world)
        wanted = [hook for hook in chosen if not select.is_named(hook, skip)]
        self._installed = self._environments.prepare(wanted, may_install=not self._request.stage.inside_locks)

    def _prepare_restaging(self, chosen: "list[Hook]", listing: "status.Listing") -> None:
        """Only a run on what is staged can add to it; elsewhere a hook that changes files has failed."""
        if any(hook.stage_fixes for hook in chosen) and self._is_about_the_index():
            from gitseq.engine.restaging import Restaging

            self._restaging = Restaging(self._request, self._world, listing, self._runner.lock)

    def _still_as_queued(self) -> Marks:
        """After a wait, or an installation, inside a commit: nothing is run in vain. git would refuse to move a HEAD
        that has moved, and what is staged now is not what the user meant to commit."""
        now = Marks.take(self._world.repo, self._world.env)
        if not (self._request.by_git and self._request.stage.checks_index):
            return now
        drift = self._marks.drift(self._world.repo, self._world.env, now)
        if drift:
            raise Refused(
                "what was to be committed changed while we waited for our turn",
                why="\n".join(drift.sentences),
                kept="Nothing was run and nothing was changed.",
                hint="Look at `git status`, then run the same command again; "
                "`gitseq exec -- git commit ...` waits before git looks.",
            )
        return now

    def _require_free_index(self) -> None:
        request, world = self._request, self._world
        if request.stage.watches_tree and request.stage.checks_index:
            waiting = indexlock.Waiting(self._warn, pause=self._pause)
            self._runner.lock = indexlock.require_free(world.repo, world.env, waiting, in_commit_hook=request.by_git)

    def _ledger(self, chosen: "list[Hook]") -> "Passes | None":
        """What has passed before, where some hook wants to know."""
        if self._request.no_cache or not any(hook.cache for hook in chosen):
            return None
        from gitseq.engine.cached import Passes

        world = self._world.replace(tree=None) if self._early_is_stale else self._world
        return Passes(self._request, world, self._runner, self._marks)

    def _has_passed(self, chosen: "list[Hook]", passes: "Passes") -> bool:
        """Whether every hook has passed all files as they are; then nothing is listed, selected or run."""
        passes.ask_for_tree(chosen)
        told = [self._without_running(hook) for hook in chosen]
        if not all(told):
            return False
        self._world.tell(RunStarted(self._request.stage.name, tuple(chosen)))
        for one in told:
            if one is not None:
                self._verdicts.finish(one)
        return True

    def _needs_listing(self, chosen: "list[Hook]") -> bool:
        """Not for built-in hooks on files that were named: they tell what they change, and nothing is hidden."""
        return not all(hook.builtin for hook in chosen) or self._isolation() != NONE or self._is_about_the_index()

    def _listing(self) -> "status.Listing | None":
        """The state of index and work tree, where this stage has a use for it; refuses what cannot be checked."""
        request, world = self._request, self._world
        if not request.stage.watches_tree:
            return None
        listing = status.end(world.repo, world.early) if world.early is not None else None
        if listing is None or self._early_is_stale:
            listing = status.read(world.repo, world.env)
        if listing.unmerged and self._is_about_the_index():
            raise Refused(
                "Unmerged files.  Resolve before committing.",
                why="\n".join("    " + path.decode("utf-8", "backslashreplace") for path in listing.unmerged[:10]),
                hint="Resolve the conflicts and `git add` the files, then try again.",
            )
        self._refuse_unstaged(world.plan, listing)
        for project in world.plan.projects:
            self._refuse_unstaged(project, listing)
        return listing

    def _isolation(self) -> str:
        """What hooks are not to see. Where files were named, as in pre-commit, the work tree is meant as it lies; and
        a message hook is about the message."""
        request, plan = self._request, self._world.plan
        if request.select in (asked.ALL_FILES, asked.NAMED_FILES):
            return NONE
        default = NONE if request.stage.files == MESSAGE else plan.isolate
        return dict(plan.stage_isolate).get(request.stage.name, default)

    def _is_about_the_index(self) -> bool:
        return self._request.stage.checks_index and self._request.select == asked.BY_STAGE

    def _refuse_unstaged(self, part: "Plan | Project", listing: "status.Listing") -> None:
        """With pre-commit's own file, an unstaged configuration is refused as it does, in every stage."""
        if part.dialect == PRE_COMMIT:
            matters = self._request.select not in (asked.ALL_FILES, asked.NAMED_FILES)
        else:
            matters = self._is_about_the_index()
        if matters and os.fsencode(part.source) in listing.signatures:
            nested = part is not self._world.plan
            raise Refused(
                f"Your {part.dialect or 'gitseq'} configuration is unstaged{f': {part.source}' if nested else '.'}",
                why="The hooks that run would not be the ones you commit.",
                hint=f"`git add {part.source}` to fix this.",
            )

    def _warn(self, text: str) -> None:
        self._world.tell(Notice("warning", text))

    def _pause(self, seconds: float) -> None:
        """Wait a moment for somebody else's lock, but for no longer than we are wanted."""
        self._early_is_stale = True
        if self._world.signals.wait(seconds):
            raise Interrupted(self._world.signals.stop)
        caller = self._world.caller
        if caller is not None and caller.gone(self._world.repo):
            raise _caller_gone()

    # --- the hooks ---

    def _run_legacy(self) -> None:
        """The hook that was here before us comes first, with git's own arguments, input and terminal."""
        self._early_is_stale = True
        code, stopped = self._runner.run_legacy()
        self._legacy_failed = code != 0
        if stopped is not None:
            raise _why_stopped(stopped)

    def _run_hooks(self, chosen: "list[Hook]", found: "Candidates") -> None:
        chooser = Chooser(self._request, self._world, found)
        self._found = found
        if self._environments is not None:
            self._environments.require(hook for hook in chosen if chooser.choose(hook).skipped is None)
        ended: set[str] = set()
        while chosen:
            hook = chosen[0]
            if hook.project in ended or chooser.is_unconcerned(hook):
                chosen = chosen[1:]
                continue
            stops_at_failure = self._request.fail_fast or chooser.stops_at_failure(hook)
            if hook.builtin:
                done = self._run_inside(chosen, chooser, stops_at_failure)
            else:
                self._run_outside(hook, chooser)
                done = 1
            chosen = chosen[done:]
            last = self._verdicts.done[-1]
            if last.failed and self._request.fail_fast:
                return
            if last.failed and (last.hook.fail_fast or stops_at_failure):
                ended.add(hook.project)

    def _without_running(self, hook: Hook) -> "Verdict | None":
        """The verdict of a hook that is left out, or has passed all of this tree."""
        reason = ruled_out(hook, self._request, self._world)
        if reason is not None:
            return Verdict(hook, "skipped", reason)
        return self._passes.of_tree(hook) if self._passes is not None else None

    def _ask(self, hook: Hook, chooser: Chooser) -> "Verdict | Asked":
        """A hook's files, and which of them it has passed; or its verdict, when that is clear already."""
        choice = chooser.choose(hook)
        if choice.skipped is not None:
            if choice.skipped == NO_FILES and self._passes is not None:
                self._passes.note_none(hook)
            return Verdict(hook, "skipped", choice.skipped)
        from gitseq.engine.asked import Asked

        if self._request.verify and self._passes is not None:
            return self._passes.sample(self._job(hook, choice.paths))
        job = self._job(hook, choice.paths)
        return self._passes.ask(job) if self._passes is not None else Asked(job, choice.paths)

    def _job(self, hook: Hook, paths: "list[bytes]") -> hooks.Job:
        known, root, same = self._input
        if paths is not known or hook.root != root:  # hooks with the same filters are given the very same list
            same = candidates.fingerprint(self._found, paths, hook.root)
            self._input = paths, hook.root, same
        return hooks.Job(hook, paths, self._found.exports, same)

    def _run_outside(self, hook: Hook, chooser: Chooser) -> None:
        """One command: left out, known to pass, or run."""
        if self._passes is None:
            choice = chooser.choose(hook)
            if choice.skipped is not None:
                self._verdicts.finish(Verdict(hook, "skipped", choice.skipped))
            else:
                self._run_one(self._job(hook, choice.paths), None)
            return
        known = self._without_running(hook) or self._ask(hook, chooser)
        if isinstance(known, Verdict):
            self._verdicts.finish(known)
        elif known.all_passed:
            told = known.passed_before()
            self._passes.note([(known, told, None)])
            self._verdicts.finish(told)
        else:
            self._run_one(known.job, known)

    def _run_inside(self, chosen: "list[Hook]", chooser: Chooser, stops_at_failure: bool) -> int:
        """Run the first hook, which is a built-in one, side by side with its neighbours; how many that were."""
        from gitseq.engine import inside

        self._stop_if_asked()
        group = chosen[: inside.neighbours(chosen, stop_at_failure=stops_at_failure)]
        known: list[Verdict | Part] = []
        for hook in group:
            # once one of them is run it may write to files, and what the whole tree has passed says nothing about these
            told = self._without_running(hook) if not any(isinstance(one, inside.Part) for one in known) else None
            answer = told or self._ask(hook, chooser)
            known.append(answer if isinstance(answer, Verdict) else inside.part(answer))
        settled = 0
        while settled < len(known) and _is_settled(known[settled]):
            settled += 1
        self._note([one for one in known[:settled] if isinstance(one, inside.Part)])
        for one in known[:settled]:
            self._finish_part(one)
        known = known[settled:]
        if known:
            self._run_parts(known)
        return len(group)

    def _run_parts(self, known: "list[Verdict | Part]") -> None:
        """Run what is left of a group side by side; the first of `known` has something to check."""
        from gitseq.engine import inside

        parts = [one for one in known if isinstance(one, inside.Part)]
        self._wait_for_memory(parts[0].hook)
        self._world.tell(_started(parts[0].asked.job))
        self._world.tell(HookRunning(parts[0].hook))
        engine = inside.Inside(self._request, self._world, self._runner, self._deadline)
        stopped = engine.run(parts, self._passes.begin_to_note if self._passes is not None else _nothing)
        if self._changes is not None:
            self._changes.wrote([path for one in parts for path in one.modified])
        if stopped is None:
            self._note(parts)
        for one in known:
            if stopped is None or (isinstance(one, inside.Part) and one.over):
                self._finish_part(one, is_begun=one is known[0])
        if stopped is not None:
            raise _why_stopped(stopped)

    def _note(self, parts: "list[Part]") -> None:
        if self._passes is not None and parts:
            self._passes.note([(one.asked, one.verdict(), one.lasting) for one in parts])
            self._passes.forget([path for one in parts for path in one.modified])

    def _finish_part(self, one: "Verdict | Part", *, is_begun: bool = False) -> None:
        """Tell the verdict of a hook of a group, its fixes noted, and staged where they are to be."""
        told = one if isinstance(one, Verdict) else self._with_fixes(one.verdict())
        if not isinstance(one, Verdict) and not is_begun and not told.from_ledger:
            self._world.tell(_started(one.asked.job))
        self._verdicts.finish(told)

    def _with_fixes(self, told: Verdict) -> Verdict:
        if not told.modified or self._restaging is None or not told.hook.stage_fixes:
            return told
        if told.exit_code or told.reasons:  # who has failed has its fixes left alone
            return told
        if self._changes is not None:  # what a command before it did unseen must not pass for a fix
            self._verdicts.blame_earlier(self._changes.finish())
        self._restaging.before()
        return self._restage(told, self._restaging)

    def _run_one(self, job: hooks.Job, known: "Asked | None") -> Verdict:
        """Run a hook, and again as often as it may be retried, and finish with its verdict; raises to stop the run."""
        self._stop_if_asked()
        self._wait_for_memory(job.hook)
        self._world.tell(_started(job))
        for attempt in range(job.hook.retry + 1):
            told, stopped = self._attempt(job)
            if stopped is not None or not told.failed or told.modified or attempt == job.hook.retry:
                break  # a fix is no accident: the next attempt would only hide it
            self._world.tell(HookRetried(told, attempt + 1))
        if attempt:
            told = told.replace(notes=(*told.notes, f"attempt {attempt + 1} of {job.hook.retry + 1}"))
        if known is not None:
            told = told.replace(files=len(known.paths), cached=known.cached)
        if self._passes is not None:
            if known is not None:
                self._passes.note([(known, told, None)])
            self._passes.forget()
        self._verdicts.finish(told)
        if stopped is not None:
            raise _why_stopped(stopped)
        return told

    def _attempt(self, job: hooks.Job) -> "tuple[Verdict, hooks.Stopped | None]":
        root = os.fsencode(job.hook.root)
        given = [os.path.normpath(os.path.join(root, path)) for path in job.paths] if root else job.paths
        restages = self._restaging is not None and job.hook.stage_fixes
        if self._restaging is not None and restages:
            self._restaging.before()
        if self._changes is not None:
            self._changes.before([] if job.hook.pass_filenames == 0 else given)
        started = clock.monotonic()
        calls, stopped = self._runner.run(job)
        told = verdict.judge(job.hook, calls, clock.monotonic() - started, len(job.paths))
        self._verdicts.attempted()
        if self._changes is not None and stopped is None:
            told = self._verdicts.blame(self._changes.after(everywhere=restages), told)
            if self._restaging is not None and restages:
                told = self._restage(told, self._restaging)
        return told, stopped

    def _restage(self, told: Verdict, restaging: "Restaging") -> Verdict:
        """Add a hook's fixes to the commit, unless somebody else has changed it meanwhile."""
        drift = self._drift()
        if drift and (not restaging.accept(drift) or self._unstaged.apart(drift.paths) != self._unstaged.paths):
            raise _moved_under_us(drift)
        told = restaging.after(told, self._unstaged.apart(told.modified))
        self._marks = Marks.take(self._world.repo, self._world.env)
        if self._changes is not None:
            self._changes.settle(status.read(self._world.repo, self._world.env), self._marks)
        return told

    def _drift(self) -> Drift:
        repo, env = self._world.repo, self._world.env
        return self._marks.drift(repo, env, Marks.take(repo, env))

    def _stop_if_asked(self) -> None:
        if self._world.signals.stop:
            raise Interrupted(self._world.signals.stop)

    def _wait_for_memory(self, hook: Hook) -> None:
        """Hold a hook back while memory is short, for as long as it may be held back; then go on with a warning."""
        if not hook.min_free_memory:
            return
        signals, tell = self._world.signals, self._world.tell
        waited = self._memory.wait(
            hook.min_free_memory,
            hook.memory_wait,
            lambda free, seconds: tell(MemoryAwaited(hook, free, int(seconds * 4) / 4)),
            signals,
        )
        self._stop_if_asked()
        if not waited.enough:
            self._warn(f"memory is still short: {hook.name} starts all the same, after {hook.memory_wait:.0f} s")

    # --- after the hooks ---

    def _check_tree(self) -> None:
        """Look once at all that may have changed unseen: files no hook was given, HEAD, the index."""
        if self._changes is None or not self._verdicts.any_ran:
            return
        self._verdicts.blame_earlier(self._changes.finish())
        if not self._is_about_the_index():
            return
        drift = self._drift()
        if drift:
            raise _moved_under_us(drift)
        if self._restaging is not None:
            self._restaging.refuse_if_emptied()

    def report(self, problem: "GitseqError | None") -> Report:
        """The outcome so far. A problem counts for more than a hook that said no, unstaged work for more than both."""
        problem = self._not_restored or problem
        code = 1 if self._legacy_failed or any(told.failed for told in self._verdicts.done) else 0
        return Report(
            self._request.stage.name,
            self._verdicts.done,
            problem.exit_code if problem is not None else code,
            tuple(problem.lines()) if problem is not None else (),
        )


def _nothing() -> None:
    """Where nothing is kept, nobody wants to know."""


def _started(job: hooks.Job) -> HookStarted:
    return HookStarted(job.hook, len(job.paths), tuple(job.paths[:FIRST_NAMES]), job.input)


def _is_settled(one: "Verdict | Part") -> bool:
    """Whether a built-in hook has nothing to check, so far."""
    return isinstance(one, Verdict) or one.asked.all_passed


def _what(request: "Request") -> str:
    """How others read what this run does: `pre-commit`, or `run pre-commit` by hand."""
    return request.stage.name if request.by_git else f"run {request.stage.name}"


def _why_stopped(stopped: hooks.Stopped) -> GitseqError:
    return _caller_gone() if stopped.caller_gone else Interrupted(stopped.signal)


def _caller_gone() -> Refused:
    return Refused(
        "the git that called this hook is gone, so the run was ended; nothing was written to index or work tree",
        hint="Run the git command again.",
    )


def _moved_under_us(drift: Drift) -> Refused:
    return Refused(
        "what was checked is not what would be committed",
        why="\n".join(drift.sentences),
        kept="Nothing was undone.",
        hint="Look at `git status`, then run the command again. (A hook that runs `git add` does this, too.)\n"
        "Where others commit, take the turn for the whole commit: gitseq exec -- git commit",
    )
