"""Random kills of holders and waiters: no overlap, no inversion, nothing left that blocks."""

import pytest

from tests.support.queue_stress import Outcome, campaign


def sound(outcome: Outcome) -> None:
    assert outcome.overlaps == []
    assert outcome.inversions == 0
    assert outcome.left == []
    assert outcome.recovery < 2


def test_random_kills_cause_no_overlap_and_no_inversion(tmp_path):
    outcome = campaign(tmp_path, processes=12, seconds=6, seed=20261121, pace=0.1)
    sound(outcome)
    assert outcome.entries > 50
    assert outcome.kills > 20
    assert outcome.kills_inside > 0


@pytest.mark.campaign
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_processes_for_a_minute_each_seed(tmp_path, seed):
    outcome = campaign(tmp_path, processes=30, seconds=60, seed=seed, pace=0.02)
    print(outcome)
    sound(outcome)
    assert outcome.kills > 500
    assert outcome.kills_inside > 100
