"""Slips of the finger on a command line: each is answered with what is known and what to type."""

import subprocess

import pytest

from tests.support.recorder import hook
from tests.support.repo import BIN, text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cache",), "gitseq cache needs stats or clear or verify"),
        (("env",), "gitseq env needs list or install or gc"),
        (("builtin",), "gitseq builtin needs BUILTIN: the hook, such as"),
        (("try-repo",), "gitseq try-repo needs URL: the repository"),
        (("cache", "stat"), "`stat` is not known, did you mean `stats`?\n  Known are: stats, clear, verify"),
        (("list", "--format", "jsn"), "--format: `jsn` is not known, did you mean `json`?\n  Known are: text, json"),
        (("run", "a.txt"), "Were a file meant: gitseq run --files FILE"),
    ],
    ids=" ".join,
)
def test_a_mistyped_command_line_is_answered_with_what_is_known(repo, arguments, words):
    repo.config(hook("a", "true"))
    done = repo.gitseq(*arguments)
    assert done.returncode == 2
    assert words in text(done)


def test_a_folder_without_its_slash_is_understood_to_be_one(repo):
    repo.write("packages/api/gitseq.toml", hook("inner", "true"))
    repo.add()
    repo.config(hook("a", "true"))
    for folder in ("packages", "packages/api"):
        assert f"For the hooks of that folder: gitseq run {folder}/\n" in text(repo.gitseq("run", folder))


def test_a_file_that_is_not_there_is_named(repo):
    repo.config(hook("a", "true"))
    assert "note: there is no file nosuch in this work tree (and 1 more)\n" in text(
        repo.gitseq("run", "--files", "nosuch", "nor-this", check=True)
    )
    repo.write("b.txt", "b\n")
    assert "note:" not in text(repo.gitseq("run", "--files", "b.txt", check=True))


def test_update_says_when_there_is_nothing_to_update(repo):
    repo.config(hook("a", "true"))
    assert text(repo.gitseq("update", check=True)).startswith("gitseq.toml names no repository of hooks")


def test_try_repo_names_the_hooks_when_the_one_it_was_asked_for_is_not_offered(repo, make_repo):
    offers = make_repo("hooks")
    offers.write(".pre-commit-hooks.yaml", "- {id: shout, name: s, entry: echo, language: system}\n")
    offers.add()
    offers.commit()
    told = text(repo.gitseq("try-repo", str(offers.path), "shuot"))
    assert "offers no hook `shuot`, did you mean `shout`?\n  It offers: shout\n" in told


def test_doctor_says_once_what_to_do_about_an_unsound_configuration(repo):
    repo.config("[[hok]]\n")
    assert text(repo.gitseq("doctor")).count("gitseq validate") == 1


def test_help_that_finds_the_disk_full_does_not_end_in_words_of_python(repo):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [BIN / "gitseq", "--help"], env=repo.env, cwd=repo.path, stdout=full, stderr=-1, check=True
        )
    assert done.stderr == b""


def test_a_mistyped_hook_to_skip_is_told_and_one_of_the_environment_is_not(repo):
    repo.config('[[hook]]\nid = "no-op"\nrun = "true"\n')
    done = repo.gitseq("run", "--all-files", "--skip", "no-opp", env={"SKIP": "of-another-repository"})
    assert done.returncode == 0
    assert b"--skip no-opp: no hook has that id, did you mean `no-op`?" in done.stdout + done.stderr
    assert b"another" not in done.stdout + done.stderr
    done = repo.gitseq("run", "--all-files", "--skip", "no-op,./")
    assert b"no hook has that id" not in done.stdout + done.stderr
