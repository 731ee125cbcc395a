"""Kill the guard before each change it makes, and again while it recovers: every byte is there afterwards."""

import os
import shutil
import signal

import pytest

from gitseq.guard import state
from gitseq.guard.hide import hide
from gitseq.guard.journal import HOOKS_RUNNING
from gitseq.guard.recover import recover, survey
from gitseq.guard.restore import restore
from tests.support import guarded
from tests.support.guarded import HOOKS, Counting, Dying, Note, Tree


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return guarded.odd_tree(os.fsencode(tmp_path_factory.mktemp("template")) + b"/tree")


def whole_run(tree: Tree, hook: str, note: Note, ops: Counting) -> None:
    git = ops.git_of(tree)
    guard = hide(tree.where(), tree.dirty(), git, ops)
    ops.step(HOOKS_RUNNING)
    HOOKS[hook](tree, note)
    restore(guard, git, ops)


def that_can(swaps: bool, ops: Counting) -> Counting:
    """Operations of a file system that can exchange two names, or that cannot."""
    ops.swaps = swaps
    return ops


class Trial:
    """One copy of the tree, what it was like before, and the judgement afterwards."""

    def __init__(self, template: Tree, folder: bytes) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        self.tree = guarded.clone(template, folder + b"/tree")
        self.note = Note(folder + b"/note")
        self.before = guarded.capture(self.tree.top)
        self.index = self.tree.index()

    def judge(self, told: str) -> None:
        after = guarded.capture(self.tree.top)
        kept = self._kept()
        written = self.note.all()
        touched = {name for name, _content in written}
        for name, what in self.before.items():
            if after.get(name) == what:
                continue
            inside_touched = any(name == one or name.startswith(one + b"/") for one in touched)
            assert inside_touched, (told, name, what, after.get(name))
            if what[0] == "folder":
                assert after.get(name, (None,))[0] == "folder", (told, name)
                continue
            assert name in after, (told, name, "is gone")
            is_whole = after[name][:2] == what[:2] and after[name][2] == what[2]
            assert is_whole or what[0] in kept, (told, name, "neither in place nor kept")
        texts = {what[0] for what in after.values()} | kept
        for name, content in written[:-1]:  # the last may not have been written when the hook was killed
            if content:
                merged = after.get(name, (b"",))[0] not in (self.before.get(name, (b"",))[0], b"")
                assert content in texts or merged, (told, name, content)
        extra = {name for name in after if name not in self.before and not _may_be_new(name, touched)}
        assert not extra, (told, extra)
        assert self.tree.index() == self.index, told
        assert state.unfinished(self.tree.git_dir) == [], told
        if not written:
            assert after == self.before, told
            assert not kept, told

    def _kept(self) -> "set[bytes]":
        found = set()
        for folder, _folders, names in os.walk(state.kept_dir(self.tree.git_dir)):
            for name in names:
                with open(os.path.join(folder, name), "rb") as stream:
                    found.add(stream.read())
        return found


def _may_be_new(name: bytes, touched: "set[bytes]") -> bool:
    is_leftover_of_killed_hook = name in (b".by-rename.tmp", b".dash.swp")
    return is_leftover_of_killed_hook or any(one == name or one.startswith(name + b"/") for one in touched)


def count_points(template: Tree, folder: bytes, hook: str, swaps: bool = True) -> "list[str]":
    trial = Trial(template, folder)
    ops = that_can(swaps, Counting())
    whole_run(trial.tree, hook, trial.note, ops)
    trial.judge(f"{hook}, undisturbed")
    return ops.log


def crash(template: Tree, folder: bytes, hook: str, dying: Counting, told: str) -> int:
    """One trial; returns how many recoveries were killed on the way."""
    trial = Trial(template, folder)
    code = guarded.in_child(lambda: whole_run(trial.tree, hook, trial.note, dying))
    assert code == -signal.SIGKILL, (told, code)
    rng = guarded.seeded(hook, dying.at)
    killed = 0
    for _again in range(rng.randrange(3)):
        ops = Dying(rng.randrange(120))
        code = guarded.in_child(lambda ops=ops: recover(trial.tree.git_dir, ops.git_of(trial.tree), ops))
        assert code in (0, -signal.SIGKILL), (told, code)
        killed += code != 0
    survey(trial.tree.git_dir)
    results = recover(trial.tree.git_dir, trial.tree.git)
    assert all(result.complete for result in results), (told, results)
    trial.judge(told)
    assert recover(trial.tree.git_dir, trial.tree.git) == []
    return killed


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("swaps", [True, False])
def test_a_kill_before_any_change_loses_nothing_sampled(template, folder, hook, swaps):
    folder += b"/trial"
    log = count_points(template, folder, hook, swaps)
    points = guarded.seeded("sample", hook).sample(range(len(log)), 16 if swaps else 8)
    for point in points:
        dying = that_can(swaps, Dying(point))
        crash(template, folder, hook, dying, f"{hook}, killed at {point}: {log[point]}")


@pytest.mark.campaign
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("swaps", [True, False])
def test_a_kill_before_any_change_loses_nothing(template, folder, hook, swaps):
    folder += b"/trial"
    log = count_points(template, folder, hook, swaps)
    killed = 0
    for point, what in enumerate(log):
        dying = that_can(swaps, Dying(point))
        killed += crash(template, folder, hook, dying, f"{hook}, killed at {point}: {what}")
    print(f"{hook}, swaps {swaps}: {len(log)} points, {killed} recoveries killed as well")


def kill_at_random(template: Tree, folder: bytes, number: int) -> bool:
    """One trial with us and our git killed at a random time; whether the kill came in time."""
    trial = Trial(template, folder)
    rng = guarded.seeded("time", number)
    hook = rng.choice(sorted(HOOKS))
    code = guarded.in_child(lambda: whole_run(trial.tree, hook, trial.note, Counting()), rng.uniform(0.001, 0.07))
    for _again in range(rng.randrange(3)):
        guarded.in_child(lambda: recover(trial.tree.git_dir, trial.tree.git), rng.uniform(0.001, 0.02))
    assert all(result.complete for result in recover(trial.tree.git_dir, trial.tree.git))
    trial.judge(f"{hook}, random time {number}")
    return code != 0


def test_a_kill_at_any_time_loses_nothing_sampled(template, folder):
    killed = [kill_at_random(template, folder + b"/trial", number) for number in range(12)]
    assert any(killed)


@pytest.mark.campaign
def test_a_kill_at_any_time_loses_nothing(template, folder):
    killed = [kill_at_random(template, folder + b"/trial", number) for number in range(400)]
    print(f"random times: {sum(killed)} of {len(killed)} killed")


def two_at_once(template: Tree, folder: bytes, number: int) -> None:
    """Two linked work trees of one repository, both killed; each recovers its own and nothing else."""
    rng = guarded.seeded("two", number)
    first = Trial(template, folder)
    second_top = folder + b"/second"
    first.tree.run(b"worktree", b"add", b"-q", b"-f", b"--detach", second_top)
    second = Tree(second_top, first.tree.git_dir + b"/worktrees/second")
    for name in (b"text.txt", b"by-rename.txt"):
        second.write(name, guarded.UNSTAGED)
    before, index = guarded.capture(second.top), second.index()
    note = Note(folder + b"/second-note")
    pids = [
        guarded.start_child(lambda: whole_run(first.tree, "hook_user_saves", first.note, Dying(rng.randrange(250)))),
        guarded.start_child(lambda: whole_run(second, "hook_none", note, Dying(rng.randrange(30)))),
    ]
    for pid in pids:
        guarded.reap(pid, 30)
    assert all(result.complete for result in recover(second.git_dir, second.git))
    assert guarded.capture(second.top) == before
    assert second.index() == index
    assert all(result.complete for result in recover(first.tree.git_dir, first.tree.git))
    first.judge(f"two work trees {number}")


def test_two_work_trees_killed_at_once_lose_nothing_sampled(template, folder):
    for number in range(4):
        two_at_once(template, folder + b"/trial", number)


@pytest.mark.campaign
def test_two_work_trees_killed_at_once_lose_nothing(template, folder):
    for number in range(150):
        two_at_once(template, folder + b"/trial", number)
