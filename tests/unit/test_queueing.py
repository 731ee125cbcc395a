"""The queue's decisions."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import queueing
from gitseq.core.queueing import Facts, Held, Holder, LeaseRecord, Owner, Wait, Waiting

ME = Owner(100, 5000, "boot", "host", "pid:[1]", 1000)
LEASE = LeaseRecord("n1", ME, "pre-commit", b"/tree", 1000.0, 49.999, 0, "repo", (1, 2, 3), 7)
HELD = Facts(lock_held=True, place=(1, 2, 3), boot="boot", host="host", pid_ns="pid:[1]", start_now=5000)

# --- what a record is worth


def test_a_record_counts_while_lock_pid_start_boot_and_place_agree():
    assert queueing.judge(LEASE, HELD) == queueing.IN_FORCE


def test_each_fact_that_disagrees_takes_the_record_s_worth():
    judge = queueing.judge
    assert judge(LEASE, HELD.replace(lock_held=False)) == queueing.DEAD
    assert judge(LEASE, HELD.replace(start_now=0)) == queueing.DEAD
    assert judge(LEASE, HELD.replace(start_now=5001)) == queueing.DEAD
    assert judge(LEASE, HELD.replace(boot="later")) == queueing.REBOOTED
    assert judge(LEASE, HELD.replace(place=(1, 9, 3))) == queueing.COPIED
    assert judge(LEASE, HELD.replace(place=(9, 2, 3))) == queueing.COPIED


def test_an_owner_whose_lock_file_was_removed_still_counts():
    assert queueing.judge(LEASE, HELD.replace(lock_held=False, place=(1, 2, 4))) == queueing.ORPHANED


def test_a_process_that_cannot_be_seen_is_judged_by_the_lock_alone():
    for elsewhere in (HELD.replace(host="other"), HELD.replace(pid_ns="pid:[2]")):
        assert queueing.judge(LEASE, elsewhere.replace(start_now=0)) == queueing.ELSEWHERE
        assert queueing.judge(LEASE, elsewhere.replace(lock_held=False)) == queueing.DEAD


# --- order


@given(st.lists(st.integers(1, 10**12), unique=True), st.integers(1, 10**12))
def test_the_predecessor_is_the_highest_ticket_below_ours(numbers, mine):
    expected = max([number for number in numbers if number < mine], default=0)
    assert queueing.predecessor(sorted(numbers), mine) == expected


@given(st.lists(st.integers(1, 10**12), unique=True), st.integers(0, 10**15), st.binary(max_size=30))
def test_a_new_ticket_is_higher_than_every_other_whatever_the_gate_says(numbers, last, torn):
    numbers.sort()
    assert queueing.next_ticket(queueing.gate_text(last), numbers) == max([last, *numbers]) + 1
    assert queueing.next_ticket(torn, numbers) > (numbers[-1] if numbers else 0)


@given(st.integers(1, 10**15), st.integers(0, 20))
def test_a_cut_off_gate_is_never_taken_for_a_smaller_number(number, length):
    assert queueing.next_ticket(queueing.gate_text(number)[:length], [5]) == 6
    assert queueing.next_ticket(b"%d\n" % number, [5]) == 6  # of another width


def test_only_ticket_names_are_tickets():
    assert queueing.tickets(
        ["t.10", "t.9", "gate", "lock", "t.", "t.x", "t.-1", "t.0", "w.3", "t.1.tmp", "t.\u0663"]
    ) == [9, 10]


@given(st.lists(st.integers(1, 50), unique=True, min_size=1), st.data())
def test_positions_count_the_waiting_and_not_the_holder(numbers, data):
    numbers.sort()
    mine = data.draw(st.sampled_from(numbers))
    holding = data.draw(st.sampled_from([0, *[number for number in numbers if number < mine]]))
    place, total = queueing.position(numbers, mine, holding)
    assert 1 <= place <= total == len(numbers) - (holding != 0)
    assert queueing.position(numbers, mine, mine) == (numbers.index(mine) + 1, len(numbers))


# --- token

held = st.builds(
    Held,
    st.text("0123456789abcdef", min_size=1, max_size=32),
    st.integers(0, 9999),
    st.binary(max_size=40).map(lambda path: b"/" + path.replace(b"\0", b"")),
)


@given(st.lists(held, min_size=1, max_size=4))
def test_a_token_says_what_was_put_into_it_and_is_plain_text(leases):
    text = queueing.token_text(leases)
    assert queueing.parse_token(text) == tuple(leases)
    assert text.isascii()
    assert not set(text) & set(b" \t\n\"'$`\\*?;&|<>()")


@given(st.binary(max_size=60))
def test_no_bytes_at_all_make_a_token_raise(text):
    queueing.parse_token(text)


def test_a_token_that_names_no_absolute_folder_speaks_of_nothing():
    assert queueing.parse_token(b"n1,0,/r/.git/gitseq") == (Held("n1", 0, b"/r/.git/gitseq"),)
    assert queueing.parse_token(b"n1,0,r/.git/gitseq") == ()


@pytest.mark.parametrize("text", [b"n-1,0,/r", b"n1,x,/r", b"n1,10000,/r", b"n1,-1,/r", b"n1,0,/r:n2,0", b"n1,0,/%zz"])
def test_a_token_with_a_part_that_means_nothing_speaks_of_nothing(text):
    assert queueing.parse_token(text) == ()


@given(st.lists(held, min_size=1, max_size=2), st.data())
def test_a_cut_off_token_is_no_token_or_a_shorter_one(leases, data):
    text = queueing.token_text(leases)
    for one in queueing.parse_token(text[: data.draw(st.integers(0, len(text)))]):
        assert one.state_dir.startswith(b"/")


# --- inside


def test_inside_is_who_was_started_by_the_owner_after_it_got_the_lease():
    owner = (ME.pid, ME.start)
    assert queueing.runs_inside(LEASE, [(300, 5200), (200, 4999), owner, (1, 1)], 100)
    assert not queueing.runs_inside(LEASE, [(300, 5200), (200, 4998), owner, (1, 1)], 100)  # started before the lease
    assert not queueing.runs_inside(LEASE, [(300, 5200), (200, 5100), (100, 5001), (1, 1)], 100)  # a recycled pid
    assert not queueing.runs_inside(LEASE, [(300, 5200), (1, 1)], 100)
    assert not queueing.runs_inside(LEASE, [owner, (1, 5300)], 100)  # the owner itself, on a clock that was set back
    assert not queueing.runs_inside(LEASE, [], 100)


# --- circles


def wait(inside: bytes, target: bytes, pid: int = 1, since: float = 1.0) -> Wait:
    return Wait(inside, target, ME.replace(pid=pid), "what", since)


def test_a_circle_is_found_over_any_number_of_places():
    for length in range(1, 8):
        places = [b"/%d" % n for n in range(length)]
        waits = [wait(place, places[(n + 1) % length], n) for n, place in enumerate(places)]
        known = {one.inside: (one,) for one in waits}
        found = queueing.circle(waits[0], known)
        assert found == (tuple(waits) if length > 1 else (waits[0], waits[0]))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12), st.integers(0, 5), st.integers(0, 5))
def test_what_is_found_is_a_circle_and_none_is_missed(edges, inside, target):
    known: dict[bytes, tuple[Wait, ...]] = {}
    for pid, (start, end) in enumerate(edges):
        known[b"/%d" % start] = (*known.get(b"/%d" % start, ()), wait(b"/%d" % start, b"/%d" % end, pid))
    mine = wait(b"/%d" % inside, b"/%d" % target, 99)
    found = queueing.circle(mine, known)
    reachable, ahead = set(), [target]
    while ahead:
        place = ahead.pop()
        if place not in reachable:
            reachable.add(place)
            ahead += [end for start, end in edges if start == place]
    returns = any(start in reachable and end == inside for start, end in edges)
    assert bool(found) == returns
    if found:
        assert found[0] == mine
        assert all(before.target == after.inside for before, after in pairwise(found))
        assert found[-1].target == mine.inside


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(1, 9)), min_size=2, max_size=6, unique=True))
def test_of_a_circle_exactly_one_gives_way(moments):
    waits = tuple(wait(b"/a", b"/b", pid, since) for since, pid in moments)
    each_sees = [(*waits[n:], *waits[:n]) for n in range(len(waits))]  # its own first
    assert sum(queueing.closes(seen[0], seen) for seen in each_sees) == 1


# --- words


def test_a_wait_is_told_with_position_holder_and_time():
    holder = Holder(123, "pre-push", b"/tree", 1000.0, "host", queueing.IN_FORCE)
    told = queueing.describe_wait(Waiting(holder, 3, 7, 2.0), 1012.0)
    assert told == "position 3 of 7; pid 123 has been running pre-push for 12s in /tree"
    assert queueing.describe_wait(Waiting(None, 0, 0, 2.0), 0.0).startswith("not in line yet; nobody yet")
    assert queueing.describe(holder.replace(standing=queueing.ELSEWHERE, worktree=b""), 990.0) == (
        "pid 123 on host has been running pre-push for 0s"
    )
    assert "another program" in queueing.describe(Holder(0, "", b"", 0.0, "", ""), 1.0)
    assert "handed over" in queueing.describe(None, 1.0)


def test_a_circle_is_told_line_by_line():
    assert queueing.describe_circle((wait(b"/a", b"/b", 7),)) == "pid 7 (what), inside the lease of /a, waits for /b"
