"""The monitor's picture: a value in, lines out, on any screen."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from gitseq.core.history import Current, Past
from gitseq.core.queueing import IN_FORCE, Holder, Waiter
from gitseq.engine.watch import Machine, Orphan, Process, Running, Sight
from gitseq.ui.monitor import ASCII, UNICODE, picture, share

GIB = 1 << 30
NOW = 1_000_000.0


def process(pid: int, depth: int, command: str, memory: int = 90 << 20) -> Process:
    return Process(pid, depth, 12.4, 0.97, memory, command)


def busy(**changes: object) -> Sight:
    """A hook with a tree, three waiters, an orphan, three endings."""
    holder = Holder(4711, "pre-commit", b"/home/me/project", NOW - 14, "box", IN_FORCE, "nonce")
    current = Current("run", "pre-commit", ("ruff", "pytest"), "pytest", NOW - 12, 600.0, 2 * GIB, 64)
    tree = (
        process(4712, 0, "python -m pytest"),
        process(4720, 1, "python -c worker one", 700 << 20),
        process(4721, 1, "sh -c 'make fixtures'", 1 << 20),
        process(4722, 2, "make fixtures", 2 << 20),
    )
    return Sight(
        NOW,
        b"/home/me/project",
        "repo",
        Machine((1.5, 0.75, 0.25), 8, 10 * GIB, 16 * GIB),
        Running(holder, True, current, 12.4, 12.4, 1300 << 20, tree),
        tuple(Waiter(n, 4800 + n, f"exec {n}", b"/home/me/other", NOW - 30 * n) for n in (1, 2, 3)),
        (Orphan(4600, 4 << 20, "token", "sleep 300"),),
        (
            Past(NOW - 20, "passed", "ruff", "pre-commit", "", 0.3, 30 << 20),
            Past(NOW - 90, "failed", "pytest", "pre-commit", "killed: tree used 2.1 GiB > cap 2 GiB", 61.0, 2 * GIB),
            Past(NOW - 4000, "refused", "", "pre-commit", "the index is locked by somebody else"),
        ),
    ).replace(**changes)


def shown(sight: Sight, columns: int = 80, lines: int = 24, **how: object) -> "list[str]":
    return [row.plain.rstrip() for row in picture(sight, columns, lines, **how)]  # type: ignore[arg-type]


AT_80 = """\
gitseq monitor  /home/me/project                                        13:46:40
memory ####........ 10 GiB of 16 GiB free   load 1.5 0.8 0.2 on 8     scope repo
-- Running ---------------------------------------------------------------------
  pytest (2 of 2), pre-commit                                           pid 4711
  time   ............ 12s of 10m
  memory ########.... 1.3 GiB of 2 GiB   processes 4 of 64
      PID   elapsed    cpu     memory  command
     4712       12s    97%     90 MiB  python -m pytest
     4720       12s    97%    700 MiB  ` python -c worker one
     4721       12s    97%      1 MiB  ` sh -c 'make fixtures'
     4722       12s    97%      2 MiB    ` make fixtures
-- Waiting: 3 ------------------------------------------------------------------
   1.      30s  exec 1 in /home/me/other                                pid 4801
   2.       1m  exec 2 in /home/me/other                                pid 4802
   3.   1m 30s  exec 3 in /home/me/other                                pid 4803
-- Left behind by dead runs: 1 -------------------------------------------------
     4600      4 MiB  by token   sleep 300
-- Lately ----------------------------------------------------------------------
   20s ago  passed  ruff  pre-commit  300ms  30 MiB
    1m ago  failed  pytest  pre-commit  1m 1s  2 GiB  killed: tree used 2.1 GiB
    1h ago  refused pre-commit  the index is locked by somebody else


q quit   c cancel   k kill   o end what is left behind"""


def test_80_by_24_in_ascii(monkeypatch):
    monkeypatch.setattr(time, "localtime", time.gmtime)
    assert shown(busy(), signs=ASCII) == AT_80.split("\n")


def test_120_by_40_has_room_for_all_of_a_line(monkeypatch):
    monkeypatch.setattr(time, "localtime", time.gmtime)
    lines = shown(busy(), 120, 40)
    assert len(lines) == 40
    assert lines[0] == "gitseq monitor  /home/me/project".ljust(112) + "13:46:40"
    assert lines[4] == "  time   " + "░" * 20 + " 12s of 10m"
    assert lines[8] == "     4720       12s    97%    700 MiB  └ python -c worker one"
    assert "   1m ago  failed  pytest  pre-commit  1m 1s  2 GiB  killed: tree used 2.1 GiB > cap 2 GiB" in "\n".join(
        lines
    )


def test_nothing_going_on_is_said():
    quiet = busy(running=None, waiting=(), orphans=(), recent=())
    lines = shown(quiet, signs=ASCII)
    assert lines[2].startswith("-- Running ---")
    assert lines[3] == "  nothing"
    assert lines[4].startswith("-- Waiting: nobody ---")
    assert not any("Left behind" in line or "Lately" in line for line in lines)


def test_a_message_takes_the_place_of_the_keys():
    assert shown(busy(), message="End it? y/n")[-1] == "End it? y/n"


def test_a_crowd_is_cut_and_counted():
    crowd = busy(waiting=tuple(Waiter(n, n, "x", b"/w", NOW) for n in range(1, 60)))
    lines = shown(crowd)
    cut = next(line for line in lines if "... and" in line)
    listed = sum("x in /w" in line for line in lines)
    assert cut.split() == ["...", "and", str(59 - listed), "more"]
    assert any("Lately" in line for line in lines), "the last section has its place all the same"


def test_a_holder_elsewhere_a_stranger_and_a_bare_lease_are_told():
    running = busy().running
    assert running is not None
    far = running.replace(visible=False, processes=(), current=None)
    assert any("on box, where its processes cannot be seen" in line for line in shown(busy(running=far)))
    stranger = far.replace(holder=Holder(0, "", b"", 0.0, "", ""))
    assert any("another program holds the lock file" in line for line in shown(busy(running=stranger)))
    bare = running.replace(current=None)
    assert any(line.strip() == "time   12s" for line in shown(busy(running=bare)))


def test_hits_of_the_ledger_are_shown_only_where_there_are_any():
    assert not any("passed before" in line for line in shown(busy()))
    assert any("75 of 100 files, 75 %" in line for line in shown(busy(cached=75, files=100)))


def test_control_characters_do_not_reach_the_terminal():
    evil = Past(NOW, "failed", "x\x1b[2Jy", "s", "\x07bell")
    lines = "".join(shown(busy(recent=(evil,), top=b"/a\n\x1b[2J\xff")))
    assert "\x1b" not in lines
    assert "\x07" not in lines


words = st.text(max_size=200)
sights = st.builds(
    lambda waiting, recent, command, top, problem: busy(
        top=top,
        problem=problem,
        waiting=tuple(Waiter(n + 1, n, what, b"/w", NOW) for n, what in enumerate(waiting)),
        recent=tuple(Past(NOW, "failed", what, "s", what) for what in recent),
        running=busy().running.replace(processes=tuple(process(n, n % 7, command) for n in range(len(waiting)))),  # type: ignore[union-attr]
    ),
    st.lists(words, max_size=40),
    st.lists(words, max_size=40),
    words.map(lambda text: text.encode("unicode_escape").decode()),
    st.binary(max_size=100),
    st.sampled_from(["", "a problem"]),
)


@given(sights, st.integers(1, 200), st.integers(1, 70), st.sampled_from([ASCII, UNICODE]))
@settings(max_examples=60, deadline=None)
def test_any_sight_fills_any_screen_exactly(sight, columns, lines, signs):
    rows = picture(sight, columns, lines, signs)
    assert len(rows) == lines
    assert all(row.cell_len <= columns for row in rows)
    assert not any("\n" in row.plain for row in rows)


@given(st.integers(0, 80), st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=6))
def test_room_is_shared_without_giving_more_than_there_is_or_is_wanted(room, sections):
    wanted, least = [max(pair) for pair in sections], [min(pair) for pair in sections]
    rooms = share(room, wanted, least)
    assert sum(rooms) <= room
    assert all(given_ == 0 or low <= given_ <= high for given_, low, high in zip(rooms, least, wanted, strict=True))
    if sum(rooms) < room:
        assert all(given_ in (0, high) for given_, high in zip(rooms, wanted, strict=True))
