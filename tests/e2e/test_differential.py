"""gitseq and pre-commit, each on its own copy of the same repository: the same hooks, files and verdicts.

What is different on purpose is argued in docs/explanation/pre-commit.md, and left out in `differential.differences`.
"""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.support import differential
from tests.support.repo import isolated_env

SHORT = range(1000, 1020)
LONG = range(420)


def play(seeds, tmp_path: Path) -> "Counter[str]":
    """Play the seeds; fails with everything about the cases in which the two differ."""
    environment = {**isolated_env(tmp_path / "home"), "PRE_COMMIT_HOME": str(tmp_path / "store")}
    situations: Counter[str] = Counter()
    reports = []
    for seed in seeds:
        case = differential.make(seed)
        theirs, ours = differential.play(case, tmp_path / str(seed), environment)
        shutil.rmtree(tmp_path / str(seed))
        assert theirs.code != differential.CRASHED, theirs.said
        situations[case.situation] += 1
        found = differential.differences(case, theirs, ours)
        if found:
            reports.append(differential.report(case, theirs, ours, found))
    assert not reports, f"{len(reports)} of {len(seeds)} differ\n" + "\n".join(reports[:5])
    return situations


@pytest.mark.timeout(300)
def test_a_few_random_configurations_run_as_in_pre_commit(tmp_path):
    assert len(play(SHORT, tmp_path)) > 2


@pytest.mark.campaign
def test_hundreds_of_random_configurations_run_as_in_pre_commit(tmp_path):
    situations = play(LONG, tmp_path)
    assert situations.total() == len(LONG)
    assert set(situations) == {"commit", "push", "run", "merge", "unmerged", "unstaged-config"}


def test_a_difference_would_be_seen(tmp_path):
    """Without this, a comparison that saw nothing would pass everything above."""
    environment = {**isolated_env(tmp_path / "home"), "PRE_COMMIT_HOME": str(tmp_path / "store")}
    case = next(case for case in map(differential.make, range(100)) if case.situation == "run" and not case.env)
    theirs, ours = differential.play(case, tmp_path / "case", environment)
    assert ours.verdicts
    assert not differential.differences(case, theirs, ours)
    name = next(iter(ours.verdicts))
    assert differential.differences(case, theirs, ours._replace(verdicts={**ours.verdicts, name: "Other"}))
    assert differential.differences(case, theirs, ours._replace(code=1 - bool(ours.code)))
    assert differential.differences(case, theirs, ours._replace(calls={"9": ()}))
    assert differential.differences(case, theirs, ours._replace(after={**ours.after, "index": b"other"}))
