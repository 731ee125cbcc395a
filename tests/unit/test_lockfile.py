"""gitseq.lock, and the places where configurations name revs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitseq.config import pins
from gitseq.config.pins import Pin
from gitseq.errors import ConfigError
from gitseq.languages import lockfile
from tests.support.configs import where

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=60)
@given(entries=st.dictionaries(st.tuples(TEXT, TEXT), st.text("0123456789abcdef", min_size=40, max_size=40)))
def test_what_is_written_is_read_again(tmp_path_factory, entries):
    path = str(tmp_path_factory.getbasetemp() / "gitseq.lock").encode()
    with open(path, "wb") as stream:
        stream.write(lockfile.written(entries))
    assert lockfile.read(path) == entries


def test_order_of_entries_does_not_matter():
    one, two = {("a", "1"): "x", ("b", "1"): "y"}, {("b", "1"): "y", ("a", "1"): "x"}
    assert lockfile.written(one) == lockfile.written(two)


@pytest.mark.parametrize("content", [b"version = 2\n", b"[[repo]]\nurl = 'x'\n", b"repo = 3\n", b"<<<<", b"\xff"])
def test_lock_file_that_makes_no_sense_is_told(tmp_path, content):
    path = tmp_path / "gitseq.lock"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be read"):
        lockfile.read(str(path).encode())


def pinned(folder, name, text):
    (folder / name).write_text(text)
    return pins.find(where(folder))


YAML = (
    "repos:\n- {{repo: u, rev: {}, hooks: [{{id: a}}]}}\n"
    "- repo: local\n  hooks: []\n"
    "- repo: w\n  rev: {}\r\n  hooks: []\n"
)


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_revs_of_yaml_are_replaced_in_their_own_style(tmp_path, quote):
    text = YAML.format(f"{quote}v1{quote}", f"{quote}v2{quote}")
    found = pinned(tmp_path, ".pre-commit-config.yaml", text)
    assert [(pin.url, pin.rev, pin.ids) for pin in found.pins] == [("u", "v1", ("a",)), ("w", "v2", ())]
    changes = {pin: (pin.rev + "x", "") for pin in found.pins}
    assert pins.rewritten(found.text, changes) == YAML.format(f"{quote}v1x{quote}", f"{quote}v2x{quote}")


def test_rev_that_yaml_would_take_for_a_number_is_quoted(tmp_path):
    found = pinned(tmp_path, ".pre-commit-config.yaml", YAML.format("v1", "v2"))
    assert "rev: '1.0', hooks" in pins.rewritten(found.text, {found.pins[0]: ("1.0", "")})


def test_frozen_tag_is_not_written_where_it_would_comment_something_out(tmp_path):
    found = pinned(tmp_path, ".pre-commit-config.yaml", YAML.format("v1", "v2"))
    new = pins.rewritten(found.text, dict.fromkeys(found.pins, ("c" * 40, "v3")))
    assert f"rev: {'c' * 40}, hooks: [{{id: a}}]}}\n" in new
    assert f"rev: {'c' * 40}  # frozen: v3\r\n" in new


def test_revs_of_toml_are_found_in_tables_and_inline(tmp_path):
    text = """[[repo]]\nurl = "rev = 'v1'"\n"rev"="v1" # rev = "v1.0"\n[[repo]]\nurl = "w"\nrev = 'v2'\n"""
    found = pinned(tmp_path, "gitseq.toml", text)
    assert [found.text[pin.start : pin.end] for pin in found.pins] == ['"v1"', "'v2'"]
    assert pins.rewritten(text, {found.pins[1]: ("v3", "t")}) == text.replace("'v2'", "'v3'  # frozen: t")


def test_bom_and_what_is_not_ascii_move_nothing(tmp_path):
    text = "\ufeff# é 🙂\n" + YAML.format("v1", "v2")
    found = pinned(tmp_path, ".pre-commit-config.yaml", text)
    assert [found.text[pin.start : pin.end] for pin in found.pins] == ["v1", "v2"]


def test_pin_is_a_value():
    assert Pin("u", "r", (), 1, 2) == Pin("u", "r", (), 1, 2)
