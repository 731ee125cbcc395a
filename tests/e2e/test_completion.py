"""Pressing TAB, in the shells themselves."""

import os
import pty
import re
import shutil
import subprocess
import time

import pytest

from gitseq.cli import described
from gitseq.cli.main import VERBS
from gitseq.core import completing
from tests.support.repo import BIN

CONFIG = """\
[[hook]]
id = "lint-python"
alias = "linting"
run = "true"
groups = ["slow", "style"]

[[hook]]
id = "with space"
run = "true"
"""

BASH = """
source <(gitseq completion bash)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_gitseq
printf '%s\\n' "${COMPREPLY[@]}"
"""

CASES = [
    (["un"], ["uninstall", "unwrap"]),
    (["exe"], ["exec"]),
    (["run", "--sta"], ["--stage"]),
    (["run", "--stage", "pre-p"], ["pre-push"]),
    (["run", "lin"], ["lint-python", "linting"]),
    (["run", "pre-p"], ["pre-push"]),
    (["run", "--skip", "lint-"], ["lint-python"]),
    (["run", "--group", "s"], ["slow", "style"]),
    (["run", "--format", "js"], ["json"]),
    (["list", "--config", "gitseq.t"], ["gitseq.toml"]),
    (["wrap", "--dir", "fol"], ["folder"]),
    (["wrap", "gitse"], ["gitseq"]),
    (["exec", "gitse"], ["gitseq"]),
    (["exec", "--", "gitse"], ["gitseq"]),
    (["exec", "--timeout", "5s", "--", "cat", "gitseq.t"], ["gitseq.toml"]),
    (["completion", "z"], ["zsh"]),
]


@pytest.fixture
def repo(repo):
    repo.config(CONFIG)
    (repo.path / "folder").mkdir()
    return repo


def needed(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")


def lines(argv, repo):
    done = subprocess.run(argv, cwd=repo.path, env=repo.env, capture_output=True, text=True, timeout=60, check=False)
    assert not done.stderr, done.stderr
    return [line.split("\t")[0].rstrip("/") for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(("words", "found"), CASES, ids=[" ".join(words) for words, _found in CASES])
def test_bash_completes(repo, words, found):
    needed("bash")
    assert sorted(set(lines(["bash", "-c", BASH, "bash", "gitseq", *words], repo))) == found


def test_bash_quotes_what_would_fall_apart(repo):
    needed("bash")
    assert lines(["bash", "-c", BASH, "bash", "gitseq", "run", "with"], repo) == ["with\\ space"]


def test_bash_completes_behind_an_equals_sign(repo):
    needed("bash")
    assert lines(["bash", "-c", BASH, "bash", "gitseq", "run", "--stage", "=", "pre-p"], repo) == ["pre-push"]
    assert "manual" in lines(["bash", "-c", BASH, "bash", "gitseq", "run", "--stage", "="], repo)


def test_all_cases_of_fish(repo):
    """One fish for all cases: it takes a while to start."""
    needed("fish")
    asks = "\n".join(
        f"echo '# {number}'; complete -C 'gitseq {' '.join(words)}'" for number, (words, _) in enumerate(CASES)
    )
    told = "\n".join(lines(["fish", "-c", f"gitseq completion fish | source\n{asks}"], repo))
    answers = [sorted(set(part.splitlines()[1:])) for part in re.split(r"(?m)^(?=# \d)", told)[1:]]
    assert [(words, was) for (words, _), was in zip(CASES, answers, strict=True)] == CASES


def test_zsh_completes(repo):
    needed("zsh")
    with Terminal(["zsh", "-f", "-i"], repo) as zsh:
        zsh.send(
            "PS1='ready> '; unsetopt beep; autoload -Uz compinit; compinit -u -D; source <(gitseq completion zsh)\n"
        )
        zsh.send("print loa''ded\n")
        zsh.wait_for("loaded")
        for typed, completed in [
            ("gitseq unw", "gitseq unwrap "),
            ("gitseq run lint-", "gitseq run lint-python "),
            ("gitseq run --all", "gitseq run --all-files "),
            ("gitseq run --stage=pre-p", "gitseq run --stage=pre-push "),
            ("gitseq run --stage pre-p", "gitseq run --stage pre-push "),
            ("gitseq run --format js", "gitseq run --format json "),
            ("gitseq list --config gitseq.t", "gitseq list --config gitseq.toml "),
            ("gitseq exec -- gitse", "gitseq exec -- gitseq "),
            ("gitseq completion z", "gitseq completion zsh "),
        ]:
            zsh.send(typed + "\t")
            zsh.wait_for(completed)
            zsh.send("\x15")  # Ctrl-U: an empty line again


class Terminal:
    """A program on a terminal of its own; what it printed since the last match is searched."""

    def __init__(self, argv, repo):
        self._pid, self._fd = pty.fork()
        if not self._pid:
            try:
                os.chdir(repo.path)
                os.execvpe(argv[0], argv, {**repo.env, "TERM": "dumb", "COLUMNS": "200"})
            finally:
                os._exit(127)
        os.set_blocking(self._fd, False)
        self._seen = ""

    def send(self, text):
        os.write(self._fd, text.encode())

    def wait_for(self, text, timeout=20.0):
        end = time.monotonic() + timeout
        while text not in self._seen:
            assert time.monotonic() < end, f"no {text!r} in {self._seen!r}"
            try:
                self._seen += os.read(self._fd, 65536).decode("utf-8", "replace")
            except BlockingIOError:
                time.sleep(0.01)
        self._seen = ""

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        os.close(self._fd)  # hangs up
        os.waitpid(self._pid, 0)


@pytest.mark.parametrize("shell", completing.SHELLS)
def test_a_shell_understands_its_script(repo, shell, tmp_path):
    needed(shell)
    script = tmp_path / "script"
    script.write_bytes(repo.gitseq("completion", shell, check=True).stdout)
    assert not lines([shell, "-n", str(script)], repo)


def test_verbs_are_those_of_the_command_line():
    names = [verb.name for verb in described.verbs()]
    assert [name for name in names if " " not in name] == list(VERBS)


@pytest.mark.parametrize("where", ["no repository", "no configuration", "a broken configuration"])
def test_where_nothing_can_be_had_nothing_is_said(repo, where, tmp_path):
    folder = tmp_path if where == "no repository" else repo.path
    (repo.path / "gitseq.toml").unlink()
    if where == "a broken configuration":
        repo.write("gitseq.toml", "hook = 3")
    asked = [str(BIN / "gitseq"), "completion", "hooks"]
    done = subprocess.run(asked, cwd=folder, env=repo.env, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
