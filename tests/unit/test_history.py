"""What the lines of the journal add up to."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gitseq.core.history import MOST_RECENT, History, fold

RUN = {"run": "r1", "pid": 7, "stage": "pre-commit", "worktree": "/w"}


def folded(*events: "dict[str, object]") -> History:
    history = History()
    for number, event in enumerate(events):
        history = fold(history, {"time": 100.0 + number, **RUN, **event})
    return history


STARTED = {"event": "run", "hooks": ["a", "b"]}
HOOK = {"event": "hook-start", "hook": "b", "timeout": 60.0, "memory": 1000, "processes": 5}


def test_a_hook_runs_from_its_start_to_its_end():
    current = folded(STARTED, HOOK).runs[7, "/w"]
    assert (current.hook, current.hooks, current.began) == ("b", ("a", "b"), 101.0)
    assert (current.timeout, current.memory, current.processes) == (60.0, 1000, 5)
    assert folded(STARTED, HOOK, {"event": "hook-end", "hook": "b", "status": "passed"}).runs[7, "/w"].hook == ""
    assert folded(STARTED, HOOK, {"event": "end"}).runs == {}


def test_caps_that_an_older_version_did_not_write_are_none():
    current = folded(STARTED, {"event": "hook-start", "hook": "b"}).runs[7, "/w"]
    assert (current.timeout, current.memory, current.processes) == (None, None, None)


def test_a_hook_that_is_held_back_for_memory_is_so_until_it_starts():
    held = folded(STARTED, {"event": "gate", "hook": "b"}, {"event": "notice", "level": "info", "text": "x"})
    assert held.runs[7, "/w"].awaits_memory == "b"
    assert folded(STARTED, {"event": "gate", "hook": "b"}, HOOK).runs[7, "/w"].awaits_memory == ""


def test_endings_are_told_newest_first_with_the_one_thing_one_wants_to_know():
    history = folded(
        {"event": "hook-end", "hook": "a", "status": "passed", "duration": 1.5, "peak_memory": 10},
        {"event": "hook-end", "hook": "s", "status": "skipped", "reason": "no files to check"},
        {"event": "hook-end", "hook": "b", "status": "failed", "reasons": ["killed: tree used 2 GiB"]},
        {"event": "hook-end", "hook": "c", "status": "failed", "exit_code": 3},
        {"event": "hook-end", "hook": "d", "status": "failed", "modified": ["x", "y"]},
        {"event": "exec-end", "argv": ["make", "test"], "exit_code": 124, "killed": "timeout"},
        {"event": "notice", "level": "info", "text": "nothing"},
        {"event": "notice", "level": "warning", "text": "ended what a dead run left: PID 3"},
        {"event": "refusal", "exit_code": 3, "problem": ["the index is locked"]},
        {"event": "refusal", "exit_code": 143, "problem": ["ended by signal 15"]},
    )
    assert [(one.word, one.what, one.detail) for one in history.recent] == [
        ("stopped", "", "ended by signal 15"),
        ("refused", "", "the index is locked"),
        ("warning", "", "ended what a dead run left: PID 3"),
        ("failed", "make test", "killed: timeout"),
        ("failed", "d", "changed 2 files"),
        ("failed", "c", "exit code 3"),
        ("failed", "b", "killed: tree used 2 GiB"),
        ("passed", "a", ""),
    ]


def test_the_hit_rate_counts_the_endings_that_say():
    history = folded(
        {"event": "hook-end", "hook": "a", "status": "passed", "files": 10, "cached": 4},
        {"event": "hook-end", "hook": "b", "status": "passed", "files": 90},
        {"event": "hook-end", "hook": "c", "status": "passed", "files": 5, "cached": 5},
    )
    assert (history.cached, history.files) == (9, 15)


def test_what_is_remembered_is_bounded():
    many = [{"event": "run", "pid": pid, "hooks": []} for pid in range(500)]
    many += [{"event": "hook-end", "hook": "a", "status": "passed"} for _ in range(500)]
    history = folded(*many)
    assert len(history.runs) <= 50
    assert (499, "/w") in history.runs
    assert len(history.recent) == MOST_RECENT


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
names = ["run", "end", "hook-start", "hook-end", "hook-revised", "exec-end", "notice", "gate", "refusal"]
fields = [
    "pid",
    "hooks",
    "hook",
    "time",
    "reasons",
    "problem",
    "exit_code",
    "argv",
    "level",
    "cached",
    "files",
    "status",
]


@given(
    st.lists(
        st.builds(
            lambda name, rest: {"event": name, **rest},
            st.sampled_from(names),
            st.dictionaries(st.sampled_from(fields), values),
        )
    )
)
@settings(max_examples=40, deadline=None)
def test_no_line_of_another_version_is_too_odd(events):
    history = History()
    for event in events:
        history = fold(history, event)
