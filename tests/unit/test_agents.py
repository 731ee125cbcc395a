"""The section for agents comes and goes, and no other byte of the file is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import agents

lines = st.lists(st.binary(max_size=8), max_size=6)
texts = st.builds(lambda parts, newline: newline.join(parts), lines, st.sampled_from([b"\n", b"\r\n"]))


@given(texts)
def test_what_was_there_stays_there(text):
    with_it = agents.with_section(text)
    assert with_it.startswith(text)
    assert agents.BEGIN in with_it
    assert agents.END in with_it


@given(texts)
def test_a_second_time_changes_nothing(text):
    once = agents.with_section(text)
    assert agents.with_section(once) == once


@given(texts)
def test_taken_out_again_the_file_is_as_it_was_but_for_a_line_end(text):
    back = agents.without_section(agents.with_section(text))
    assert back.rstrip(b"\r\n") == text.rstrip(b"\r\n")
    assert agents.without_section(text) == text


def test_a_file_with_its_own_line_ends_keeps_them():
    text = agents.with_section(b"# Mine\r\n")
    assert text.count(b"\n") == text.count(b"\r\n")
    assert agents.without_section(text) == b"# Mine\r\n"


def test_an_old_section_is_replaced_where_it_stands():
    old = b"top\n\n" + agents.BEGIN + b"\nancient\n" + agents.END + b"\n\nbottom\n"
    new = agents.with_section(old)
    assert new.startswith(b"top\n\n" + agents.BEGIN)
    assert new.endswith(agents.END + b"\n\nbottom\n")
    assert b"ancient" not in new
    assert agents.without_section(new) == b"top\n\nbottom\n"


@pytest.mark.parametrize(
    "text",
    [agents.BEGIN, agents.END, agents.END + b"\n" + agents.BEGIN, agents.BEGIN * 2 + agents.END],
    ids=["begin alone", "end alone", "the wrong way round", "two begins"],
)
def test_stray_markers_are_not_guessed_about(text):
    for change in (agents.with_section, agents.without_section):
        with pytest.raises(agents.Unbalanced):
            change(text)


def test_a_section_at_the_very_end_of_a_file_without_a_line_end_is_a_whole_section():
    whole = agents.with_section(b"# Notes\n")
    assert agents.with_section(whole.rstrip(b"\n")) == whole
    assert agents.without_section(whole.rstrip(b"\n")) == b"# Notes\n"
