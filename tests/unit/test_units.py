from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("5s", 5),
        ("1h30m", 5400),
        ("250ms", 0.25),
        ("1m 5s", 65),
        ("1.5s", 1.5),
        ("2d", 172800),
        ("0s", 0),
    ],
)
def test_duration_is_read(text, seconds):
    assert units.parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [("4GiB", 4 << 30), ("512MiB", 512 << 20), ("1GB", 10**9), ("1.5KiB", 1536), ("270 MiB", 270 << 20), ("7B", 7)],
)
def test_size_is_read(text, size):
    assert units.parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "10",
        "m",
        "10x",
        "5s1m",
        "1m1m",
        "-1s",
        "1..5s",
        ".5s",
        "5.s",
        "forever",
        "ten minutes",
        "1e3s",
        "٣s",
        "9" * 400 + "s",
    ],
)
def test_what_is_no_duration_is_refused_in_words(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        units.parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "4", "GiB", "4gib", "4G", "1GiB1MiB", "-4GiB", "1e3B", "9" * 30 + "TiB", "∞B", "9" * 16 + "TiB"]
)
def test_what_is_no_size_is_refused_in_words(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        units.parse_size(text)


def test_forever_needs_permission_and_never_comes():
    assert units.parse_duration("forever", forever=True) == units.FOREVER > 10**18
    with pytest.raises(ValueError, match="not possible here"):
        units.parse_duration("forever")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (5.25, "5.2s"),
        (59.97, "1m"),
        (65, "1m 5s"),
        (3600, "1h"),
        (7380, "2h 3m"),
        (90000, "1d 1h"),
        (units.FOREVER, "forever"),
    ],
)
def test_duration_is_shown(seconds, text):
    assert units.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (270 << 20, "270 MiB"), (1 << 30, "1 GiB")],
)
def test_size_is_shown(size, text):
    assert units.format_size(size) == text


@given(st.floats(0.001, 1e8))
def test_what_is_shown_of_a_duration_is_read_back_to_a_tenth(seconds):
    assert units.parse_duration(units.format_duration(seconds)) == pytest.approx(seconds, rel=0.1, abs=0.001)


@given(st.integers(0, 10**15))
def test_what_is_shown_of_a_size_is_read_back_to_a_tenth(size):
    assert units.parse_size(units.format_size(size)) == pytest.approx(size, rel=0.1)


@given(st.text(max_size=20), st.booleans())
def test_any_text_is_a_value_or_a_value_error(text, forever):
    with suppress(ValueError):
        assert units.parse_duration(text, forever=forever) >= 0
    with suppress(ValueError):
        assert units.parse_size(text) >= 0
