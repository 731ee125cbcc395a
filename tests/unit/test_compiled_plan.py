"""The kept plan is used exactly as long as compiling anew would give the same."""

import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitseq.config import build, compiled, kept
from gitseq.errors import ConfigError, NoConfiguration
from gitseq.model import Hook, Plan
from tests.support.configs import VALID, where
from tests.support.configs import compiled as made_anew

HOOK = '[[hook]]\nid = "{}"\nrun = "true"\n'


class Place:
    """A work tree and a state directory; counts how often a plan was compiled."""

    def __init__(self, folder, monkeypatch):
        self.top = folder / "top"
        self.state = folder / "state"
        self.top.mkdir()
        self.compiled = 0
        compile_plan = build.compile_plan

        def counted(where, fetch, vet):
            self.compiled += 1
            return compile_plan(where, fetch, vet)

        monkeypatch.setattr(build, "compile_plan", counted)

    def load(self, env=None, explicit=None, fetch=None):
        return compiled.load(where(self.top, env, explicit), os.fsencode(self.state), fetch=fetch)

    def write(self, name, text):
        (self.top / name).write_text(text)

    def plan_files(self):
        return sorted((self.state / "plan").iterdir())


@pytest.fixture
def place(tmp_path, monkeypatch):
    place = Place(tmp_path, monkeypatch)
    place.write("gitseq.toml", HOOK.format("a"))
    return place


def test_second_start_compiles_nothing_and_gives_the_same_plan(place):
    place.write("gitseq.toml", VALID)
    first = place.load()
    assert place.load() == first == made_anew(place.top)
    assert place.compiled == 1


def test_edit_is_seen_even_when_size_and_mtime_are_put_back(place):
    """What git's index calls racy: same size, within one tick of the clock. Content decides, so no time matters."""
    path = place.top / "gitseq.toml"
    before = path.stat()
    place.load()
    with path.open("r+") as stream:
        stream.write(HOOK.format("b"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert [hook.id for hook in place.load().hooks] == ["b"]


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("gitseq.local.toml", HOOK.format("local"), ["a", "local"]),
        ("gitseq.toml", HOOK.format("a") + HOOK.format("b"), ["a", "b"]),
        ("gitseq.toml", "", []),
    ],
)
def test_change_of_any_input_is_seen(place, name, text, ids):
    place.load()
    place.write(name, text)
    assert [hook.id for hook in place.load().hooks] == ids
    place.write("gitseq.toml", HOOK.format("a"))
    (place.top / "gitseq.local.toml").unlink(missing_ok=True)
    assert [hook.id for hook in place.load().hooks] == ["a"]


def test_file_that_is_found_first_is_seen_when_it_appears(place):
    (place.top / "gitseq.toml").rename(place.top / ".gitseq.toml")
    assert place.load().source == ".gitseq.toml"
    place.write("gitseq.toml", HOOK.format("b"))
    assert place.load().source == "gitseq.toml"


def test_configuration_that_is_removed_is_missed(place):
    place.load()
    (place.top / "gitseq.toml").unlink()
    with pytest.raises(NoConfiguration):
        place.load()


def test_edit_behind_a_symbolic_link_is_seen(place, tmp_path):
    (tmp_path / "real.toml").write_text(HOOK.format("a"))
    (place.top / "gitseq.toml").unlink()
    (place.top / "gitseq.toml").symlink_to(tmp_path / "real.toml")
    place.load()
    (tmp_path / "real.toml").write_text(HOOK.format("b"))
    assert [hook.id for hook in place.load().hooks] == ["b"]


def test_broken_edit_is_told_not_papered_over_by_the_old_plan(place):
    place.load()
    place.write("gitseq.toml", "x = 1")
    with pytest.raises(ConfigError):
        place.load()


def test_ci_and_named_files_have_plans_of_their_own(place):
    place.write("gitseq.local.toml", HOOK.format("local"))
    place.write("other.toml", HOOK.format("other"))
    seen = [
        [hook.id for hook in place.load(env, explicit).hooks]
        for _ in range(2)
        for env, explicit in (({}, None), ({b"CI": b"1"}, None), ({}, b"other.toml"))
    ]
    assert seen == [["a", "local"], ["a"], ["other"]] * 2
    assert place.compiled == 3


def test_two_work_trees_of_a_repository_do_not_take_turns(place, tmp_path):
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "gitseq.toml").write_text(HOOK.format("b"))
    for _ in range(2):
        place.load()
        compiled.load(where(tmp_path / "second"), os.fsencode(place.state))
    assert place.compiled == 2


def test_new_identify_makes_a_new_plan(place, monkeypatch):
    place.write("gitseq.toml", HOOK.format("a") + 'types = ["python"]\n')
    place.load()
    monkeypatch.setattr(kept.files, "signature", lambda _path: (1, 2, 3, 4, 5))
    place.load()
    place.load()
    assert place.compiled == 2


@pytest.mark.parametrize("part", range(len(kept._KEY)))
def test_plan_of_another_version_is_not_used(place, monkeypatch, part):
    place.load()
    monkeypatch.setattr(kept, "_KEY", (*kept._KEY[:part], "other", *kept._KEY[part + 1 :]))
    place.load()
    assert place.compiled == 2


def test_plan_name_holds_the_interpreter(place):
    import sys

    place.load()
    assert place.plan_files()[0].name.startswith(f"{sys.implementation.cache_tag}-")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_torn_or_garbled_plan_is_made_again(place, data):
    expected = place.load()
    (path,) = place.plan_files()
    whole = path.read_bytes()
    kind = data.draw(st.sampled_from(["cut", "flip", "garbage", "grown"]))
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = {
        "cut": whole[:at],
        "flip": whole[:at] + bytes([whole[at] ^ (1 << data.draw(st.integers(0, 7)))]) + whole[at + 1 :],
        "garbage": data.draw(st.binary(max_size=60)),
        "grown": whole + b"\0",
    }[kind]
    path.write_bytes(broken)
    before = place.compiled
    assert place.load() == expected
    assert place.compiled == before + 1
    assert path.read_bytes() == whole


def test_whole_plan_of_another_shape_is_made_again(place):
    """The digest is right, so nothing but the content can betray it."""
    import marshal

    expected = place.load()
    (path,) = place.plan_files()
    for body in (
        marshal.dumps(None),
        marshal.dumps((kept._KEY, (), ("", None), ("x",))),
        marshal.dumps((1, 2, 3, 4)),
        b"",
    ):
        path.write_bytes(kept._hash(body) + body)
        assert place.load() == expected


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_plan_that_others_may_write_is_not_trusted(place, mode):
    place.load()
    place.plan_files()[0].chmod(mode)
    place.load()
    assert place.compiled == 2
    assert stat.S_IMODE(place.plan_files()[0].stat().st_mode) == 0o600


def test_plan_of_another_user_is_not_trusted(place, monkeypatch):
    place.load()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    place.load()
    assert place.compiled == 2


@pytest.mark.parametrize("kind", ["symlink", "folder", "fifo"])
def test_plan_that_is_no_file_is_not_read(place, tmp_path, kind):
    expected = place.load()
    (path,) = place.plan_files()
    path.rename(tmp_path / "elsewhere")
    if kind == "symlink":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert place.load() == expected
    assert place.compiled == 2


def test_state_directory_is_for_us_alone(place):
    place.load()
    for folder in (place.state, place.state / "plan"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_state_that_cannot_be_written_costs_time_only(place):
    place.state.write_text("in the way")
    assert place.load() == place.load() == made_anew(place.top)
    assert place.compiled == 2


def test_plans_do_not_gather(place, tmp_path):
    for number in range(kept_at_most() + 8):
        place.write(f"{number}.toml", HOOK.format("a"))
        place.load(explicit=f"{number}.toml".encode())
        assert any(True for _ in place.plan_files())
    assert len(place.plan_files()) == kept_at_most()
    before = place.compiled
    place.load(explicit=f"{number}.toml".encode())
    assert place.compiled == before


def kept_at_most():
    return build._MOST_PLANS


TEXTS = st.text(max_size=6)
HOOKS = st.builds(
    Hook, TEXTS, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), pass_filenames=st.integers(-1, 99), files=TEXTS,
    env=st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple), root=st.sampled_from(["", "a", "\udcff"]),
)  # fmt: skip
TABLES = st.none() | st.dictionaries(TEXTS, st.lists(TEXTS, max_size=2).map(tuple), max_size=3)
PLANS = st.builds(
    Plan, TEXTS, st.lists(HOOKS, max_size=3).map(tuple), fail_fast=st.booleans(), files=TEXTS, extension_tags=TABLES,
    name_tags=TABLES, pattern_codes=st.none(), notices=st.lists(TEXTS, max_size=2).map(tuple),
)  # fmt: skip


@given(PLANS)
def test_any_plan_comes_back_from_its_file_as_it_was(tmp_path_factory, plan):
    folder = tmp_path_factory.mktemp("plan")
    path = folder / "plan"
    path.write_bytes(kept.pack({}, kept.tables_key(""), plan))
    path.chmod(0o600)
    assert kept.read(where(folder), os.fsencode(path)) == plan
