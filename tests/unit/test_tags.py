import os
import socket
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from identify import extensions, identify

from gitseq.config import making
from gitseq.core import tags
from gitseq.errors import EnvironmentProblem
from gitseq.host.sniff import Sniffer
from gitseq.model import Hook, Plan


def plan_for(*asked):
    plan = Plan("gitseq.toml", (Hook("h", "h", ("true",), types=tuple(asked)),))
    by_extension, by_name, _file = making.tag_tables(plan)
    return plan.replace(extension_tags=by_extension, name_tags=by_name)


class Unasked:
    """A sniffer that may not be asked anything."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was asked without need")


def tagged(folder, path, needs):
    tagger = tags.Tagger(plan_for(*needs), Sniffer(folder))
    return tagger.tags(path, os.lstat(os.path.join(folder, path)).st_mode)


STEMS = st.sampled_from(
    [
        *sorted(extensions.NAMES),
        "a",
        "x.y",
        "Makefile.in",
        "Dockerfile",
        "README.md",
        "..",
        "...a",
        "é",
        "-rf",
        " ",
        "a\nb",
    ]
)
EXTENSIONS = st.sampled_from(
    ["", ".", ".unknown", ".PY", ".Tar.GZ", ".\u212a", ".İ", ".p\u017f"]
    + [
        f".{extension}"
        for table in (extensions.EXTENSIONS, extensions.EXTENSIONS_NEED_BINARY_CHECK)
        for extension in table
    ]
)
NAMES = (
    st.one_of(
        st.tuples(STEMS, EXTENSIONS).map("".join),
        st.text("aA.mpykMakefile\udcff ", min_size=1, max_size=9),
    )
    .map(os.fsencode)
    .filter(lambda name: name not in (b".", b".."))
)
SHEBANGS = st.sampled_from(
    [
        b"#!/bin/sh\n",
        b"#!/usr/bin/env python3.11 -u\n",
        b"#!/usr/bin/env -S bash -e\n",
        b"#! /usr/bin/perl -w\n",
        b"#!/usr/bin/env nix-shell\n#!nix-shell -i bash -p x\n",
        b"#!",
        b"#!\n",
        b"#!/usr/bin/env\n",
        b"#!/unknown\n",
        b"#!/bin/\xff\n",
        b"#!'/bin/sh\n",
        b"#!/usr/bin/node",
        b"#!/bin/sh\0\n",
    ]
)
CONTENTS = st.one_of(
    st.tuples(st.one_of(st.just(b""), SHEBANGS), st.binary(max_size=30)).map(b"".join),
    st.integers(1018, 1030).map(lambda size: b"a" * size + b"\0"),
)
MODES = st.sampled_from([0o644, 0o755, 0o600, 0o700, 0o611, 0o654])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, CONTENTS, MODES, st.sets(st.sampled_from(sorted(identify.ALL_TAGS)), max_size=3))
def test_tags_are_those_of_identify(tmp_path, name, content, mode, needs):
    folder = os.fsencode(tmp_path)
    path = os.path.join(folder, name)
    with open(path, "wb") as stream:
        stream.write(content)
    os.chmod(path, mode)
    try:
        expected = identify.tags_from_path(os.fsdecode(path))
        assert tagged(folder, name, identify.ALL_TAGS) == expected
        assert tagged(folder, name, needs) & needs == expected & needs
    finally:
        os.unlink(path)


def test_every_name_identify_knows_has_its_tags():
    plan = plan_for("python")
    known = [*extensions.NAMES, *(f"x.{extension}" for extension in extensions.EXTENSIONS)]
    ours = {
        name: tags.name_tags(f"some/where.py/{name}".encode(), plan.name_tags, plan.extension_tags) for name in known
    }
    assert ours == {name: identify.tags_from_filename(name) for name in known}


def test_directories_links_sockets_and_what_they_lead_to(tmp_path):
    folder = os.fsencode(tmp_path)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "dangling.py").symlink_to("nowhere")
    (tmp_path / "to_folder").symlink_to("folder.py")
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(str(tmp_path / "s.py"))
        for name in ("folder.py", "dangling.py", "to_folder", "s.py"):
            expected = identify.tags_from_path(str(tmp_path / name))
            assert tagged(folder, name.encode(), identify.ALL_TAGS) == expected
            assert len(expected) == 1
    finally:
        server.close()


def test_mode_alone_answers_when_nobody_asks_for_more():
    tagger = tags.Tagger(plan_for("file"), Unasked())
    assert tagger.tags(b"a.py", stat.S_IFREG | 0o755) == {"file"}
    assert tagger.tags(b"a", stat.S_IFDIR | 0o755) == {"directory"}
    assert tags.Tagger(plan_for("file", "non-executable"), Unasked()).tags(b"x", stat.S_IFREG | 0o644) >= {
        "non-executable"
    }


def test_name_alone_answers_when_it_says_what_is_asked():
    tagger = tags.Tagger(plan_for("python", "text"), Unasked())
    assert tagger.tags(b"src/a.py", stat.S_IFREG | 0o644) >= {"python", "text"}


def test_a_name_is_looked_up_once_whatever_its_folder():
    tagger = tags.Tagger(plan_for("python", "text"), Unasked())
    first, second = (tagger.tags(folder + b"x.py", stat.S_IFREG | 0o644) for folder in (b"", b"sub/"))
    assert first is second
    assert "python" in first


def test_plan_carries_tables_only_when_a_hook_needs_them():
    assert plan_for("file", "executable", "symlink").extension_tags is None
    assert plan_for("text").extension_tags


def test_content_is_looked_at_once(tmp_path):
    (tmp_path / "unknown").write_bytes(b"text")
    sniffer = Sniffer(os.fsencode(tmp_path))
    tagger = tags.Tagger(plan_for("text"), sniffer)
    assert "text" in tagger.tags(b"unknown", stat.S_IFREG | 0o644)
    (tmp_path / "unknown").unlink()
    assert "text" in tagger.tags(b"unknown", stat.S_IFREG | 0o644)


def test_fifo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert tagged(os.fsencode(tmp_path), b"pipe", identify.ALL_TAGS) >= {"file"}


def test_file_that_cannot_be_read_is_named(tmp_path):
    tagger = tags.Tagger(plan_for("text"), Sniffer(os.fsencode(tmp_path)))
    with pytest.raises(EnvironmentProblem, match=r"cannot read gone\\xff to tell"):
        tagger.tags(b"gone\xff", stat.S_IFREG | 0o644)
    with pytest.raises(EnvironmentProblem, match="cannot read gone to tell"):
        Sniffer(os.fsencode(tmp_path)).interpreter_tags(b"gone")


def test_kernel_decides_who_may_execute_not_the_bits():
    class Denied(Unasked):
        def may_execute(self, path):
            return False

    tagger = tags.Tagger(plan_for("executable"), Denied())
    assert tagger.tags(b"x", stat.S_IFREG | 0o755) == {"file", "non-executable"}


def test_unreadable_mode_of_others_does_not_make_a_file_executable(tmp_path):
    """The kernel decides, not the bits: an execute bit for others says nothing to the owner who has none."""
    path = tmp_path / "x"
    path.write_bytes(b"#!/bin/sh\n")
    path.chmod(0o601)
    expected = identify.tags_from_path(str(path))
    assert tagged(os.fsencode(tmp_path), b"x", identify.ALL_TAGS) == expected


def test_what_is_known_of_a_name_and_of_interpreters_is_asked_once(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tool").write_text("#!/bin/sh\n")
        (tmp_path / folder / "tool").chmod(0o755)
    sniffer = Sniffer(os.fsencode(tmp_path))
    asked = []
    of_interpreters = sniffer.tags_of_interpreters
    sniffer.tags_of_interpreters = lambda: asked.append(1) or of_interpreters()
    tagger = tags.Tagger(plan_for("shell"), sniffer)
    found = [tagger.tags(path, stat.S_IFREG | 0o755) for path in (b"a/tool", b"b/tool")]
    assert "shell" in found[0]
    assert found[0] == found[1]
    assert asked == [1]
