import pytest

from gitseq.core.colour import wanted


@pytest.mark.parametrize(
    ("choice", "env", "is_terminal", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {b"NO_COLOR": b"1"}, True, False),
        ("auto", {b"NO_COLOR": b""}, True, True),
        ("auto", {b"TERM": b"dumb"}, True, False),
        ("always", {b"NO_COLOR": b"1"}, False, True),
        ("never", {}, True, False),
        ("alwyas", {}, False, False),
    ],
)
def test_colour_is_for_terminals_unless_somebody_says_otherwise(choice, env, is_terminal, expected):
    assert wanted(choice, env, is_terminal) is expected
