"""What cannot be a configuration is told in words that name the file, the line and the key; never by a traceback."""

import random
import re

import pytest
import tomli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitseq.config import explain
from gitseq.errors import ConfigError, NoConfiguration
from tests.support.configs import VALID, compiled, problem, refusal, told


def hook(*lines: str) -> str:
    return "\n".join(["[[hook]]", 'id = "h"', 'run = "true"', *lines]) + "\n"


HAND_MADE = [
    # (text, line or 0, words that must be told)
    ("a = ", 1, "not valid TOML"),
    ("a = 1\na = 2", 2, "not valid TOML"),
    ('x = "\n', 1, "not valid TOML"),
    ("[hook]\n[[hook]]", 2, "not valid TOML"),
    ("[" * 50, 1, "not valid TOML"),
    ("a = " + "[" * 5000, 0, "nested too deeply"),
    ("a = " + "9" * 5000, 0, "not valid TOML"),
    (b"a = 1\nb = '\xff'", 2, "not UTF-8"),
    (b"\xff\xfea\x00", 1, "not UTF-8"),
    (b"\0", 1, "not valid TOML"),
    ("#" * (1 << 20) + "\n", 0, "larger than 1 MiB"),
    ("exlude = 'a'", 1, "exlude: unknown key, did you mean `exclude`?"),
    ("\n\ntimeout = '1s'", 3, "timeout: unknown key"),
    ("repos = []", 1, "did you mean `repo`?"),
    ("fail_fast = 'yes'", 1, "must be true or false, not a string"),
    ("fail_fast = 1", 1, "must be true or false, not a whole number"),
    ("files = 3", 1, "must be a string or a table, not a whole number"),
    ("files = '('", 1, "not a regular expression: missing ), unterminated subpattern at position 0"),
    ("files = '*.py'", 1, "nothing to repeat at position 0"),
    ("files = { glob = [] }", 1, "files.glob: must not be empty"),
    ("files = { glob = '*.py' }", 1, "files.glob: must be an array, not a string"),
    ("files = { glob = ['/a'] }", 1, "files.glob[0]: not a glob"),
    ("files = { globs = ['a'] }", 1, "files.globs: unknown key, did you mean `glob`?"),
    ("files = {}", 1, "`glob` is missing"),
    ("files = { glob = [\n'a',\n'[b' ] }", 3, "files.glob[1]: not a glob: `[` is never closed"),
    ("exclude = ''", 1, "matches every file"),
    ("default_stages = []", 1, "must not be empty"),
    ("default_stages = 'pre-commit'", 1, "must be an array, not a string"),
    ("default_stages = ['precommit']", 1, "`precommit` is not known, did you mean `pre-commit`?"),
    ("default_stages = ['xyz']", 1, "known are pre-commit,"),
    ("minimum_version = 0.1", 1, "must be a string, not a decimal number"),
    ("minimum_version = 'new'", 1, "`new` is not a version"),
    ("what = 1\nminimum_version = '99.1'", 2, "needs gitseq 99.1 or newer"),
    ("minimum_version = 1979-05-27", 1, "must be a string, not a date"),
    ("hook = 3", 1, "hook: must be an array, not a whole number"),
    ("hook = [3]", 1, "hook[0]: must be a table, not a whole number"),
    ("timeout = '5s'", 1, "timeout: unknown key, it is one of `limits`"),
    ("[profile.ci]\nmemory = '5GiB'", 2, "profile.ci.memory: unknown key, it is one of `limits`"),
    ("[hook]\nid = 'a'", 1, "hook: must be an array, not a table; each of its tables begins with [[hook]]"),
    ("[[hook]]", 1, "hook #1: `id` is missing"),
    ("[[hook]]\nid = 'a'", 1, 'hook "a": `run` is missing'),
    ("[[hook]]\nrun = 'a'", 1, "hook #1: `id` is missing"),
    ("[[hook]]\nid = ''\nrun = 'a'", 2, "id: is empty"),
    ("[[hook]]\nid = 'a,b'\nrun = 'a'", 2, "holds a comma"),
    ("[[hook]]\nid = ' a'\nrun = 'a'", 2, "spaces around it"),
    ('[[hook]]\nid = "a\\nb"\nrun = "a"', 2, r"`a\nb` holds"),
    ("[[hook]]\nid = 'pre-push'\nrun = 'a'", 2, "is a stage"),
    ("[[hook]]\nid = 3\nrun = 'a'", 2, "id: must be a string"),
    (hook() + hook(), 5, "the hook on line 2 has this id already"),
    (hook("typs = []"), 4, 'hook "h": typs: unknown key, did you mean `types`?'),
    ("[[hook]]\nid = 'a'\nentry = 'x'", 3, "entry: unknown key, did you mean `run`?"),
    ("[[hook]]\nid = 'a'\nrun = ''", 3, "run: is empty"),
    ("[[hook]]\nid = 'a'\nrun = \"''\"", 3, "names no command"),
    ("[[hook]]\nid = 'a'\nrun = \"it's\"", 3, "cannot be split into words: no closing quotation"),
    ("[[hook]]\nid = 'a'\nrun = ['a']", 3, "must be a string, not an array"),
    ("[[hook]]\nid = 'a'\nrun = 'a && b'", 3, "`&&` needs a shell"),
    ("[[hook]]\nid = 'a'\nrun = '''\na\nb'''", 3, "has several lines"),
    ("[[hook]]\nid = 'a'\nrun = 'a'\nbuiltin = 'check-ast'", 4, "not both"),
    ('[[hook]]\nid = "a"\nrun = "a\\u0000"', 3, "NUL"),
    (hook('name = "a\\nb"'), 4, "line break"),
    (hook("shell = 'bash'"), 4, "must be true or false"),
    (hook("types = ['pyton']"), 4, "`pyton` is no file type that identify knows, did you mean `python`?"),
    (hook("types_or = 'python'"), 4, "must be an array"),
    (hook("exclude_types = [1]"), 4, "exclude_types[0]: must be a string"),
    (hook("stages = []"), 4, "names no stage"),
    (hook("stages = ['commit']"), 4, "`commit` is not known"),
    (hook("pass_filenames = 0"), 4, "must be a whole number >= 1"),
    (hook("pass_filenames = -1"), 4, "must be a whole number >= 1"),
    (hook("pass_filenames = 'no'"), 4, "must be true or false or a whole number, not a string"),
    (hook("env = ['A=1']"), 4, "env: must be a table"),
    (hook("env = { A = 1 }"), 4, "env.A: must be a string"),
    (hook("[hook.env]", '"A=B" = "1"'), 5, "env.A=B: is no name for a variable"),
    (hook("[hook.env]", '"" = "1"'), 5, "is no name for a variable"),
    (hook("env = { A = \"\\u0000\" }"), 4, "NUL"),
    (hook("git_env = 'scrubbed'"), 4, "`scrubbed` is not known, did you mean `scrub`?"),
    (hook("root = '/etc'"), 4, "must be relative"),
    (hook("root = 'a/../../b'"), 4, "lies outside of the repository"),
    (hook("skip_on = ['rebasing']"), 4, "did you mean `rebase`?"),
    (hook("groups = ['a', '']"), 4, "groups[1]: is empty"),
    (hook("log_file = ''"), 4, "is empty"),
    (hook("interactive = true", "log_file = 'x'"), 5, "cannot be logged"),
    (hook("interactive = true", "pass_filenames = 3"), 5, "started once"),
    (hook("interactive = true", "stdin = true"), 5, "reads the terminal"),
    (hook("timeout = '10'"), 4, "'10' has no unit"),
    (hook("timeout = '10 parsecs'"), 4, "unknown unit 'parsecs'"),
    (hook("timeout = 10"), 4, "must be a string, not a whole number"),
    (hook("timeout = '0s'"), 4, "must be more than nothing"),
    (hook("memory = '0GiB'"), 4, "must be more than nothing"),
    (hook("memory = '4gigs'"), 4, "unknown unit 'gigs'"),
    (hook("processes = 0"), 4, "must be a whole number >= 1"),
    (hook("retry = -1"), 4, "must be a whole number >= 0"),
    (hook("language = 'pyton'"), 4, "did you mean `python`?"),
    (hook("language = 'python'", "shell = true"), 4, "no language but system"),
    (hook("additional_dependencies = ['x']"), 4, "language system has no environment"),
    (hook("language = 'pygrep'", "language_version = '3'"), 5, "language pygrep has no environment"),
    ("[[hook]]\nid = 'a'\nbuiltin = 'check-json'\nlanguage = 'python'", 4, "has its own"),
    ("default_language_version = { pyton = '3' }", 1, "did you mean `python`?"),
    (hook("cache = 'maybe'"), 4, "`maybe` is not known"),
    (hook("inputs = ['/x']"), 4, "inputs[0]: not a glob"),
    ("[limits]\ntimeuot = '5m'", 2, "did you mean `timeout`?"),
    ("[limits]\nmemory = 'much'", 2, "'much' is not a size"),
    ("[queue]\nscope = 'world'", 2, "known are worktree, repo, user"),
    ("[queue]\nwait = 'for ever'", 2, "is not a duration"),
    ("[profile.ci.limits]\nmemory = 2", 2, "profile.ci.limits.memory: must be a string"),
    ("[profile]\nci = 3", 2, "profile.ci: must be a table"),
    ("isolate = 'some'", 1, "known are partial, all, none"),
    ("[stage.pre-psh]\nisolate = 'all'", 1, "did you mean `pre-push`?"),
    ("[[repo]]\nurl = 'x'", 1, '`rev` is missing'),
    ("[[repo]]\nurl = 'x'\nrev = 'v1'\n[[repo.hook]]\nname = 'a'", 4, "`id` is missing"),
    ("[[repo]]\nurl = 'x'\nrev = 'v1'\n[[repo.hook]]\nid = 'a'\nshell = true", 6, "shell: unknown key"),
    ("[[repo]]\nurl = 'x'\nrev = 'v1'\n[[repo.hook]]\nid = 'a'\nretry = -1", 6, "must be a whole number >= 0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), HAND_MADE, ids=[words for _text, _line, words in HAND_MADE])
def test_problem_is_told_with_its_file_line_and_reason(tmp_path, text, line, words):
    error = problem(tmp_path, text)
    assert words in told(error)
    assert error.exit_code == 2
    assert line in [found.line for found in error.problems]
    assert (f"gitseq.toml:{line}:" if line else "gitseq.toml: ") in told(error)


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path):
    error = problem(tmp_path, "exlude = 1\nfail_fast = 2\n" + hook("typs = 3", "files = '('"))
    assert [found.line for found in error.problems] == [1, 2, 6, 7]
    assert error.lines()[0] == "4 problems in gitseq.toml"
    assert len(error.lines()) == 6
    assert error.lines()[-1] == "When it is mended: gitseq validate"


def test_more_problems_than_fit_are_counted(tmp_path):
    error = problem(tmp_path, "\n".join(f"x{number} = 1" for number in range(30)))
    assert len(error.lines()) == explain.MOST + 3
    assert error.lines()[-2] == "... and 20 more"


def test_file_that_is_no_configuration_at_all_is_not_studied_for_long(tmp_path):
    error = problem(tmp_path, "\n".join(f"x{number} = 1" for number in range(20_000)))
    assert len(error.problems) == 100


@pytest.mark.parametrize("kind", ["folder", "fifo", "dangling", "loop"])
def test_what_is_no_file_is_told(tmp_path, kind):
    path = tmp_path / "gitseq.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        import os

        os.mkfifo(path)
    else:
        path.symlink_to("gitseq.toml" if kind == "loop" else "nowhere")
    with pytest.raises(ConfigError, match=r"gitseq\.toml: cannot be read: \w+"):
        compiled(tmp_path)


def test_no_configuration_has_an_error_of_its_own(tmp_path):
    with pytest.raises(NoConfiguration) as caught:
        compiled(tmp_path)
    assert "gitseq init" in told(caught.value)


def test_named_file_that_is_missing_is_no_missing_configuration(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file") as caught:
        compiled(tmp_path, explicit=b"other.toml")
    assert not isinstance(caught.value, NoConfiguration)


def test_pyproject_problem_has_the_line_in_pyproject(tmp_path):
    error = problem(
        tmp_path, "[project]\nname = 'x'\n[tool.gitseq]\nfail_fast = 1\n[[tool.gitseq.hook]]\nx = 1\n", "pyproject.toml"
    )
    assert [(found.file, found.line, found.key) for found in error.problems] == [
        ("pyproject.toml", 4, "fail_fast"),
        ("pyproject.toml", 5, "hook #1"),
        ("pyproject.toml", 6, "hook #1: x"),
    ]


def test_overlay_problem_names_the_overlay(tmp_path):
    (tmp_path / "gitseq.local.toml").write_text('[[hook]]\nid = "h"\nfiles = "("\n')
    error = problem(tmp_path, hook())
    assert [(found.file, found.line) for found in error.problems] == [("gitseq.local.toml", 3)]


def test_contradiction_between_file_and_overlay_names_the_key_that_brought_it(tmp_path):
    (tmp_path / "gitseq.local.toml").write_text('[[hook]]\nid = "h"\nlog_file = "x"\n')
    error = problem(tmp_path, hook("interactive = true"))
    assert [(found.file, found.line) for found in error.problems] == [("gitseq.local.toml", 3)]


def is_told_well(error: ConfigError) -> bool:
    lines = error.lines()
    return (
        error.exit_code == 2
        and 0 < len(lines) <= explain.MOST + 3
        and all(len(line) < 400 and line.replace("\udcff", "").isprintable() for line in lines)
        and "gitseq.toml" in lines[0]
        and all(found.line > 0 for found in error.problems if found.key)
        and not re.search(r"Traceback|object at 0x|msgspec|`str`", told(error))
    )


def mutated(seed: int) -> bytes:
    """The valid configuration with one to three accidents: in its values, keys, lines, or bytes."""
    chance = random.Random(seed)
    lines = VALID.split("\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        key, equals, value = lines[at].partition(" = ")
        junk = chance.choice(['""', "[]", "{}", "-1", "nan", "1979-05-27", '"\\u0000"', '["\\n"]', "{ a = [{}] }"])
        lines[at] = chance.choice(
            [
                f"{key} = {junk}" if equals else junk,
                f"{key[:-1]}{equals}{value}",
                lines[at][: chance.randrange(len(lines[at]) + 1)],
                lines[at] + chance.choice(['"', "]", "=", "\x07", "#", "\\"]),
                lines[at].replace("=", "", 1),
                lines[at] + "\n" + lines[at],
            ]
        )
    data = "\n".join(lines).encode()
    if chance.random() < 0.2:
        at = chance.randrange(len(data))
        data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    return data


@pytest.mark.parametrize("batch", range(4))
def test_a_thousand_accidents_are_all_told_well_or_harmless(tmp_path, batch):
    errors = {seed: refusal(tmp_path, mutated(seed)) for seed in range(batch * 250, batch * 250 + 250)}
    refused = {seed: error for seed, error in errors.items() if error is not None}
    assert not {seed: told(error) for seed, error in refused.items() if not is_told_well(error)}
    assert len(refused) >= 150


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=40), st.text("[]{}=\"'\n.#hookidrun,\\ 1", max_size=60).map(str.encode)))
def test_any_bytes_are_a_configuration_or_told_well(tmp_path, data):
    error = refusal(tmp_path, data)
    assert error is None or is_told_well(error), told(error)


def test_the_valid_configuration_is_valid(tmp_path):
    (tmp_path / "gitseq.toml").write_text(VALID)
    assert [hook.id for hook in compiled(tmp_path).hooks] == ["ruff", "message"]
    assert tomli.loads(VALID)["hook"][0]["exclude"] == r"_pb2\.py$"
