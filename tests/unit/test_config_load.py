import importlib

import pytest

from gitseq.config import load
from gitseq.core import patterns
from gitseq.errors import ConfigError
from gitseq.model import Hook, Limits
from tests.support.configs import VALID, compiled, where

HOOK = '[[hook]]\nid = "{}"\nrun = "true"\n'


CAPS = {
    "timeout": 600.0,
    "memory": 4 << 30,
    "processes": 256,
    "min_free_memory": 512 << 20,
    "memory_wait": 120.0,
}
"""What a hook may take when nobody says otherwise."""


def test_a_hooks_own_limits_win_over_limits_over_the_defaults(tmp_path):
    (tmp_path / "gitseq.toml").write_text(
        "[limits]\ntimeout = '2m'\nmemory = '1GiB'\nrun_timeout = '5m'\n[queue]\nscope = 'user'\nwait = '90s'\n"
        + HOOK.format("h")
        + "timeout = '10s'\ngrace = '1s'\nprocesses = 3\nretry = 2\ndaemons = 'keep'\n"
    )
    plan = compiled(tmp_path)
    assert (plan.scope, plan.wait, plan.run_timeout) == ("user", 90.0, 300.0)
    [hook] = plan.hooks
    assert hook.limits == Limits(10.0, 1.0, 1 << 30, 3)
    assert (hook.retry, hook.keep_daemons, hook.memory_wait) == (2, True, 120.0)


def test_without_a_word_about_it_turns_are_taken_in_the_repository_and_waited_for_without_end(tmp_path):
    (tmp_path / "gitseq.toml").write_text(HOOK.format("h"))
    plan = compiled(tmp_path)
    assert (plan.scope, plan.wait, plan.run_timeout) == ("repo", float("inf"), 3600.0)


def test_every_key_arrives_in_the_plan(tmp_path):
    (tmp_path / "gitseq.toml").write_text(VALID)
    plan = compiled(tmp_path)
    ruff, message = plan.hooks
    assert (plan.source, plan.fail_fast, plan.files, plan.notices) == ("gitseq.toml", False, "", ())
    assert patterns.searcher(plan.exclude, plan.pattern_codes)("vendor/a/b")
    assert ruff == Hook(
        id="ruff",
        name="ruff check",
        argv=("ruff", "check", "--fix"),
        stages=("pre-commit",),
        files="^src/",
        exclude=r"_pb2\.py$",
        types_or=("python", "pyi"),
        exclude_types=("symlink",),
        pass_filenames=20,
        log_file="ruff.log",
        env=(("A", "1"),),
        scrub_git_env=True,
        root="src",
        skip_on=("merge",),
        groups=("lint",),
        alias="lint",
        **CAPS,
    )
    assert (message.name, message.argv, message.shell) == ("message", ('grep -q . "$1"\n',), True)


def test_defaults_are_those_of_the_reference(tmp_path):
    (tmp_path / "gitseq.toml").write_text(HOOK.format("h"))
    plan = compiled(tmp_path)
    assert plan.hooks == (Hook("h", "h", ("true",), stages=("pre-commit",), exclude="^$", **CAPS),)
    assert (plan.files, plan.exclude, plan.pattern_codes, plan.extension_tags) == ("", "^$", {}, None)


@pytest.mark.parametrize(("written", "number"), [("true", -1), ("false", 0), ("1", 1), ("7", 7)])
def test_pass_filenames_is_a_number_in_the_plan(tmp_path, written, number):
    (tmp_path / "gitseq.toml").write_text(HOOK.format("h") + f"pass_filenames = {written}\n")
    assert compiled(tmp_path).hooks[0].pass_filenames == number


@pytest.mark.parametrize(
    ("written", "root"), [("", ""), (".", ""), ("a/", "a"), ("./a//b/../c", "a/c"), ("..a", "..a")]
)
def test_root_has_one_spelling(tmp_path, written, root):
    (tmp_path / "gitseq.toml").write_text(HOOK.format("h") + f'root = "{written}"\n')
    assert compiled(tmp_path).hooks[0].root == root


@pytest.mark.parametrize(
    "run", ["xargs -I{} sh -c 'a && b'", "find . -name '*.py' -exec x ';'", r"grep a\|b", r"a \' b", "a --x=1&&2"]
)
def test_quoted_operators_belong_to_the_command(tmp_path, run):
    (tmp_path / "gitseq.toml").write_text(f"[[hook]]\nid = 'h'\nrun = '''{run}'''\n")
    assert compiled(tmp_path).hooks[0].argv[0] == run.split()[0]


def test_first_name_in_order_wins(tmp_path):
    files = [
        ("pyproject.toml", "[tool.gitseq]\n" + HOOK.format("project").replace("hook", "tool.gitseq.hook")),
        (".gitseq.toml", HOOK.format("dotted")),
        ("gitseq.toml", HOOK.format("plain")),
    ]
    (tmp_path / ".pre-commit-config.yaml").write_text("repos: []")
    for name, text in files:
        (tmp_path / name).write_text(text)
        assert compiled(tmp_path).source == name


def test_pyproject_that_is_not_about_gitseq_is_passed_over(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n")
    (tmp_path / ".pre-commit-config.yaml").write_text("repos: []")
    assert compiled(tmp_path).source == ".pre-commit-config.yaml"


def test_named_file_is_the_whole_configuration(tmp_path):
    (tmp_path / "gitseq.toml").write_text(HOOK.format("a"))
    (tmp_path / "gitseq.local.toml").write_text(HOOK.format("local"))
    (tmp_path / "other.toml").write_text(HOOK.format("b"))
    plan = compiled(tmp_path, explicit=b"other.toml")
    assert (plan.source, [hook.id for hook in plan.hooks], plan.notices) == ("other.toml", ["b"], ())


def test_file_outside_the_work_tree_is_shown_by_its_whole_path(tmp_path):
    (tmp_path / "top").mkdir()
    (tmp_path / "o.toml").write_text(HOOK.format("a"))
    assert compiled(tmp_path / "top", explicit=b"../o.toml").source == str(tmp_path / "o.toml")


def test_file_name_that_is_not_utf8_is_usable(tmp_path):
    import os

    name = b"\xff\n.toml"
    with open(os.path.join(os.fsencode(tmp_path), name), "w") as stream:
        stream.write("x = 1")
    with pytest.raises(ConfigError) as caught:
        compiled(tmp_path, explicit=name)
    assert caught.value.what == "\udcff\\n.toml:1: x: unknown key"


def test_byte_order_mark_is_no_key(tmp_path):
    (tmp_path / "gitseq.toml").write_bytes(b"\xef\xbb\xbffail_fast = true")
    assert compiled(tmp_path).fail_fast


def test_names_that_people_choose_are_not_taken_for_keys(tmp_path):
    (tmp_path / "gitseq.toml").write_text(HOOK.format("h") + 'env = { id = "pre-commit", run = "", timeout = "x" }\n')
    assert dict(compiled(tmp_path).hooks[0].env) == {"id": "pre-commit", "run": "", "timeout": "x"}


OVERLAY = """\
fail_fast = true
[[hook]]
id = "b"
run = "false"
env = { X = "1" }
[[hook]]
id = "mine"
run = "echo"
"""


def with_overlay(folder):
    (folder / "gitseq.toml").write_text(HOOK.format("a") + HOOK.format("b") + 'verbose = true\nenv = { A = "1" }\n')
    (folder / "gitseq.local.toml").write_text(OVERLAY)


def test_overlay_replaces_keys_and_adds_hooks_at_the_end(tmp_path):
    with_overlay(tmp_path)
    plan = compiled(tmp_path)
    assert [hook.id for hook in plan.hooks] == ["a", "b", "mine"]
    assert (plan.hooks[1].argv, plan.hooks[1].verbose, plan.hooks[1].env) == (("false",), True, (("X", "1"),))
    assert plan.fail_fast
    assert plan.notices == ("gitseq.local.toml changes b, adds mine",)


@pytest.mark.parametrize(("value", "ignored"), [(b"true", True), (b"0", True), (b"", False)])
def test_overlay_is_ignored_exactly_when_ci_is_set_to_something(tmp_path, value, ignored):
    with_overlay(tmp_path)
    plan = compiled(tmp_path, {b"CI": value})
    assert ("mine" not in [hook.id for hook in plan.hooks]) == ignored == (plan.notices == ())


def test_overlay_alone_is_no_configuration(tmp_path):
    (tmp_path / "gitseq.local.toml").write_text(OVERLAY)
    with pytest.raises(ConfigError, match=r"No gitseq\.toml"):
        compiled(tmp_path)


def test_overlay_that_names_a_hook_twice_is_refused(tmp_path):
    with_overlay(tmp_path)
    (tmp_path / "gitseq.local.toml").write_text('[[hook]]\nid = "a"\n[[hook]]\nid = "a"\n')
    with pytest.raises(ConfigError, match=r"gitseq\.local\.toml:4: .*line 2 has this id"):
        compiled(tmp_path)


def test_plan_knows_every_file_it_stands_on(tmp_path):
    (tmp_path / ".gitseq.toml").write_text(HOOK.format("h"))
    made = load.compile_plan(where(tmp_path))
    assert {name: digest is not None for name, digest in made.inputs.items()} == {
        b"gitseq.toml": False,
        b".gitseq.toml": True,
        b"gitseq.local.toml": False,
    }


@pytest.mark.parametrize("table", ["extensions.EXTENSIONS", "extensions.NAMES", "interpreters.INTERPRETERS"])
def test_another_table_of_identify_has_another_stamp(tmp_path, monkeypatch, table):
    (tmp_path / "gitseq.toml").write_text(HOOK.format("h") + 'types = ["python"]\n')
    before = compiled(tmp_path).tags_stamp
    assert compiled(tmp_path).tags_stamp == before != ""
    module, _, name = table.partition(".")
    old = getattr(importlib.import_module(f"identify.{module}"), name)
    monkeypatch.setattr(f"identify.{table}", {**old, "new": {"python"}})
    assert compiled(tmp_path).tags_stamp != before


def test_hooks_that_ask_for_no_more_than_kinds_of_files_need_no_stamp(tmp_path):
    (tmp_path / "gitseq.toml").write_text(HOOK.format("h"))
    assert compiled(tmp_path).tags_stamp == ""


def test_a_built_in_hook_with_an_id_of_its_own_is_shown_by_it(tmp_path):
    hooks = (("tidy", "trailing-whitespace"), ("trailing-whitespace", "trailing-whitespace"))
    tables = (f'[[hook]]\nid = "{name}"\nbuiltin = "{builtin}"\n' for name, builtin in hooks)
    (tmp_path / "gitseq.toml").write_text("".join(tables))
    assert [hook.name for hook in compiled(tmp_path).hooks] == ["tidy", "trim trailing whitespace"]
