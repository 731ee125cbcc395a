"""A repository whose hooks are cached, driven in this process: thousands of runs, real git, real commands.

`Sequence(repo, seed)` edits it at random - content, mode, names, inputs, tool, command, configuration, environment -
and `verdicts` tells what each hook says, with the ledger or without it.
"""

import os
import random

from gitseq.config import kept
from gitseq.config.load import compile_plan
from gitseq.core.stages import STAGES
from gitseq.engine import request as asked
from gitseq.engine import run as engine
from gitseq.engine import settings
from gitseq.engine.request import Request, World
from gitseq.git import repo as git_repo
from gitseq.host.signals import Signals
from gitseq.ledger.store import Ledger
from gitseq.model import Event, Plan, Report
from tests.support.repo import Repo


def passed(ledger: Ledger, ns: bytes, keys: "list[bytes]") -> "set[bytes]":
    """Which of these keys passed."""
    left = ledger.left(ns, keys)
    assert [key for key in keys if key in set(left)] == left
    return set(keys).difference(left)


WORDS = ("alpha", "beta", "gamma", "delta")

_TOOL = """#!/bin/sh
# fails for a file that holds a word which the rules, an option, the environment or it itself forbids
forbidden="$FORBID $(cat rules.txt 2>/dev/null) {own}"
while [ "$1" = --also ]; do forbidden="$forbidden $2"; shift 2; done
status=0
for word in $forbidden; do
    for file in "$@"; do
        if [ -x "$file" ] && [ "$word" = exec ]; then status=1; fi
        if grep -q "$word" "$file"; then status=1; fi
    done
done
exit $status
"""

_CONFIG = """
[[hook]]
id = "outside"
run = "checker {options}"
types = ["text"]
exclude = "^(rules.txt|inside.sh|gitseq.toml)$"
cache = true
inputs = ["rules.txt"]
{env}

[[hook]]
id = "script"
run = "./inside.sh {options}"
files = "txt$"
exclude = "^rules.txt$"
cache = true
inputs = ["rules.*"]

[[hook]]
id = "set"
run = "checker {options}"
files = "^sub/"
cache = "tree"
inputs = ["rules.txt"]

[[hook]]
id = "pattern"
builtin = "forbid-pattern"
args = ["{pattern}"]
exclude = "^(rules.txt|inside.sh|gitseq.toml)$"

[[hook]]
id = "endings"
builtin = "mixed-line-ending"
args = ["--fix=no"]
"""


def execute(repo: Repo, plan: Plan, env: "dict[str, str]", request: Request) -> Report:
    """One run in this process; its events go nowhere."""
    environ = {os.fsencode(name): os.fsencode(value) for name, value in {**repo.env, **env}.items()}
    place = git_repo.discover(environ, os.fsencode(repo.path))
    with Signals() as signals:
        return engine.execute(request, World(environ, place, plan, signals, None, _hear))


def _hear(_event: Event) -> None:
    return


class Sequence:
    """A repository that is edited at random, and asked about after every edit."""

    def __init__(self, repo: Repo, seed: int) -> None:
        self.repo = repo
        self.random = random.Random(seed)
        self.env: dict[str, str] = {}
        self.spared = 0
        """How many verdicts the ledger had a part in."""
        self.said: list[str] = []
        """What was done, for the message of a test that fails."""
        self._own = "epsilon"
        self._options = ""
        self._hook_env = ""
        self._pattern = "zeta"
        for name in ("a.txt", "b.txt", "sub/c.txt", "sub/d.md", "plain"):
            repo.write(name, "one\n")
        repo.write("rules.txt", "nothing\n")
        repo.write("inside.sh", _TOOL.format(own="eta"), 0o755)
        self._tool()
        self._config()
        repo.add()
        repo.commit("--no-verify", "-q")

    # --- what is asked

    def verdicts(self, *, no_cache: bool) -> "dict[str, tuple[str, int]]":
        """What each hook says: its status and exit code."""
        how = self._how
        report = execute(self.repo, self._plan, self.env, how.replace(no_cache=no_cache))
        assert not report.problem, report.problem
        self.spared += sum(told.cached > 0 for told in report.verdicts)
        return {told.hook.id: (told.status, told.exit_code) for told in report.verdicts}

    def choose(self) -> str:
        """Which files the next question is about, and by which stage; the names of hooks that may answer."""
        stage = STAGES[self.random.choice(["pre-commit", "pre-commit", "manual"])]
        if self.random.random() < 0.5:
            self._how = Request(stage, select=asked.ALL_FILES)
        else:
            names = tuple(os.fsencode(name) for name in self._files())
            self._how = Request(stage, select=asked.NAMED_FILES, files=names)
        return f"{self._how.select} in {stage.name}"

    def ask_for_all(self) -> None:
        """The next questions are about all files."""
        self._how = Request(STAGES["pre-commit"], select=asked.ALL_FILES)

    # --- what is done

    def set(self, *, own: str = "epsilon", options: str = "", hook_env: str = "") -> None:
        """Another tool, command or configuration."""
        self._own, self._options, self._hook_env = own, options, hook_env
        self._tool()
        self._config()

    def step(self) -> None:
        """One edit, chosen at random."""
        edit = self.random.choice(
            [
                *(self._content, self._content, self._content, self._same_size, self._mode, self._rename, self._delete),
                *(self._rules, self._tool_changed, self._script_changed, self._command, self._hook_environment),
                *(self._environment, self._pattern_changed, self._stage, self._touch, self._endings, self._attributes),
                *(self._back, self._untrack),
            ]
        )
        said = edit()
        self.said.append(f"{edit.__name__.strip('_')} {said or ''}")

    def _files(self) -> "list[str]":
        listed = self.repo.git("ls-files", "-z", "--cached", "--others").stdout.decode().split("\0")
        return sorted(
            {
                name
                for name in listed
                if name
                and name not in ("rules.txt", "inside.sh", "gitseq.toml", ".gitattributes")
                and (self.repo.path / name).is_file()
            }
        )

    def _some_file(self) -> str:
        return self.random.choice(self._files() or ["a.txt"])

    def _word(self) -> str:
        return self.random.choice(WORDS)

    def _content(self) -> str:
        name = self._some_file()
        self.repo.write(name, f"one\n{self._word()} {self._word()}\n")
        return name

    def _same_size(self) -> str:
        """What git's index calls racy, when nobody has waited in between."""
        name = self._some_file()
        path = self.repo.path / name
        before = path.stat()
        text = path.read_bytes()
        for old, new in ((b"alpha", b"gamma"), (b"gamma", b"delta"), (b"delta", b"alpha")):
            if old in text:
                path.write_bytes(text.replace(old, new))
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
                break
        return name

    def _mode(self) -> str:
        name = self._some_file()
        path = self.repo.path / name
        path.chmod(path.stat().st_mode ^ 0o111)
        return name

    def _rename(self) -> str:
        name = self._some_file()
        new = self.random.choice(["x.txt", "sub/y.txt", "z.md"])
        (self.repo.path / name).rename(self.repo.path / new)
        return f"{name} {new}"

    def _delete(self) -> str:
        name = self._some_file()
        self.repo.write("a.txt", "one\n")
        (self.repo.path / name).unlink(missing_ok=True)
        return name

    def _rules(self) -> str:
        words = self.random.sample((*WORDS, "exec", "nothing"), 2)
        self.repo.write("rules.txt", " ".join(words) + "\n")
        return " ".join(words)

    def _tool(self) -> None:
        self.repo.hook_script("checker", _TOOL.format(own=self._own))

    def _tool_changed(self) -> str:
        self._own = self.random.choice((*WORDS, "epsilon"))
        self._tool()
        return self._own

    def _script_changed(self) -> str:
        word = self.random.choice((*WORDS, "eta"))
        self.repo.write("inside.sh", _TOOL.format(own=word), 0o755)
        return word

    def _command(self) -> str:
        self._options = self.random.choice(["", f"--also {self._word()}"])
        self._config()
        return self._options

    def _hook_environment(self) -> str:
        self._hook_env = self.random.choice(["", f"env = {{ FORBID = '{self._word()}' }}"])
        self._config()
        return self._hook_env

    def _environment(self) -> str:
        self.env = self.random.choice([{}, {"FORBID": self._word()}, {"TERM": "xterm", "SHLVL": "3"}])
        return str(self.env)

    def _pattern_changed(self) -> str:
        self._pattern = self.random.choice((*WORDS, "zeta"))
        self._config()
        return self._pattern

    def _stage(self) -> str:
        self.repo.add()
        if self.random.random() < 0.5:
            self.repo.commit("--no-verify", "-q", "--allow-empty")
            return "and commit"
        return ""

    def _touch(self) -> str:
        name = self._some_file()
        if (self.repo.path / name).exists():
            os.utime(self.repo.path / name)
        return name

    def _endings(self) -> str:
        """Other bytes that git may call the same blob."""
        name = self._some_file()
        path = self.repo.path / name
        if path.exists():
            text = path.read_bytes().replace(b"\r\n", b"\n")
            mixed = text.replace(b"\n", b"\r\n", self.random.choice((1, 1, 99)))
            path.write_bytes(self.random.choice((text, mixed)))
        return name

    def _attributes(self) -> str:
        text = self.random.choice(["", "* text=auto\n", "*.txt text eol=crlf\n", "*.md -text\n"])
        self.repo.write(".gitattributes", text)
        return text.strip()

    def _back(self) -> str:
        self.repo.git("checkout", "-q", "HEAD", "--", ".")
        self._config()
        return ""

    def _untrack(self) -> str:
        name = self._some_file()
        self.repo.git("update-index", self.random.choice(["--assume-unchanged", "--skip-worktree"]), name, check=False)
        return name

    def _config(self) -> None:
        self.repo.write("gitseq.toml", _CONFIG.format(options=self._options, env=self._hook_env, pattern=self._pattern))
        environ = {os.fsencode(name): os.fsencode(value) for name, value in self.repo.env.items()}
        self._plan: Plan = compile_plan(kept.Where(os.fsencode(self.repo.path), environ, None), vet=settings.vet).plan
