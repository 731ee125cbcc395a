"""`host.search.holds` is `in`, whichever of the two searches."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.host import search


@given(st.binary(max_size=40), st.binary(max_size=3), st.integers(0, 3))
def test_the_c_library_finds_what_python_finds(text, needle, at):
    for where in (text, text[:at] + needle + text[at:]):
        padded = where + b"\0" * (1 << 14)
        assert search.holds(padded, needle) == (needle in padded)


@pytest.mark.parametrize("needle", [b" \n", b"PuTTY-User-Key-File-2", b"\0\1"])
@pytest.mark.parametrize("length", [0, 10, (1 << 14) - 1, 1 << 14, 1 << 20])
def test_a_needle_is_found_at_either_end_and_not_across_it(needle, length):
    hay = b"x" * length
    assert search.holds(needle + hay, needle)
    assert search.holds(hay + needle, needle)
    assert not search.holds(needle[1:] + hay + needle[:1], needle)


@pytest.mark.skipif(sys.platform != "linux", reason="only there it is used")
def test_the_c_library_is_asked_about_much():
    assert search.holds(b" " * (1 << 14) + b"\n", b" \n")
    assert search._memmem[0] is not None


def test_without_such_a_library_python_searches(monkeypatch):
    monkeypatch.setattr(search, "_memmem", [])
    monkeypatch.setattr(sys, "platform", "other")
    assert search.holds(b"a" * (1 << 15) + b" \n", b" \n")
    assert search._memmem == [None]
