import itertools

from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import batch

names = st.lists(st.binary(min_size=1, max_size=40), max_size=60)


def size(argv: list[bytes]) -> int:
    return sum(len(part) + 1 + batch.POINTER for part in argv)


def test_no_files_is_one_call_without_any():
    assert batch.split([b"cmd"], [], 100, -1) == [[b"cmd"]]


def test_a_number_limits_the_files_of_a_call():
    assert batch.split([b"c"], [b"1", b"2", b"3"], 10_000, 2) == [[b"c", b"1", b"2"], [b"c", b"3"]]


def test_a_file_too_long_for_any_call_gets_one_of_its_own():
    assert batch.split([b"c"], [b"a", b"x" * 100, b"b"], 40, -1) == [[b"c", b"a"], [b"c", b"x" * 100], [b"c", b"b"]]


@given(names, st.integers(80, 400), st.integers(-1, 7).filter(bool))
def test_all_files_are_handed_over_once_in_order_and_every_call_fits(files, space, most):
    calls = batch.split([b"cmd", b"--flag"], files, space, most)
    assert [name for argv in calls for name in argv[2:]] == files
    assert all(argv[:2] == [b"cmd", b"--flag"] for argv in calls)
    assert all(size(argv) <= space for argv in calls if len(argv) > 3)
    assert most < 0 or all(len(argv) - 2 <= most for argv in calls)


@given(names.filter(bool), st.integers(120, 400))
def test_no_call_could_have_taken_the_next_ones_first_file(files, space):
    calls = batch.split([b"cmd"], files, space, -1)
    for this, following in itertools.pairwise(calls):
        assert size([*this, following[1]]) > space


def test_environment_counts_names_values_and_pointers():
    assert batch.environment_size({b"A": b"bc"}) == len(b"A=bc\0") + batch.POINTER
