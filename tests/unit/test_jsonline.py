"""Lines of JSON without `json`: read back as written, readable by everybody, and any other bytes are no line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import jsonline

PLAIN = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    PLAIN | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(st.sampled_from(["pid", "what", "since"]), VALUES)


def as_json(value):
    """What `json` makes of a value: it knows lists instead of tuples."""
    return json.loads(json.dumps(value))


@given(FIELDS)
def test_a_line_is_what_json_reads_and_is_read_back(fields):
    line = jsonline.encode(fields)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == as_json(fields)
    assert jsonline.decode(line) == as_json(fields)


@given(st.binary())
def test_a_path_of_any_bytes_is_read_back(path):
    assert jsonline.path_of(jsonline.decode(jsonline.encode({"path": path}))["path"]) == path


@given(FIELDS.filter(bool), st.data())
def test_a_line_that_is_cut_off_has_no_fields(fields, data):
    line = jsonline.encode(fields)
    assert jsonline.decode(line[: data.draw(st.integers(0, len(line) - 1))]) == {}


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\n", b"[1]\n", b"{]}\n", b'{"a" 1}\n', b'{"a": 1}{"b": 2}\n', b'{"a": "\xff"}\n', b'{"a": tru}\n'],
)
def test_what_is_no_line_has_no_fields(content):
    assert jsonline.decode(content) == {}


def test_nesting_beyond_the_stack_has_no_fields():
    assert jsonline.decode(b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n") == {}


@given(st.binary())
def test_no_bytes_raise(content):
    assert jsonline.decode(b"{" + content + b"}\n") is not None
