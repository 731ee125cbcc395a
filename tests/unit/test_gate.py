"""Waiting for memory before a hook starts."""

import signal

import pytest

from gitseq.cage import gate
from gitseq.cage.gate import Gate, wait_for_memory
from gitseq.host import clock, memory, signals


def no_wait(_free: int, _seconds: float) -> None:
    raise AssertionError("there was enough")


def test_with_enough_memory_nobody_waits() -> None:
    waited = wait_for_memory(1, 60.0, no_wait)
    assert waited.enough
    assert waited.available is not None
    assert waited.available > 1
    assert waited.seconds < 1


def test_patience_ends_and_what_was_missing_is_told() -> None:
    told: list[tuple[int, float]] = []
    waited = wait_for_memory(1 << 60, 0.3, lambda free, seconds: told.append((free, seconds)))
    assert not waited.enough
    assert 0.3 <= waited.seconds < 2
    assert told
    assert told[0][0] < 1 << 60


def test_memory_that_comes_free_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    amounts = iter([10, 10, 100])
    monkeypatch.setattr(memory, "available", lambda: next(amounts))
    monkeypatch.setattr(gate, "_STEP", 0.001)
    told: list[int] = []
    waited = wait_for_memory(50, 60.0, lambda free, _seconds: told.append(free))
    assert (waited.enough, waited.available, told) == (True, 100, [10, 10])


def test_plenty_of_a_moment_ago_is_not_asked_for_again_but_for_more_or_later_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    amounts, now = iter([100, 101, 102]), [1.0]
    monkeypatch.setattr(memory, "available", lambda: next(amounts))
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    hooks = Gate()

    def seen(wanted: int, at: float) -> "int | None":
        now[0] = at
        return hooks.wait(wanted, 0.0, no_wait).available

    assert [seen(50, 1.0), seen(50, 1.01), seen(51, 1.011), seen(50, 1.012), seen(50, 1.04)] == [
        100,
        100,
        101,
        101,
        102,
    ]


def test_what_was_too_little_is_asked_for_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    amounts = iter([10, 30, 10])
    monkeypatch.setattr(memory, "available", lambda: next(amounts))
    hooks = Gate()
    enough = [hooks.wait(wanted, 0.0, no_wait).enough for wanted in (20, 20, 6)]
    assert enough == [False, True, True]
    assert list(amounts) == [10]


def test_a_stop_signal_ends_the_wait() -> None:
    with signals.Signals() as noted:
        waited = wait_for_memory(1 << 60, 60.0, lambda _free, _seconds: signal.raise_signal(signal.SIGTERM), noted)
    assert not waited.enough
    assert waited.seconds < 5


def test_where_it_cannot_be_told_it_counts_as_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: None)
    assert wait_for_memory(1 << 60, 60.0, no_wait).enough


def test_the_tightest_enclosing_group_decides(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = [lambda: 5000, lambda: 300, lambda: None]
    monkeypatch.setattr(memory, "_known_limits", rooms)
    assert memory.available() == 300
