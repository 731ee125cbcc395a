"""The light `os` of the bundle answers as `os` does."""

import os
import posix

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.host import light_os

PARTS = st.lists(st.sampled_from(["", "/", "//", ".", "..", "...", "a", ".git", "b.c", "\udcff", " "]), max_size=7)
PATHS = st.one_of(PARTS.map("/".join), PARTS.map("".join))
ONE = ["split", "dirname", "basename", "isabs", "normpath", "abspath", "realpath", "splitext"]
ON_DISK = ["exists", "lexists", "isfile", "isdir", "islink", "realpath", "abspath"]


@pytest.mark.parametrize("name", ONE)
@given(path=PATHS)
def test_a_path_is_taken_apart_as_os_does_it(name, path):
    expected, found = getattr(os.path, name), getattr(light_os.path, name)
    assert found(path) == expected(path)
    assert found(os.fsencode(path)) == expected(os.fsencode(path))


@given(first=PATHS, rest=st.lists(PATHS, max_size=3))
def test_paths_are_joined_as_os_does_it(first, rest):
    assert light_os.path.join(first, *rest) == os.path.join(first, *rest)
    parts = [os.fsencode(part) for part in (first, *rest)]
    assert light_os.path.join(*parts) == os.path.join(*parts)


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """A folder with something of every kind, and it is the current one."""
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    for name, target in {
        "to-file": "file",
        "to-folder": "folder",
        "broken": "nothing",
        "round": "round",
        "folder/up": "../folder/below",
    }.items():
        (tmp_path / name).symlink_to(target)
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ON_DISK)
def test_what_is_on_disk_is_seen_as_os_sees_it(name, odd):
    expected, found = getattr(os.path, name), getattr(light_os.path, name)
    names = ["", ".", "..", "file", "folder", "folder/", "to-file", "to-folder", "to-folder/up", "to-folder/../file"]
    names += ["broken", "broken/x", "round", "fifo", "folder/up/..", "file/x", "no", "no/../file", "a\0b", "/", "//"]
    for path in [*names, *(f"{odd}/{each}" for each in names)]:
        if name == "realpath" and "\0" in path:
            continue  # both raise, each in its own words
        assert found(path) == expected(path), path
        assert found(os.fsencode(path)) == expected(os.fsencode(path)), path


def test_system_calls_are_the_very_same():
    assert light_os.open is os.open
    assert light_os.stat is os.stat
    assert light_os._exit is posix._exit


@given(text=st.text(st.characters(codec="utf-8"), max_size=9), data=st.binary(max_size=9))
def test_names_become_bytes_and_text_as_os_does_it(text, data):
    assert light_os.fsencode(text) == light_os.fsencode(text.encode()) == os.fsencode(text)
    assert light_os.fsdecode(data) == light_os.fsdecode(os.fsdecode(data)) == os.fsdecode(data)


def test_what_is_not_written_out_is_that_of_os():
    assert light_os.makedirs is os.makedirs
    assert light_os.environ is os.environ
    assert light_os.path.relpath is os.path.relpath
    assert {name: getattr(light_os, name) for name in ("SEEK_SET", "devnull", "defpath")} == {
        name: getattr(os, name) for name in ("SEEK_SET", "devnull", "defpath")
    }


def test_what_os_has_not_is_missing():
    with pytest.raises(AttributeError):
        _ = light_os.no_such_thing
