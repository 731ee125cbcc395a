"""Nested configurations: which are tracked (held against git), which of them run, and which files are whose."""

import os
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitseq.config import kept, reading, workspace
from gitseq.config.schema import Config, Workspace
from gitseq.core import select
from gitseq.core.patterns import searcher
from gitseq.git import repo as git_repo
from gitseq.git.nested import Nested
from gitseq.model import Entry, Hook, Plan

NAMES = [b"gitseq.toml", b".gitseq.toml", b".pre-commit-config.yaml", b".pre-commit-config.yml"]
PARTS = st.sampled_from([b"a", b"b c", b"x" * 90, b"\xff", b"gitseq.toml.d", b"link"])
FILES = st.sampled_from([*NAMES, b"a.txt", b"my-gitseq.toml", b"gitseq.lock", b".pre-commit-config.yaml.orig"])
PATHS = st.builds(lambda parts, name: b"/".join([*parts, name]), st.lists(PARTS, max_size=3), FILES)


def git(top, *arguments, stdin=b""):
    subprocess.run(["git", *arguments], cwd=top, input=stdin, check=True, capture_output=True)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    top = tmp_path_factory.mktemp("index")
    git(top, "init", "-q")
    return top


def track(top, paths, *, version=2):
    """An index of just these paths, all of them the empty blob."""
    (top / ".git" / "index").unlink(missing_ok=True)
    oid = subprocess.run(["git", "hash-object", "-w", "--stdin"], cwd=top, input=b"", check=True, capture_output=True)
    lines = b"".join(b"100644 %s 0\t%s\0" % (oid.stdout.strip(), path) for path in sorted(paths))
    git(top, "update-index", "--index-version", str(version), "-z", "--index-info", stdin=lines)
    return Nested(git_repo.discover(dict(os.environb), os.fsencode(top)), dict(os.environb))


def without_clashes(paths):
    """Nothing is a file and a folder at the same time."""
    return {path for path in paths if not any(other.startswith(path + b"/") for other in paths)}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sets(PATHS, max_size=8), st.sets(PATHS, max_size=8))
def test_the_hint_changes_whenever_the_nested_configurations_do(empty, before, after):
    seen = []
    for paths in (without_clashes(before), without_clashes(after)):
        nested = track(empty, paths)
        names = nested.names()
        assert set(names) == {path for path in paths if b"/" in path and path.rpartition(b"/")[2] in NAMES}
        assert bool(nested.hint()) or not names
        seen.append((names, nested.hint()))
    (first, hint), (second, other) = seen
    assert first == second or hint != other


def test_a_name_across_two_pieces_is_found(empty, monkeypatch):
    from gitseq.git import nested as module

    paths = {b"a/%d.txt" % number for number in range(50)} | {b"deep/down/gitseq.toml"}
    monkeypatch.setattr(module, "_PIECE", 64)
    monkeypatch.setattr(module, "_LONGEST", 64)
    assert b"deep/down/gitseq.toml" in track(empty, paths).hint()


def test_an_index_without_full_names_leaves_it_to_git(empty):
    nested = track(empty, {b"a/gitseq.lock", b"a/gitseq.toml"}, version=4)
    assert not nested.is_telling(nested.hint())
    assert nested.names() == (b"a/gitseq.toml",)


def test_no_index_names_nothing(empty):
    nested = track(empty, {b"a"})
    (empty / ".git" / "index").unlink()
    assert nested.hint() == b""


class Tracked:
    """Says that these are tracked."""

    def __init__(self, *names, hint=b"1"):
        self._names = names
        self._hint = hint

    def hint(self):
        return self._hint

    def is_telling(self, hint):
        return not hint.startswith(b"?")

    def names(self):
        return self._names


def test_a_kept_plan_is_used_until_the_hint_changes(tmp_path):
    (tmp_path / "gitseq.toml").write_text("")
    place = tmp_path / "plan"
    nested = (b"1", (b"a/gitseq.toml",))
    place.write_bytes(kept.pack({}, kept.tables_key(""), Plan("gitseq.toml", ()), nested))
    place.chmod(0o600)

    def is_used(tracked):
        return kept.read(kept.Where(os.fsencode(tmp_path), {}, None, tracked), os.fsencode(place)) is not None

    assert is_used(Tracked())
    assert not is_used(Tracked(b"a/gitseq.toml", hint=b"2"))
    assert is_used(Tracked(b"a/gitseq.toml", hint=b"?2"))
    assert not is_used(Tracked(b"b/gitseq.toml", hint=b"?2"))
    assert is_used(None)


# --- which run


def chosen(*names, members=None, exclude="^$"):
    config = Config(workspace=Workspace(members=members))
    found, notes = workspace.chosen(names, reading.SEARCHED, Plan("gitseq.toml", (), exclude=exclude), config)
    return found, len(notes)


def test_the_deepest_come_first_and_then_the_alphabet():
    names = (b"b/gitseq.toml", b"a/gitseq.toml", b"z/y/x/gitseq.toml", b"a/b/gitseq.toml")
    assert chosen(*names)[0] == [names[2], names[3], names[1], names[0]]


def test_one_of_several_in_a_folder_counts():
    assert chosen(b"a/.pre-commit-config.yaml", b"a/gitseq.toml") == ([b"a/gitseq.toml"], 0)


@pytest.mark.parametrize("folder", [b"tests/data", b"a/.github", b"{{cookiecutter.name}}", b"vendor/x", b"a/fixtures"])
def test_data_does_not_run_unless_it_is_named(folder):
    name = folder + b"/gitseq.toml"
    assert chosen(name) == ([], 1)
    assert chosen(name, members=("**",)) == ([name], 0)


def test_what_is_excluded_at_the_top_does_not_run():
    assert chosen(b"old/gitseq.toml", b"new/gitseq.toml", exclude="^old/") == ([b"new/gitseq.toml"], 1)


def test_members_are_whole_folders():
    names = (b"packages/a/gitseq.toml", b"packages/a/b/gitseq.toml", b"more/packages/a/gitseq.toml")
    assert chosen(*names, members=("packages/*",)) == ([names[0]], 2)
    assert chosen(*names, members=()) == ([], 3)


# --- whose files


def entries(*names):
    return [Entry(name) for name in names]


def test_an_orphan_below_takes_its_files_from_all_above():
    found = entries(b"a/1", b"a/b/2", b"a/b/c/3", b"ab/4")
    for folder, names in (("", [b"a/1", b"ab/4"]), ("a", [b"a/1"]), ("a/b", [b"a/b/2", b"a/b/c/3"]), ("ab", [b"ab/4"])):
        assert [entry.path for entry in select.in_project(folder, found, ["a/b"])] == names


def test_patterns_of_a_project_see_names_below_its_folder():
    hook = Hook("h", "h", (), project="a", root="a/b", files="^b/", exclude="^a/")
    found = entries(b"a/b/1", b"a/2")
    assert select.for_hook(hook, found, searcher, lambda _path: frozenset(("file",))) == [b"1"]


@given(st.lists(PARTS, min_size=1, max_size=4), PATHS)
def test_outward_leads_back_to_the_same_file(folder, path):
    inner = b"/".join(folder).decode("utf-8", "surrogateescape")
    joined = os.path.join(os.fsencode(inner), select.outward(path, inner))
    assert os.path.normpath(joined) == path


def test_names_of_a_hook():
    hook = Hook("ruff", "ruff", (), alias="lint", project="packages/api", root="packages/api")
    assert set(select.names_of(hook)) == {
        *("ruff", "lint", "packages/api:ruff", "packages/api:lint", "packages/api/", "packages/", "./"),
    }
    assert set(select.names_of(Hook("ruff", "ruff", ()))) == {"ruff", ".:ruff", "./"}
