"""gitseq as an installer lays it out, with the oldest or the newest of what it depends on, and a use of each of it."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import tomli

from tests.support import hookrepos
from tests.support.repo import Repo, run_bounded, text

_MODULES = {"PyYAML": "yaml"}
"""Of distributions that are imported by another name."""
_ONLY_ELSEWHERE = """
import os, subprocess, sys
from filelock import SoftFileLock
from gitseq.host import memory, tree
assert memory._total_elsewhere() >= memory._elsewhere() > 0
assert any(member.pid == os.getpid() for member in tree._everyone_by_psutil())
dies = "import os, sys; from filelock import SoftFileLock as L; lock = L(sys.argv[1]); lock.acquire(); os._exit(0)"
subprocess.run([sys.executable, "-c", dies, sys.argv[1]], check=True)
assert os.path.exists(sys.argv[1])
SoftFileLock(sys.argv[1], timeout=20).acquire()
"""
"""What stands in where there is no /proc, or no flock: the lock of a dead process is nobody's."""

CONFIG = """
[[hook]]
id = "yaml"
builtin = "check-yaml"
types = ["yaml"]
[[hook]]
id = "shell"
run = "sh -n"
files = { glob = ["**/*"] }
types = ["shell"]
[[hook]]
id = "upper"
shell = true
run = 'sed s/one/ONE/ f.txt >t && cat t >f.txt && rm t'
files = "^f.txt$"
fixes = "stage"
"""


def stated_dependencies(pyproject: bytes) -> "dict[str, str]":
    """The oldest version that will do of each distribution gitseq depends on."""
    return dict(each.split(">=") for each in tomli.loads(pyproject.decode())["project"]["dependencies"])


def modules(distributions: "Iterable[str]") -> "set[str]":
    """By which names they are imported."""
    return {_MODULES.get(name, name) for name in distributions}


def uv_in(folder: Path) -> str:
    """The program uv: this machine's, or one out of the registry."""
    found = hookrepos.tool("uv")
    if found:
        return found
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(folder)]
    done = run_bounded([*argv, "uv"], env={**os.environ, **hookrepos.registries()}, cwd=folder, timeout=100)
    assert done.returncode == 0, text(done)
    return str(folder / "bin/uv")


class Tool:
    """A `uv tool install` of a wheel, below `folder`: the layout of pipx, too. `pins` are versions of dependencies."""

    def __init__(self, uv: str, wheel: Path, folder: Path, pins: "dict[str, str]") -> None:
        self.programs = folder / "bin"
        self._python = folder / "tools/gitseq/bin/python"
        environment = {
            **os.environ,
            **hookrepos.registries(),
            "UV_TOOL_DIR": str(folder / "tools"),
            "UV_TOOL_BIN_DIR": str(self.programs),
        }
        argv = [uv, "tool", "install", "--no-config", "--no-build", "--no-python-downloads", "--python", sys.executable]
        constraints = folder / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
        done = run_bounded(
            [*argv, "--constraints", str(constraints), str(wheel)], env=environment, cwd=folder, timeout=100
        )
        assert done.returncode == 0, text(done)

    def gitseq(self, repo: Repo, *arguments: str, code: int = 0) -> "set[str]":
        """Run a verb; the third-party modules that it loaded."""
        env = {**repo.env, "PYTHONPROFILEIMPORTTIME": "1"}
        done = run_bounded([str(self.programs / "gitseq"), *arguments], env=env, cwd=repo.path)
        assert done.returncode == code, text(done)
        return set(re.findall(r"\| +([a-z0-9_]+(?:\.yaml)?)$", done.stderr.decode(), re.MULTILINE))

    def use_everything(self, repo: Repo, hooks: Repo) -> "set[str]":
        """Let verbs do what gitseq has its dependencies for; the modules that they loaded. `hooks` offers a hook."""
        hookrepos.setup(repo)
        loaded: "set[str]" = set()
        repo.config(CONFIG)
        self.gitseq(repo, "install")
        repo.write("a.yaml", "a: 1\n")
        repo.write("tool", "#!/usr/bin/env sh\necho\n", mode=0o755)
        repo.write("bare", "#!/usr/bin/env\n", mode=0o755)
        repo.add()
        loaded |= self.gitseq(repo, "run")
        repo.write("a.yaml", "a: [\n")
        loaded |= self.gitseq(repo, "run")  # hides what is not staged
        repo.add()
        loaded |= self.gitseq(repo, "run", code=1)
        assert repo.read("a.yaml") == b"a: [\n"
        repo.write("a.yaml", "a: 1\n")
        repo.write("f.txt", "one\n")
        repo.add()
        repo.write("f.txt", "mine\n")  # where the hook writes, too: set aside, with a second copy in git
        loaded |= self.gitseq(repo, "run")
        loaded |= self.gitseq(repo, "schema")
        loaded |= self.gitseq(repo, "doctor")
        repo.git("rm", "-q", "-f", "gitseq.toml", "a.yaml")
        hookrepos.configure(repo, hookrepos.yaml(hooks, "count-lines"))
        loaded |= self.gitseq(repo, "validate")
        loaded |= self.gitseq(repo, "run", "--all-files")
        loaded |= self._gitseq_in_terminal(repo, "logs")
        assert (
            b"example: gitseq monitor"
            in run_bounded([str(self.programs / "gitseq"), "monitor", "--help"], env=repo.env, cwd=repo.path).stdout
        )
        code = [str(self._python), "-X", "importtime", "-c", _ONLY_ELSEWHERE, str(repo.path.parent / "lock")]
        done = run_bounded(list(code), env=repo.env, cwd=repo.path)
        assert done.returncode == 0, text(done)
        return loaded | set(re.findall(r"\| +(psutil)$", done.stderr.decode(), re.MULTILINE))

    def _gitseq_in_terminal(self, repo: Repo, *arguments: str) -> "set[str]":
        ours, theirs = pty.openpty()
        try:
            env = {**repo.env, "PYTHONPROFILEIMPORTTIME": "1", "TERM": "xterm", "COLUMNS": "80"}
            argv = [str(self.programs / "gitseq"), *arguments]
            process = subprocess.Popen(
                argv, env=env, cwd=repo.path, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE
            )
            os.close(theirs)
            told = process.communicate(timeout=30)[1].decode()
        finally:
            os.close(ours)
        assert process.returncode == 0, told
        return set(re.findall(r"\| +(rich)$", told, re.MULTILINE))
