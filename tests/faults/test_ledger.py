"""A pass in the ledger is a pass (invariant 12): whatever is edited, however writers die."""

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from gitseq.core import ledger_keys
from gitseq.engine import contents
from gitseq.ledger.store import Ledger
from tests.support.ledger import Sequence, passed
from tests.support.procs import python
from tests.support.repo import Repo, isolated_env

ROOT = Path(__file__).parents[2]
STEPS = 6


def differences(tmp_path, monkeypatch, seeds):
    """Run sequences of edits, and tell where the ledger made a hook say something else."""
    found = []
    spared = 0
    for seed in seeds:
        # in every other sequence git's index is asked for the content of even a few files
        monkeypatch.setattr(contents, "FEW", 0 if seed % 2 else 150)
        home = tmp_path / str(seed)
        sequence = Sequence(Repo.init(home / "repo", isolated_env(home)), seed)
        for _ in range(STEPS):
            asked = sequence.choose()
            for _again in range(2):  # the second time the ledger has something to say
                cached = sequence.verdicts(no_cache=False)
            real = sequence.verdicts(no_cache=True)
            if cached != real:
                found.append((seed, asked, sequence.said[-4:], cached, real))
            sequence.step()
        spared += sequence.spared
    return found, spared


@pytest.mark.parametrize("seeds", [range(6), range(6, 12)], ids=["0-5", "6-11"])
def test_no_edit_makes_the_ledger_and_the_hook_disagree(tmp_path, monkeypatch, seeds):
    found, spared = differences(tmp_path, monkeypatch, seeds)
    assert not found
    assert spared > len(seeds) * STEPS, "the ledger was hardly asked"


@pytest.mark.campaign
@pytest.mark.timeout(0)
@pytest.mark.parametrize("batch", range(40))
def test_no_edit_of_two_thousand_sequences_makes_the_ledger_and_the_hook_disagree(tmp_path, monkeypatch, batch):
    found, _spared = differences(tmp_path, monkeypatch, range(batch * 50, batch * 50 + 50))
    assert not found


# --- writers

WRITER = """
import os, sys
sys.path.insert(0, sys.argv[3])
from gitseq.ledger import store
from gitseq.ledger.store import Ledger
store.GENERATION = 1 << 14  # so short that writers meet the end of one
from gitseq.core import ledger_keys
ledger, number = Ledger(os.fsencode(sys.argv[1])), int(sys.argv[2])
os.write(1, b"!")
for round in range(10**9):
    passed = [ledger_keys.digest(b"good", b"%d" % number, b"%d" % (round * 64 + each)) for each in range(64)]
    ledger.add(ledger_keys.digest(b"ns"), passed)
    ledger.add_tree(ledger_keys.digest(b"tree"), {passed[0]: round % 1000})
"""
NS = ledger_keys.digest(b"ns")
TREE = ledger_keys.digest(b"tree")


def writer(folder, number):
    process = subprocess.Popen([*python(WRITER), str(folder), str(number), str(ROOT)], stdout=subprocess.PIPE)
    assert process.stdout.read(1) == b"!"
    return process


def bad(number):
    return [ledger_keys.digest(b"bad", b"%d" % number, b"%d" % each) for each in range(2_000)]


def killed_writers(folder, kills, seed):
    """Kill writers while they write, two at a time; what is found afterwards that nobody ever passed."""
    moments = random.Random(seed)
    for number in range(kills):
        first, second = writer(folder, number % 3), writer(folder, 3)
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                first.wait(moments.random() * 0.02)
        finally:
            for process in (first, second):
                process.send_signal(signal.SIGKILL)
                process.wait(10)
                process.stdout.close()
    ledger = Ledger(os.fsencode(folder))
    assert ledger.stats().passes, "nothing was written at all"
    false = set()
    for number in range(kills):
        false |= passed(ledger, NS, bad(number)) | set(ledger.passed_tree(TREE, bad(number)[:50]))
    return false


def test_writers_that_are_killed_leave_no_false_pass(tmp_path):
    assert not killed_writers(tmp_path, 10, 0)


@pytest.mark.campaign
def test_five_hundred_killed_writers_leave_no_false_pass(tmp_path):
    assert not killed_writers(tmp_path, 250, 1)  # two die each time


# --- one edit after another, each of which must turn a pass into a failure

EDITS = {
    "content": lambda it: it.repo.write("a.txt", "beta\n"),
    "mode": lambda it: (it.repo.path / "a.txt").chmod(0o755),
    "inputs": lambda it: it.repo.write("rules.txt", "alpha\n"),
    "tool": lambda it: it.set(own="alpha"),
    "command": lambda it: it.set(options="--also alpha"),
    "configuration": lambda it: it.set(hook_env="env = { FORBID = 'alpha' }"),
    "environment": lambda it: it.env.update(FORBID="alpha"),
}


@pytest.mark.parametrize("bulk", [False, True], ids=["read", "from the index"])
@pytest.mark.parametrize("edit", EDITS)
def test_every_kind_of_edit_is_noticed(tmp_path, monkeypatch, edit, bulk):
    monkeypatch.setattr(contents, "FEW", 0 if bulk else 150)
    sequence = Sequence(Repo.init(tmp_path / "repo", isolated_env(tmp_path)), 0)
    sequence.repo.write("rules.txt", "beta exec\n")
    sequence.repo.write("a.txt", "alpha\n")
    sequence.repo.add()
    sequence.ask_for_all()
    for _ in range(2):
        assert sequence.verdicts(no_cache=False)["outside"][0] == "passed"
    assert sequence.spared
    EDITS[edit](sequence)
    assert sequence.verdicts(no_cache=False)["outside"][0] == "failed"
