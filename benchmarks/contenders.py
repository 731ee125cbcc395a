"""What is compared: each contender sets itself up in a repository of its own, so that nothing is shared."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_FLOOR = """#!{python} -IS
# The least a runner in Python can do: a lock, one question to git, the hooks one by one, a line.
import fcntl, os
lock = os.open(".git/floor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
fcntl.flock(lock, fcntl.LOCK_EX)
reader, writer = os.pipe2(os.O_CLOEXEC)
ask = ["git", "diff-index", "--cached", "--name-only", "-z", "HEAD", "--"]
git = os.posix_spawnp("git", ask, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
os.close(writer)
names = b""
while part := os.read(reader, 65536):
    names += part
os.waitpid(git, 0)
files = [os.fsdecode(name) for name in names.split(b"\\0")[:-1]]
for number in range({hooks}):
    _, status = os.waitpid(os.posix_spawnp({command!r}, [{command!r}, *files], os.environ), 0)
    os.write(1, b"no-op...Passed\\n")
    if status:
        os._exit(1)
"""


class Contender:
    """A way to have no-op hooks run on commit. `folder` is where its program lies."""

    name = ""
    runs_all_files = False

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.env = environment(folder, home)

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        """Make so many hooks run in `repo`, each of them a program that is given the staged files."""

    def all_files(self) -> "list[str]":
        """The command that runs the hooks over every file."""
        raise NotImplementedError

    def version(self) -> str:
        """As the program tells it."""
        return self._ask(str(self.folder / self.name), "--version").split()[-1]

    def _ask(self, *argv: str, cwd: "Path | None" = None) -> str:
        return subprocess.run(
            argv, env=self.env, cwd=cwd, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        ).stdout.strip()


class Nothing(Contender):
    name = "none"

    def version(self) -> str:
        return ""


class Sh(Contender):
    """A shell script in the place of the hook."""

    name = "sh"

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        each = "; ".join([f'{command} "$@" || exit 1'] * hooks)
        names = "git diff --cached --name-only --diff-filter=ACMR -z"
        _script(repo, f"#!/bin/sh\n{names} | xargs -0 sh -c '{each}' hook\n")

    def version(self) -> str:
        return ""


class FloorPython(Contender):
    name = "floor-py"

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        _script(repo, _FLOOR.format(python=sys.executable, hooks=hooks, command=command))

    def version(self) -> str:
        return ""


class Gitseq(Contender):
    name = "gitseq"
    runs_all_files = True

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        tables = [f'[[hook]]\nid = "no-op-{number}"\nrun = "{command}"\n' for number in range(hooks)]
        (repo / "gitseq.toml").write_text("\n".join(tables))
        self._ask(str(self.folder / "gitseq"), "install", cwd=repo)

    def all_files(self) -> "list[str]":
        return [str(self.folder / "gitseq"), "run", "--all-files"]


class PreCommit(Contender):
    name = "pre-commit"
    runs_all_files = True

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        entries = [
            {"id": f"no-op-{number}", "name": f"no-op-{number}", "language": "system", "entry": command}
            for number in range(hooks)
        ]
        config = {"repos": [{"repo": "local", "hooks": entries}]}
        (repo / ".pre-commit-config.yaml").write_text(json.dumps(config))  # JSON is YAML
        self._ask(str(self.folder / self.name), "install", cwd=repo)

    def all_files(self) -> "list[str]":
        return [str(self.folder / self.name), "run", "--all-files"]


class Prek(PreCommit):
    name = "prek"


class Lefthook(Contender):
    """By its native binary: the package's Python wrapper around it would be measured otherwise."""

    name = "lefthook"

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__(folder, home)
        found = sorted(folder.parent.glob("lib/python*/site-packages/lefthook/bin/*/lefthook"))
        fitting = [path for path in found if sys.platform in str(path)] or found
        self._program = str(fitting[0]) if fitting else str(folder / "lefthook")
        self.env["LEFTHOOK_BIN"] = self._program

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        jobs = [{"name": f"no-op-{number}", "run": command + " {staged_files}"} for number in range(hooks)]
        (repo / "lefthook.yml").write_text(json.dumps({"pre-commit": {"jobs": jobs}}))
        self._ask(self._program, "install", cwd=repo)

    def version(self) -> str:
        return self._ask(self._program, "version").split()[0]


ALL = (Nothing, Sh, FloorPython, Gitseq, Prek, PreCommit, Lefthook)


def _script(repo: Path, body: str) -> None:
    path = repo / ".git" / "hooks" / "pre-commit"
    path.parent.mkdir(exist_ok=True)
    path.write_text(body)
    path.chmod(0o755)


def environment(folder: Path, home: Path) -> "dict[str, str]":
    """Nobody's configuration; the contender's own folder first on PATH, then the system's."""
    git = os.path.dirname(shutil.which("git") or "/usr/bin/git")
    return {
        "PATH": ":".join(dict.fromkeys([str(folder), git, "/usr/local/bin", "/usr/bin", "/bin"])),
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "PREK_HOME": str(home / "prek"),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Bench",
        "GIT_AUTHOR_EMAIL": "bench@example.com",
        "GIT_COMMITTER_NAME": "Bench",
        "GIT_COMMITTER_EMAIL": "bench@example.com",
    }


def make_repository(path: Path, files: int, env: "dict[str, str]") -> None:
    """A repository of so many small files, fifty to a folder, committed; without background work of git's."""
    path.mkdir(parents=True)
    for number in range(files):
        file = path / f"pkg{number // 50:04d}" / f"mod{number % 50:02d}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'"""Module {number}."""\n\nVALUE = {number}\n')

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", *arguments], cwd=path, env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL
        )

    git("init", "-q", "-b", "main")
    git("config", "gc.auto", "0")
    git("config", "maintenance.auto", "false")
    git("add", "-A")
    git("commit", "-q", "-m", "Files")


def commit_set_up(path: Path, env: "dict[str, str]") -> None:
    """Commit what `set_up` wrote, past all hooks."""
    for arguments in (["add", "-A"], ["commit", "-q", "--no-verify", "--allow-empty", "-m", "Set up"]):
        subprocess.run(
            ["git", *arguments], cwd=path, env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL
        )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options both benchmarks have."""
    parser.add_argument("--rounds", type=int, help="measurements of each contender in each table")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller repositories")
    parser.add_argument(
        "--peers",
        type=Path,
        metavar="DIR",
        help="a virtual environment that has the peers (default: .venv-bench is made)",
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="only this contender (repeatable)")


def peers_folder(given: "Path | None") -> Path:
    """Where the peers' programs lie; installs them (extra `bench`) when no folder is given."""
    if given is not None:
        return given.resolve() / "bin"
    folder = ROOT / ".venv-bench"
    if not (folder / "bin" / "prek").exists():
        print(f"installing the peers into {folder.name} ...", flush=True)
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"{ROOT}[bench]"], check=True)
    return folder / "bin"


def chosen(options: argparse.Namespace, home: Path) -> "list[Contender]":
    """The contenders asked for; gitseq is the one beside the interpreter that runs this, if it is there."""
    peers = peers_folder(options.peers)
    own = Path(sys.executable).parent
    own = own if (own / "gitseq").exists() else peers
    return [
        kind(own if kind is Gitseq else peers, home) for kind in ALL if not options.only or kind.name in options.only
    ]
