"""A profile replaces the settings it names, key by key, and is chosen by name or by CI."""

import pytest

from gitseq.config import kept
from gitseq.engine import settings
from gitseq.errors import ConfigError, UsageError
from gitseq.model import Plan
from tests.support.configs import compiled, told, where

CONFIG = """\
[limits]
timeout = "7m"
memory = "3GiB"

[queue]
wait = "1h"

[profile.ci.limits]
memory = "2GiB"

[profile.big]
limits = { timeout = "2h", processes = 9 }
queue = { wait = "5s", scope = "user" }

[[hook]]
id = "plain"
run = "true"

[[hook]]
id = "own"
run = "true"
memory = "1GiB"
"""


def plan(folder, **env):
    return compiled(folder, {name.encode(): value.encode() for name, value in env.items()})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "gitseq.toml").write_text(CONFIG)
    return tmp_path


def caps(plan):
    return {hook.id: (hook.timeout, hook.memory >> 30, hook.processes) for hook in plan.hooks}


def test_without_a_choice_no_profile_is_in_force(folder):
    assert caps(plan(folder)) == {"plain": (420, 3, 256), "own": (420, 1, 256)}
    assert plan(folder).notices == ()


def test_a_profile_replaces_what_it_names_and_nothing_else(folder):
    chosen = plan(folder, GITSEQ_PROFILE="big")
    assert caps(chosen) == {"plain": (7200, 3, 9), "own": (7200, 1, 9)}
    assert (chosen.wait, chosen.scope, chosen.notices) == (5, "user", ("profile big",))


def test_ci_is_chosen_by_itself_where_ci_is_set_and_the_profile_exists(folder):
    assert caps(plan(folder, CI="true"))["plain"] == (420, 2, 256)
    assert caps(plan(folder, CI="", GITSEQ_PROFILE=""))["plain"] == (420, 3, 256)
    (folder / "gitseq.toml").write_text(CONFIG.replace("profile.ci", "profile.other"))
    assert caps(plan(folder, CI="true"))["plain"] == (420, 3, 256)


def test_a_name_counts_for_more_than_ci(folder):
    assert caps(plan(folder, CI="1", GITSEQ_PROFILE="big"))["plain"] == (7200, 3, 9)


@pytest.mark.parametrize(
    ("name", "words"),
    [("nothing", "known are ci, big"), ("bgi", "did you mean `big`?"), ("a\nb", "known are ci, big")],
)
def test_a_profile_that_does_not_exist_is_an_error_that_names_the_known_ones(folder, name, words):
    with pytest.raises(ConfigError) as refused:
        plan(folder, GITSEQ_PROFILE=name)
    assert words in told(refused.value)
    assert "GITSEQ_PROFILE" in told(refused.value)


def test_a_file_without_profiles_says_so(folder):
    (folder / "gitseq.toml").write_text("")
    with pytest.raises(ConfigError, match=r"`x` is not known; it has no \[profile.NAME\]"):
        plan(folder, GITSEQ_PROFILE="x")


def test_the_overlay_adds_profiles_to_those_of_the_configuration(folder):
    (folder / "gitseq.local.toml").write_text('[profile.mine.limits]\ntimeout = "1s"\n')
    assert caps(plan(folder, GITSEQ_PROFILE="mine"))["plain"][0] == 1
    assert caps(plan(folder, GITSEQ_PROFILE="big"))["plain"][0] == 7200


def test_plans_of_two_profiles_are_kept_apart(folder):
    files = {
        kept.plan_file(where(folder, env), b"/state")
        for env in ({}, {b"GITSEQ_PROFILE": b"big"}, {b"GITSEQ_PROFILE": b"ci"}, {b"CI": b"1"})
    }
    assert len(files) == 4


# --- limits by environment variables


def test_caps_of_the_environment_replace_those_of_every_hook(folder):
    env = {b"GITSEQ_TIMEOUT": b"90s", b"GITSEQ_MEMORY": b"5GiB", b"GITSEQ_PROCESSES": b"3"}
    assert caps(settings.overridden(plan(folder), env)) == {"plain": (90, 5, 3), "own": (90, 5, 3)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITSEQ_TIMEOUT", "soon"),
        ("GITSEQ_TIMEOUT", "0s"),
        ("GITSEQ_MEMORY", "0B"),
        ("GITSEQ_MEMORY", "-1GiB"),
        ("GITSEQ_PROCESSES", "0"),
        ("GITSEQ_PROCESSES", "-1"),
        ("GITSEQ_PROCESSES", "many"),
        ("GITSEQ_PROCESSES", "\u00b2"),
    ],
)
def test_a_cap_that_cannot_be_is_refused_by_its_name(name, value):
    with pytest.raises(UsageError, match=name):
        settings.overridden(Plan("", ()), {name.encode(): value.encode()})
