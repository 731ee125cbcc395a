"""Make each change fail for want of space or with a broken disk: the guard says so, and every byte is there."""

import errno
import os

import pytest

from gitseq.errors import EnvironmentProblem, GitseqError
from gitseq.guard import state
from gitseq.guard.hide import hide
from gitseq.guard.journal import HOOKS_RUNNING, JOURNAL_WRITTEN
from gitseq.guard.recover import recover
from gitseq.guard.restore import restore
from gitseq.host import procs
from tests.faults.test_guard_crashes import Trial, count_points
from tests.support import guarded
from tests.support.guarded import HOOKS, Failing

ALWAYS = 1 << 30


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return guarded.odd_tree(os.fsencode(tmp_path_factory.mktemp("template")) + b"/tree")


def run(tree, hook, note, ops):
    """What the run would have to fail with."""
    git = ops.git_of(tree)
    try:
        guard = hide(tree.where(), tree.dirty(), git, ops)
    except GitseqError as error:
        return error
    ops.step(HOOKS_RUNNING)
    HOOKS[hook](tree, note)
    return restore(guard, git, ops).failure()


def fail(template, folder, hook, ops, told):
    trial = Trial(template, folder)
    tree = trial.tree
    failure = run(tree, hook, trial.note, ops)
    assert failure is None or (failure.what and failure.kept and failure.hint), told
    results = recover(tree.git_dir, tree.git)
    assert all(result.complete for result in results), (told, results)
    trial.judge(told)


@pytest.mark.parametrize("hook", ["hook_none", "hook_hostile"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_error_at_any_change_loses_nothing_sampled(template, folder, hook, code):
    folder += b"/trial"
    log = count_points(template, folder, hook)
    for point in guarded.seeded("errors", hook, code).sample(range(len(log)), 10):
        for times in (1, ALWAYS):
            fail(
                template, folder, hook, Failing(point, code, times), f"{hook} {code} x{times} at {point}: {log[point]}"
            )


@pytest.mark.campaign
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_error_at_any_change_loses_nothing(template, folder, hook, code):
    folder += b"/trial"
    log = count_points(template, folder, hook)
    for point, what in enumerate(log):
        for times in (1, ALWAYS):
            fail(template, folder, hook, Failing(point, code, times), f"{hook} {code} x{times} at {point}: {what}")


def test_a_disk_that_is_full_before_the_first_move_leaves_all_as_it_was(template, folder):
    """Not even recovery is needed: nothing has been touched."""
    folder += b"/trial"
    log = count_points(template, folder, "hook_none")
    for point in range(0, log.index("step " + JOURNAL_WRITTEN), 3):
        trial = Trial(template, folder)
        ops = Failing(point, errno.ENOSPC, ALWAYS)
        if log[point].startswith(("step", "git")):
            continue
        with pytest.raises(EnvironmentProblem) as caught:
            hide(trial.tree.where(), trial.tree.dirty(), ops.git_of(trial.tree), ops)
        assert "No space left" in caught.value.what
        assert caught.value.kept == "Nothing was touched."
        assert guarded.capture(trial.tree.top) == trial.before
        recover(trial.tree.git_dir, trial.tree.git)
        assert state.unfinished(trial.tree.git_dir) == []


@pytest.mark.parametrize("rc", [1, 128])
def test_git_that_fails_stops_the_run_before_anything_moves(template, folder, rc):
    trial = Trial(template, folder + b"/trial")
    dirty = trial.tree.dirty()
    with pytest.raises(EnvironmentProblem) as caught:
        hide(trial.tree.where(), dirty, lambda *_args: procs.Completed(rc, b"", b"fatal: unable to read\xff"))
    assert "unable to read" in caught.value.why
    trial.judge("git failed")


def test_git_that_writes_too_little_stops_the_run_before_anything_moves(template, folder):
    """git 2.39 exits with 0 when a required filter fails."""
    trial = Trial(template, folder + b"/trial")
    dirty = trial.tree.dirty()
    with pytest.raises(EnvironmentProblem):
        hide(trial.tree.where(), dirty, lambda *_args: procs.Completed(0, b"", b""))
    trial.judge("git wrote nothing")
