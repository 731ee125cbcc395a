"""Events as runs, and what runs tell together."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import runs, stats
from gitseq.core.columns import aligned
from gitseq.core.journalschema import EVENTS
from gitseq.ui import logs
from gitseq.ui.logs import Screen


class Journal:
    """Makes events of one run, a second apart."""

    clock = itertools.count(1_000_000)

    def __init__(self, run: str, stage: str = "pre-commit") -> None:
        self.common = {"v": 1, "run": run, "pid": 7, "stage": stage, "worktree": "/tree"}
        self.events: list[dict[str, object]] = []

    def tell(self, event: str, **fields: object) -> "Journal":
        self.events.append({**self.common, "time": next(self.clock), "event": event, **fields})
        return self

    def hook(self, name: str, status: str = "passed", **fields: object) -> "Journal":
        self.tell("hook-start", hook=name, argv=["x"], files=1, input=fields.pop("input", ""))
        return self.tell("hook-end", hook=name, status=status, **{"duration": 1.0, **fields})

    def end(self, code: int = 0, **fields: object) -> "Journal":
        return self.tell("end", exit_code=code, **{"duration": 5.0, **fields})


def of(*journals: Journal) -> "list[runs.Run]":
    return runs.group(event for journal in journals for event in journal.events)


def alive(_pid: int, _moment: float) -> bool:
    return True


def dead(_pid: int, _moment: float) -> bool:
    return False


def test_events_of_runs_that_were_written_at_the_same_time_come_apart():
    one, two = Journal("one"), Journal("two")
    one.tell("grant", what="pre-commit")
    two.tell("grant", what="run pre-commit")
    one.hook("a")
    two.hook("b", "failed")
    one.end()
    two.end(1)
    mixed = sorted([*one.events, *two.events], key=lambda event: event["time"])
    first, second = runs.group(mixed)
    assert ([hook.id for hook in first.hooks], first.what, first.failed_hooks) == (["a"], "pre-commit", [])
    assert ([hook.id for hook in second.hooks], second.failed_hooks) == (["b"], ["b"])


@pytest.mark.parametrize(
    ("code", "stage", "problem", "word"),
    [
        (0, "pre-commit", [], "passed"),
        (1, "pre-commit", [], "failed"),
        (3, "pre-commit", ["locked"], "refused"),
        (75, "pre-commit", ["gave up"], "gave up"),
        (130, "pre-commit", ["interrupted"], "stopped"),
        (3, "exec", [], "failed"),
        (3, "exec", ["locked"], "refused"),
        (130, "exec", [], "failed"),
    ],
)
def test_a_run_that_ended_has_a_word_for_how(code, stage, problem, word):
    journal = Journal("x", stage)
    if problem:
        journal.tell("refusal", exit_code=code, problem=problem)
    (run,) = of(journal.end(code))
    assert runs.verdict(run, dead) == word


def test_a_run_without_an_end_is_running_or_died():
    (run,) = of(Journal("x").tell("grant", what="x"))
    assert (runs.verdict(run, alive), runs.verdict(run, dead)) == ("running", "died")


def test_a_revision_replaces_the_verdict_of_the_last_hook_of_that_id():
    journal = Journal("x").hook("a", "failed").hook("a").hook("b")
    journal.tell("hook-revised", hook="a", status="failed", modified_count=2)
    (run,) = of(journal)
    assert [(hook.id, hook.status) for hook in run.hooks] == [("a", "failed"), ("a", "failed"), ("b", "passed")]
    assert [hook.fields.get("modified_count") for hook in run.hooks] == [None, 2, None]


def test_a_hook_that_has_not_ended_is_running_and_a_skipped_one_was_never_started():
    journal = Journal("x").tell("hook-end", hook="s", status="skipped")
    (run,) = of(journal.tell("hook-start", hook="r"))
    assert [(hook.id, hook.status) for hook in run.hooks] == [("s", "skipped"), ("r", "running")]


def test_waiting_is_no_part_of_how_long_a_run_took():
    (run,) = of(Journal("x").tell("grant", what="x", waited=4.0).end(duration=5.0))
    assert (run.waited, run.duration) == (4.0, 1.0)


def test_a_pass_at_a_retry_is_flaky():
    journal = Journal("x").tell("hook-start", hook="a").tell("hook-retry", hook="a", status="failed", attempt=1)
    (found,) = stats.of_hooks(of(journal.tell("hook-end", hook="a", status="passed", duration=1.0)))
    assert (found.runs, found.failures, found.flaky) == (1, 0, 1)


def test_a_pass_after_a_failure_on_the_same_input_is_flaky_and_on_another_it_is_not():
    flaky = [Journal(str(n)).hook("a", status, input="i") for n, status in enumerate(("failed", "passed", "passed"))]
    (found,) = stats.of_hooks(of(*flaky))
    assert (found.failures, found.flaky) == (1, 1)
    helped = [Journal(str(n)).hook("a", status, input=status) for n, status in enumerate(("failed", "passed"))]
    (found,) = stats.of_hooks(of(*helped))
    assert found.flaky == 0
    unknown = [Journal(str(n)).hook("a", status) for n, status in enumerate(("failed", "passed"))]
    (found,) = stats.of_hooks(of(*unknown))
    assert found.flaky == 0


def test_hooks_are_ranked_by_all_the_time_they_took_and_kills_are_counted():
    one = Journal("1").hook("slow", duration=3.0, peak_memory=5).hook("fast", duration=0.1, peak_memory=9)
    two = Journal("2").hook("slow", "failed", duration=9.0).tell("kill", hook="slow", cause="timeout", limit=9)
    slow, fast = stats.of_hooks(of(one, two))
    assert (slow.id, slow.total, slow.median, slow.longest, slow.kills) == ("slow", 12.0, 9.0, 9.0, 1)
    assert (fast.peak_memory, fast.kills) == (9, 0)


def test_totals_count_waiting_for_a_turn_and_for_memory():
    journal = Journal("1").tell("grant", what="x", waited=2.0).tell("gate", hook="a", free=1, wanted=2)
    total = stats.totals(of(journal.hook("a").end(1), Journal("2").hook("a").end()))
    assert (total.runs, total.failed, total.waiting, total.waits, total.gated) == (2, 1, 2.0, 1, 1.0)


# --- as text


def test_a_table_fits_80_columns_whatever_it_holds():
    journal = Journal("x").tell("grant", what="w" * 100).hook("h" * 200, "failed").hook("宽" * 60, "failed").end(1)
    lines = logs.listing(of(journal), dead, Screen())
    assert max(map(logs.words.width, lines)) <= 80
    assert "failed" in lines[1]


def test_columns_that_hold_nothing_are_left_out_and_numbers_stand_right():
    rows = [("name", "n", "empty"), ("a", "1", ""), ("bbb", "22", "")]
    assert aligned(rows, 80, frozenset((1,))) == ["name   n", "a      1", "bbb   22"]


@given(st.lists(st.tuples(st.text(max_size=90), st.text(max_size=90)), min_size=1), st.integers(20, 100))
def test_no_line_is_wider_than_there_is_room(rows, room):
    printable = [tuple(logs.clean(cell) for cell in row) for row in rows]
    assert all(logs.words.width(line) <= room for line in aligned(printable, room))


def test_control_characters_of_the_journal_move_no_cursor():
    journal = Journal("x").tell("notice", level="info", text="\x1b[2Jgone\rback\n").end()
    text = "\n".join(logs.detail(of(journal)[0], b"/nowhere", dead, Screen()))
    assert "\x1b" not in text
    assert "\r" not in text


def test_every_event_of_the_schema_can_be_shown_from_its_fields_or_none_of_them():
    values = {"text": "x", "count": 1, "number": 1.5, "true or false": True, "list of text": ["x"]}
    for name, (_meaning, fields) in EVENTS.items():
        known = {field: values.get(kind, []) for field, kind, _told in fields}
        event = {"time": 1.0, "run": "r", "stage": "s", "event": name, **known}
        assert bool(logs.live(event, Screen())) is (name != "run"), name
        logs.live({"event": name}, Screen())


def test_a_table_without_rows_has_no_lines():
    assert aligned([], 80) == []


def test_columns_are_narrowed_no_further_than_one_can_read():
    assert aligned([("a" * 20, "b" * 20)] * 2, 5) == ["aaaaa...  bbbbb..."] * 2


def test_a_hook_that_was_never_started_has_no_statistics():
    journal = Journal("1").tell("hook-end", hook="a", status="skipped", reason="no files")
    assert stats.of_hooks(of(journal)) == []


def test_a_run_is_found_by_how_its_id_begins():
    both = of(Journal("abc1").end(), Journal("abd2").end())
    assert [run.id for run in runs.one_of(both, "abd")] == ["abd2"]
    assert len(runs.one_of(both, "ab")) == 2
