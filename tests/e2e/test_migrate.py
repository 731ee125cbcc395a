"""`gitseq migrate` finds the other configuration, writes a new one beside it, and the hooks run as before."""

import json

import pytest

from tests.support import hookrepos
from tests.support.repo import text

YAML = """\
# ours
repos:
  - repo: local
    hooks:
      - {id: say, name: say, entry: printf heard-%s, language: system, verbose: true}
      - {id: never, name: never, entry: no foo here, language: fail, files: foo}
"""


@pytest.fixture
def repo(repo):
    repo.write("foo.txt", "foo\n")
    repo.write("bar.txt", "bar\n")
    repo.add()
    return repo


def outcome(repo):
    done = repo.gitseq("run", "--all-files", "--format", "json")
    verdicts = json.loads(done.stdout)["hooks"]
    return done.returncode, [(one["id"], one["status"], one.get("exit_code")) for one in verdicts]


def test_hooks_run_as_they_did_before(repo):
    repo.write(".pre-commit-config.yaml", YAML)
    repo.add()
    before = outcome(repo)
    done = repo.gitseq("migrate", check=True)
    assert "wrote gitseq.toml from .pre-commit-config.yaml" in text(done)
    repo.gitseq("validate", check=True)
    repo.add()
    assert outcome(repo) == before
    assert repo.read("gitseq.toml").count(b"# ours\n") == 1
    assert repo.read(".pre-commit-config.yaml") == YAML.encode()


def test_a_gitseq_toml_that_is_there_is_never_overwritten_but_by_force(repo):
    repo.write(".pre-commit-config.yaml", YAML)
    repo.write("gitseq.toml", "# mine\n")
    done = repo.gitseq("migrate")
    assert done.returncode == 3
    assert repo.read("gitseq.toml") == b"# mine\n"
    repo.gitseq("migrate", "--force", check=True)
    assert b'id = "say"' in repo.read("gitseq.toml")


def test_remote_hook_runs_from_the_same_environment_after_migrating(repo, make_repo, tmp_path):
    log = tmp_path / "built"
    hooks = hookrepos.made_up_hooks(hookrepos.setup(repo), make_repo, log)
    pattern = "      - {id: foo, name: foo, entry: 'no such| f o+', language: pygrep, args: [-i]}\n"
    whitespace = (
        "  - repo: https://github.com/pre-commit/pre-commit-hooks\n    rev: v5.0.0\n"
        "    hooks:\n      - id: end-of-file-fixer\n"
    )
    repo.write(".pre-commit-config.yaml", hookrepos.yaml(hooks, "count-lines") + whitespace + YAML[13:] + pattern)
    repo.add()
    before = outcome(repo)
    assert [one[1] for one in before[1]] == ["passed", "passed", "passed", "failed", "failed"]
    repo.gitseq("migrate", "--check", check=True)
    repo.gitseq("migrate", check=True)
    repo.gitseq("validate", check=True)
    repo.add()
    assert outcome(repo) == before
    assert log.read_text() == "built\n"


def test_every_word_of_a_hook_that_only_fails_is_said(repo):
    repo.write("gitseq.toml", "[[hook]]\nid = 'no'\nlanguage = 'fail'\nrun = 'no foo here'\nfiles = 'foo'\n")
    repo.add()
    done = repo.gitseq("run", "--all-files")
    assert done.returncode == 1
    assert "no foo here\n" in text(done)


@pytest.mark.parametrize(("extra", "code"), [("", 0), ("  - {repo: meta, hooks: [{id: identity}]}\n", 1)])
def test_check_tells_what_would_be_lost_and_changes_nothing(repo, extra, code):
    repo.write(".pre-commit-config.yaml", YAML + extra)
    done = repo.gitseq("migrate", "--check")
    assert done.returncode == code
    assert (b"lost: hook `identity`" in done.stderr) is bool(code)
    assert not (repo.path / "gitseq.toml").exists()


def test_what_is_not_said_stands_in_the_file_as_a_comment(repo):
    repo.write(".pre-commit-config.yaml", YAML + "  - {repo: meta, hooks: [{id: identity}]}\n")
    repo.gitseq("migrate", check=True)
    assert b"# NOT MIGRATED: it looks at .pre-commit-config.yaml" in repo.read("gitseq.toml")
    repo.gitseq("validate", check=True)


def test_other_managers_are_found_and_named(repo):
    repo.write("lefthook.yml", "pre-commit:\n  commands:\n    a: {run: 'printf %s {staged_files}'}\n")
    repo.write("package.json", '{"lint-staged": {"*.txt": "git hash-object"}}')
    done = repo.gitseq("migrate", check=True)
    assert "from lefthook.yml" in text(done)
    assert "package.json, too" in text(done)
    assert outcome(repo) == (0, [("a", "passed", 0)])
    printed = repo.gitseq("migrate", "--stdout", "--from", "package.json", check=True)
    assert b'run = "git hash-object"' in printed.stdout


@pytest.mark.parametrize("name", [".lintstagedrc", ".lintstagedrc.yaml", ".lintstagedrc.json"])
def test_husky_with_lint_staged_beside_it(repo, name):
    (repo.path / ".husky").mkdir()
    repo.write(".husky/pre-commit", "npx lint-staged\necho tested\n")
    repo.write(name, json.dumps({"*.txt": ["git hash-object"]}))
    assert "from .husky/" in text(repo.gitseq("migrate", check=True))
    repo.add()
    assert outcome(repo) == (0, [("git", "passed", 0), ("husky-pre-commit", "passed", 0)])


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("none", "", 2, "nothing to migrate"),
        (".pre-commit-config.yaml", "repos: [", 2, "not valid YAML"),
        (".pre-commit-config.yaml", b"\xff", 2, "not UTF-8"),
        ("package.json", "{", 2, "not valid JSON"),
        ("lefthook.yml", "- a", 2, "must be a map"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(repo, name, content, code, words):
    repo.write(name, content)
    done = repo.gitseq("migrate")
    assert done.returncode == code, text(done)
    assert words in text(done)
    assert not (repo.path / "gitseq.toml").exists()


def test_a_file_that_is_not_there_or_not_known_is_a_usage_error(repo):
    assert repo.gitseq("migrate", "--from", "nowhere.yml").returncode == 2
    assert repo.gitseq("migrate", "--from", "foo.txt").returncode == 2
    repo.write("package.json", "{}")
    assert repo.gitseq("migrate", "--from", "package.json").returncode == 2
