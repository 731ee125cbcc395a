"""Output in bounded memory: what is dropped is counted, and begin and end are true."""

import re

from hypothesis import given
from hypothesis import strategies as st

from gitseq.cage.output import Output

KEEP = 8


@given(st.lists(st.binary(max_size=20)))
def test_begin_and_end_are_kept_and_the_bytes_between_are_counted(parts):
    output, whole = Output(KEEP), b"".join(parts)
    for part in parts:
        output.add(part)
    told = output.all()
    if told != whole:
        (gap,) = re.finditer(rb"\n\[\.\.\. (\d+) bytes left out \.\.\.\]\n", told)
        head, tail = told[: gap.start()], told[gap.end() :]
        assert whole == head + whole[len(head) : len(head) + int(gap[1])] + tail
        assert len(head) == KEEP <= len(tail)
    assert len(told) <= 3 * KEEP + len(b"\n[... 1000000 bytes left out ...]\n")


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1), st.integers(1, KEEP))
def test_the_tail_is_the_newest_output(parts, size):
    output, whole = Output(KEEP), b"".join(parts)
    for part in parts:
        output.add(part)
    newest = output.tail(size)
    assert newest
    assert whole.endswith(newest)
