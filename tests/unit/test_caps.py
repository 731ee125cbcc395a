"""Pure decisions of the cage: when to look, when to convict, how to tell."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gitseq.core import caps
from gitseq.core.caps import Held, Hit, Measured, Reading

MIB = 1 << 20
SIZES = st.integers(min_value=64 * MIB, max_value=8 << 30)


@settings(deadline=None)
@given(cap=SIZES, base=st.floats(0, 0.9), speed=st.floats(1e8, 1e9), phase=st.floats(0, 1))
def test_an_allocator_of_up_to_a_gigabyte_a_second_is_seen_before_a_quarter_too_much(
    cap: int, base: float, speed: float, phase: float
) -> None:
    """Simulated: calm at `base` of the cap, then growing at `speed` from any moment between two looks."""
    cost = 0.0002
    now, held = 0.0, int(cap * base)
    before = reading = Reading(now, held, 1, cost)
    growing_since: "float | None" = None
    for _look in range(10_000):
        wait = caps.next_look(before, reading, cap, None) + cost
        if growing_since is None:
            growing_since = now + wait * phase
        now += wait
        held = int(cap * base + max(0.0, now - growing_since) * speed)
        before, reading = reading, Reading(now, held, 1, cost)
        if held >= cap:
            break
    assert cap <= held <= cap * 1.25 + speed * cost


@given(cap=SIZES, used=st.floats(0, 0.45), count=st.integers(1, 500), cost=st.floats(1e-5, 0.02))
def test_watching_a_calm_tree_takes_less_than_a_hundredth_of_a_core(
    cap: int, used: float, count: int, cost: float
) -> None:
    reading = Reading(1.0, int(cap * used), count, cost)
    wait = caps.next_look(reading.replace(at=0.5), reading, cap, 1000)
    assert cost <= wait * 0.0101
    assert wait <= caps.LATEST_COSTLY + 0.001


@given(born=st.integers(1, 5000), cap=st.integers(8, 4096))
def test_a_tree_that_multiplies_is_looked_at_before_it_doubles_the_way_to_its_cap(born: int, cap: int) -> None:
    before, now = Reading(0.0, MIB, 1, 1e-5), Reading(0.02, MIB, 1 + min(born, cap - 1), 1e-5)
    rate = (now.count - before.count) / 0.02
    if rate > cap / 10:
        wait = caps.next_look(before, now, None, cap)
        assert now.count + rate * wait <= max(cap, now.count + rate * caps.SOONEST) + 1


process = st.tuples(st.integers(1, 30), st.just(1))
looks = st.dictionaries(process, st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=8)


@given(seen=looks)
def test_without_a_measurement_the_bound_is_what_is_resident(
    seen: "dict[tuple[int, int], tuple[int, int]]",
) -> None:
    assert caps.upper_bound(None, seen, 4096) == sum(size for size, _faults in seen.values())


@given(parent=st.integers(0, 10_000), children=st.integers(1, 8), copied=st.integers(0, 80_000))
def test_the_bound_never_falls_below_what_copies_after_fork_really_take(
    parent: int, children: int, copied: int
) -> None:
    """Children share all pages of their parent; each copied page is a fault, and no resident size changes."""
    page = 4096
    base_seen = {(pid, 1): (parent * page, 0) for pid in range(children + 1)}
    base = Measured(0.0, parent * page, 0.1, base_seen)
    each = min(copied // children, parent)
    now = {(pid, 1): (parent * page, each if pid else 0) for pid in range(children + 1)}
    really = parent * page + each * children * page
    assert caps.upper_bound(base, now, page) >= min(really, parent * page * (children + 1))


def test_a_growth_seen_by_residence_alone_counts_too() -> None:
    base = Measured(0.0, 100, 0.1, {(1, 1): (100, 5)})
    assert caps.upper_bound(base, {(1, 1): (160, 5)}, 4096) == 160
    assert caps.upper_bound(base, {(1, 1): (100, 5), (2, 1): (40, 0)}, 4096) == 140


def test_suspicion_below_the_threshold_is_never_worth_measuring() -> None:
    assert not caps.worth_measuring(99, 100, None, 5.0)
    assert caps.worth_measuring(100, 100, None, 5.0)


def test_a_slow_measurement_is_not_repeated_at_once_unless_much_is_at_stake() -> None:
    base = Measured(5.0, 90, 0.4, {})
    assert not caps.worth_measuring(100, 100, base, 6.0)
    assert caps.worth_measuring(100, 100, base, 9.0)
    assert caps.worth_measuring(120, 100, base, 6.0)


def test_who_grows_after_term_gets_no_more_grace() -> None:
    hit = Hit("memory", 100, 110, 3)
    assert not caps.worsens(hit, Reading(0.0, 115, 3, 0.0))
    assert caps.worsens(hit, Reading(0.0, 130, 3, 0.0))
    bomb = Hit("processes", 32, 40, 40)
    assert not caps.worsens(bomb, Reading(0.0, 0, 40, 0.0))
    assert caps.worsens(bomb, Reading(0.0, 0, 41, 0.0))
    assert not caps.worsens(Hit("timeout", 1, 1), Reading(0.0, 1 << 40, 4000, 0.0))


# --- words

LARGEST = Held(20828, b".../alloc 2000 4 0 3", 229 * MIB)


def test_a_memory_kill_names_cap_peak_and_the_largest_process() -> None:
    hit = Hit("memory", 256 * MIB, 270 * MIB, 3, LARGEST, ended=3)
    used, held = "killed: tree used 270 MiB > cap 256 MiB (3 processes)", "most held by PID 20828 (229 MiB)"
    assert caps.lines(hit, "ruff") == [
        f"{used}; {held} '.../alloc 2000 4 0 3'",
        'to allow more: `memory = "540MiB"` in the table of hook "ruff"',
    ]


def test_a_kill_by_the_kernel_is_told_as_such() -> None:
    hit = Hit("memory", 256 * MIB, 256 * MIB, 3, by_kernel=1, ended=3)
    assert caps.lines(hit, "x")[0] == (
        "killed: tree reached the memory cap 256 MiB (kernel, used 256 MiB in 3 processes)"
    )
    assert caps.lines(hit.replace(ended=0), "x")[0] == (
        "failed: the kernel killed 1 process of it at the memory cap 256 MiB"
    )


def test_a_process_cap_is_told_in_processes() -> None:
    told = caps.lines(Hit("processes", 64, 96, 96, ended=96), "x")
    assert told == ["killed: 96 processes > cap 64", 'to allow more: `processes = 128` in the table of hook "x"']
    assert caps.lines(Hit("processes", 64, 64, refused=28), "x")[0] == "failed: process cap 64 was hit 28 times"


def test_a_timeout_is_told_in_time() -> None:
    told = caps.lines(Hit("timeout", 90, 90.1, 3, ended=3), "x")
    assert told == [
        "timeout: ran longer than 1m 30s, 3 processes killed",
        'to allow more: `timeout = "3m"` in the table of hook "x"',
    ]


def test_the_end_of_the_runs_time_points_at_the_run() -> None:
    told = caps.lines(Hit("run_timeout", 12, 12, 1, ended=1), "x")
    assert told[0] == "timeout: the time of the whole run ended 12s into this hook, 1 process killed"
    assert "run_timeout" in told[1]


@given(command=st.binary(max_size=600))
def test_a_command_line_is_one_printable_line_of_bounded_length(command: bytes) -> None:
    text = caps.printable(command)
    assert text.isprintable()
    assert len(text) <= 200
