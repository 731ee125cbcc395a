"""Hooks that ask whose index.lock it is and write the answer down; the truth is what the test itself set up."""

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import gitseq
from tests.support.procs import python, wait_until
from tests.support.repo import Repo
from tests.support.sequencer import Gate

Answer = dict[str, Any]

_SCRIPT = """
import json, os, sys
sys.path.insert(0, {library!r})
from gitseq.git import indexlock
from gitseq.git.caller import Caller
from gitseq.git.repo import discover
env = dict(os.environb)
repo = discover(env, os.getcwdb())
lock = indexlock.check(repo, env)
caller = Caller.find()
answer = {{"by": sys.argv[1], "state": lock and lock.state, "caller": caller and caller.process.pid}}
if lock is not None:
    answer.update(mode=lock.mode, path=os.fsdecode(lock.path), git=lock.git_pid, token=os.fsdecode(lock.token))
    answer.update(stale_environment=lock.stale_environment, why=lock.why)
if lock is not None and lock.state == "foreign":
    from gitseq.core import lockwords
    from gitseq.git import lockowner
    spared = "hook" in sys.argv[2:] and b"GIT_INDEX_FILE" in env
    lock = lockowner.search(repo, lock, spare_ancestors=spared)
    owner = lock.owner
    words = lockwords.refusal(lock, lockwords.Evidence(0.0, 0, 0.0))
    answer.update(final=lock.state, owner=owner and owner.pid, tie=owner and owner.tie, above=owner and owner.is_above)
    answer.update(hint=words.hint, told="\\n".join(words.values()))
with open({answers!r}, "a") as stream:
    stream.write(json.dumps(answer) + "\\n")
"""

COMMIT_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg")


class LockProbe:
    """The probe of one test: a script, the hooks that run it, and its answers."""

    def __init__(self, folder: Path, environments: "list[dict[str, str]]") -> None:
        self.hooks = folder / "probe-hooks"
        self.hooks.mkdir()
        self._answers = folder / "answers"
        script = folder / "probe.py"
        library = str(Path(gitseq.__file__).parent.parent)
        script.write_text(_SCRIPT.format(library=library, answers=str(self._answers)))
        self.command = " ".join(shlex.quote(part) for part in (sys.executable, "-I", "-S", str(script)))
        """Asks, in sh; one word for who asks follows, then `hook` when git itself called in a commit hook."""
        for env in environments:
            env.update(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="core.hooksPath", GIT_CONFIG_VALUE_0=str(self.hooks))

    def hook(self, stage: str, body: "str | None" = None) -> None:
        """Install a hook: `body` in sh, or just the probe."""
        path = self.hooks / stage
        path.write_text("#!/bin/sh\n" + (body or f"exec {self.command} {stage} hook\n"))
        path.chmod(0o755)

    def answers(self) -> list[Answer]:
        """All answers so far, in order; forgets them."""
        with suppress(FileNotFoundError):
            lines = self._answers.read_text().splitlines()
            self._answers.unlink()
            return [json.loads(line) for line in lines]
        return []

    def wait_for_answer(self) -> Answer:
        """The one answer of a process that nobody waits for."""
        wait_until(lambda: self._answers.exists() and self._answers.read_bytes().endswith(b"\n"), 20)
        (answer,) = self.answers()
        return answer

    def ask(self, repo: Repo, env: "dict[str, str] | None" = None) -> Answer:
        """The answer to a run by hand, at the top of the work tree."""
        self.answers()
        argv = ["/bin/sh", "-c", f"{self.command} hand; exit $?"]
        subprocess.run(argv, cwd=repo.path, env={**repo.env, **(env or {})}, check=True, timeout=30)
        (answer,) = self.answers()
        return answer


@contextmanager
def running(argv: "list[str]", repo: Repo, stdin: bytes = b"", **env: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A command at the top of a work tree, in a session of its own; on leaving it has ended, or is killed alone."""
    process = subprocess.Popen(
        argv,
        cwd=repo.path,
        env={**repo.env, **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        yield process
        process.wait(20)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(10)


@contextmanager
def sitting_in_hook(repo: Repo, gate: Gate, *options: str, stage: str = "pre-commit") -> "Iterator[int]":
    """The pid of a `git commit OPTIONS` that sits in a hook (or with stage `editor` in its editor) until we leave."""
    hooks = Path(repo.env["GIT_CONFIG_VALUE_0"])
    script = hooks / stage
    before = script.read_text() if script.exists() else None
    script.write_text("#!/bin/sh\n" + gate.shell)
    script.chmod(0o755)
    arguments = ["-m", "Sitting"] if stage != "editor" else ["-t", str(hooks / "editor")]
    count = len(gate.arrivals()) + 1  # before it starts: it may be quicker than we are
    with running(["git", "commit", *arguments, *options], repo, GIT_EDITOR=str(hooks / "editor")) as process:
        gate.wait_reached(count)
        if before is None:
            script.unlink()
        else:
            script.write_text(before)
        try:
            yield process.pid
        finally:
            gate.release()


def holding_open(path: Path) -> list[str]:
    """The command of a process, not git, that makes a file and keeps it open until it is ended."""
    return python(f"import os, signal; os.open({str(path)!r}, os.O_CREAT | os.O_EXCL | os.O_RDWR); signal.pause()")
