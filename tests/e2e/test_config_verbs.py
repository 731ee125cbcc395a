"""validate, list, schema and init, as people call them."""

import json
import os
import subprocess

import pytest

from tests.support.repo import BIN, text

CONFIG = """\
[[hook]]
id = "lint"
run = "true"
types = ["python"]
groups = ["fast"]
[[hook]]
id = "push"
run = "true --all"
stages = ["pre-push"]
files = { glob = ["src/**"] }
"""


def out(done):
    assert done.returncode == 0, text(done)
    return done.stdout.decode()


def test_validate_says_that_a_configuration_is_sound(repo):
    repo.config(CONFIG)
    (repo.path / "sub").mkdir()
    assert out(repo.gitseq("validate", cwd="sub")) == "gitseq.toml: sound, 2 hooks\n"


def test_validate_tells_problems_on_stderr_and_ends_with_2(repo):
    repo.config("[[hook]]\nid = 'x'\nruns = 'y'\n")
    done = repo.gitseq("validate")
    assert done.returncode == 2
    assert b'gitseq.toml:3: hook "x": runs: unknown key, did you mean `run`?' in done.stderr
    assert b"Traceback" not in done.stderr + done.stdout


def test_validate_tells_of_an_overlay(repo):
    repo.config(CONFIG)
    repo.write("gitseq.local.toml", '[[hook]]\nid = "lint"\nverbose = true\n')
    assert "note: gitseq.local.toml changes lint\n" in out(repo.gitseq("validate"))
    assert "note" not in out(repo.gitseq("validate", env={"CI": "1"}))
    assert "note" not in out(repo.gitseq("validate", "--config", "gitseq.toml"))


def test_validate_takes_a_file_relative_to_where_one_stands(repo):
    repo.write("sub/mine.toml", "x = 1\n")
    done = repo.gitseq("validate", "--config", "mine.toml", cwd="sub")
    assert (done.returncode, b"sub/mine.toml:1: x: unknown key" in done.stderr) == (2, True)


def test_list_shows_hooks_in_order_with_what_selects_them(repo):
    repo.config(CONFIG)
    head, lint, push = out(repo.gitseq("list")).splitlines()
    assert head.split() == ["HOOK", "STAGES", "GROUPS", "FILES", "COMMAND"]
    assert lint.split() == ["lint", "pre-commit", "fast", "python", "true"]
    assert push.split() == ["push", "pre-push", "-", "src/**", "true", "--all"]


def test_list_is_narrowed_by_stage_and_group(repo):
    repo.config(CONFIG)
    assert [line.split()[0] for line in out(repo.gitseq("list", "--stage", "pre-push")).splitlines()[1:]] == ["push"]
    assert [line.split()[0] for line in out(repo.gitseq("list", "--group", "fast")).splitlines()[1:]] == ["lint"]
    assert out(repo.gitseq("list", "--group", "none")) == "gitseq.toml: no hooks match\n"
    assert repo.gitseq("list", "--stage", "commit").returncode == 2


def test_list_as_json_has_every_field(repo):
    repo.config(CONFIG)
    listed = json.loads(out(repo.gitseq("list", "--format", "json")))
    assert [hook["id"] for hook in listed["hooks"]] == ["lint", "push"]
    assert listed["hooks"][0]["types"] == ["python"]
    assert listed["source"] == "gitseq.toml"


def test_schema_is_json(repo):
    assert json.loads(out(repo.gitseq("schema")))["title"] == "gitseq.toml"


def test_outside_of_a_repository_it_is_said_so(repo, tmp_path):
    for verb in ("validate", "list", "init"):
        done = repo.gitseq(verb, cwd=tmp_path)
        assert done.returncode == 4
        assert b"not a git repository" in done.stderr


TREE = {
    "ruff": ("pyproject.toml", "[tool.ruff]\n"),
    "black": ("pyproject.toml", "[tool.black]\n"),
    "mypy": ("setup.cfg", "[mypy]\n"),
    "prettier": ("package.json", '{"devDependencies": {"prettier": "3"}}'),
    "eslint": ("eslint.config.js", ""),
    "go-vet": ("go.mod", "module x\n"),
    "cargo-fmt": ("Cargo.toml", ""),
    "shellcheck": ("scripts/a.sh", ""),
    "make-test": ("Makefile", "all:\ntest: all\n"),
}


@pytest.mark.parametrize("hook", TREE)
def test_init_finds_the_tool_and_writes_what_validates(repo, hook):
    repo.write(*TREE[hook])
    out(repo.gitseq("init"))
    assert f'id = "{hook}"'.encode() in repo.read("gitseq.toml")
    assert "sound" in out(repo.gitseq("validate"))


def test_init_in_a_tree_that_gives_nothing_away_writes_a_hook_that_works(repo):
    assert "no tool it knows" in out(repo.gitseq("init"))
    assert "sound, 1 hook\n" in out(repo.gitseq("validate"))


def test_the_hook_of_init_looks_at_every_file_when_it_is_asked_to(repo):
    repo.write("old.txt", "blanks  \n<<<<<<< ours\n")
    repo.add()
    repo.commit()
    repo.gitseq("init", check=True)
    done = repo.gitseq("run", "--all-files")
    assert (done.returncode, text(done).count("old.txt:")) == (1, 2), text(done)


def test_init_touches_no_file_that_is_there(repo):
    repo.write("gitseq.toml", "# mine\n")
    done = repo.gitseq("init")
    assert done.returncode == 3
    assert b"It was not touched." in done.stderr
    assert repo.read("gitseq.toml") == b"# mine\n"


@pytest.mark.parametrize("option", ["--dry-run", "--stdout"])
def test_init_prints_without_writing(repo, option):
    repo.write(*TREE["ruff"])
    assert 'run = "ruff format"' in out(repo.gitseq("init", option))
    assert not (repo.path / "gitseq.toml").exists()


def test_init_does_not_follow_a_dangling_link(repo, tmp_path):
    (repo.path / "gitseq.toml").symlink_to(tmp_path / "elsewhere")
    assert repo.gitseq("init").returncode == 3
    assert not (tmp_path / "elsewhere").exists()


def test_reader_that_leaves_early_is_no_error(repo):
    """`gitseq schema | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        argv = [str(BIN / "gitseq"), "schema"]
        done = subprocess.run(argv, stdout=writing, stderr=subprocess.PIPE, env=repo.env, cwd=repo.path, timeout=60)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
