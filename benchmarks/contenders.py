"""What is compared: each contender sets itself up in a repository of its own, so that nothing is shared."""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import tomli

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-bench"
"""What is fetched once: the peers, and sources to work on."""
PIP = [str(FOLDER / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]

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
    title = ""
    """What tables call it, where that is not its name."""
    place = "peers"
    """Where its program lies: a field of `Installed`."""
    runs_all_files = False

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.env = environment(folder, home)
        self.title = self.title or self.name

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        """Make so many hooks run in `repo`, each of them a program that is given the staged files."""

    def set_up_linked(self, tree: Path) -> None:
        """What it needs in a linked work tree of a repository in which it has been set up."""

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
    place = "own"
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
    runs_all_files = True

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

    def all_files(self) -> "list[str]":
        return [self._program, "run", "pre-commit", "--all-files"]

    def version(self) -> str:
        return self._ask(self._program, "version").split()[0]


class Husky(Contender):
    """husky, whose hook calls lint-staged, by the folder that npm has put both into: no `npx` on the way."""

    name = "husky + lint-staged"
    place = "node"

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__(folder, home)
        node = Path(shutil.which("node") or "/usr/bin/node").parent
        self.env["PATH"] += f":{node}"

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        self.write(repo, {"*": [command] * hooks})

    def write(self, repo: Path, commands: "dict[str, list[str]]") -> None:
        """Make lint-staged run commands by glob."""
        (repo / "lint-staged.config.mjs").write_text(f"export default {json.dumps(commands)}\n")
        self.set_up_linked(repo)
        (repo / ".husky" / "pre-commit").write_text("lint-staged\n")

    def set_up_linked(self, tree: Path) -> None:
        self._ask(str(self.folder / "husky"), cwd=tree)

    def version(self) -> str:
        husky = json.loads((self.folder.parent / "husky" / "package.json").read_text())["version"]
        return f"{husky} + {self._ask(str(self.folder / 'lint-staged'), '--version')}"


ALL = (Nothing, Sh, FloorPython, Gitseq, Prek, Lefthook, PreCommit, Husky)


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


class Installed(NamedTuple):
    """Where the contenders' programs lie."""

    own: Path
    """gitseq is the one of the environment that runs this."""
    peers: Path
    node: "Path | None"
    """None where there is no npm."""

    def entrants(self, kinds: "Iterable[type[Contender]]", home: Path) -> "list[Contender]":
        """Those of the kinds that are here, in the order given."""
        home.mkdir(exist_ok=True)
        places = [(kind, getattr(self, kind.place)) for kind in kinds]
        return [kind(place, home) for kind, place in places if place is not None]


def installed(peers: "Path | None" = None) -> Installed:
    """Where all programs lie, after installing what is missing.

    `peers` is a virtual environment that has them already. Where npm is missing, says so once.
    """
    own = Path(sys.executable).parent
    if not (own / "gitseq").exists():
        raise SystemExit(f"no gitseq beside {sys.executable}: `make bench` has one installed")
    return Installed(own, peers_folder(peers), node_folder())


def peers_folder(given: "Path | None") -> Path:
    """Where the peers' programs lie; installs them (extra `bench`) when no folder is given."""
    if given is not None:
        return given.resolve() / "bin"
    wanted = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["bench"]
    done = FOLDER / ".installed"  # written last: an installation that was cut short is begun again
    if not done.exists() or done.read_text().splitlines() != wanted:
        print(f"installing {', '.join(wanted)} into {FOLDER.name} ...", file=sys.stderr, flush=True)
        done.unlink(missing_ok=True)
        venv.create(FOLDER, with_pip=True)
        if subprocess.run([*PIP, "install", "--quiet", *wanted]).returncode:
            raise SystemExit("pip could not install the peers (see above); nothing was measured")
        done.write_text("\n".join(wanted) + "\n")
    return FOLDER / "bin"


def node_folder() -> "Path | None":
    """Where npm has put husky and lint-staged; None, and a sentence, where there is no npm or it cannot have them."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        print("npm was not found: husky and lint-staged are left out", file=sys.stderr, flush=True)
        return None
    programs = FOLDER / "node" / "node_modules" / ".bin"
    done = FOLDER / "node" / ".installed"
    if not done.exists():
        print(f"installing husky and lint-staged into {FOLDER.name} ...", file=sys.stderr, flush=True)
        done.parent.mkdir(parents=True, exist_ok=True)
        options = ["--loglevel", "error", "--no-audit", "--no-fund", "--prefix", str(done.parent)]
        fetch = [npm, "install", *options, "husky", "lint-staged"]
        if subprocess.run(fetch, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode:
            print("npm could not install husky and lint-staged: they are left out", file=sys.stderr, flush=True)
            return None
        done.touch()
    return programs


def sources(requirement: str) -> Path:
    """The unpacked sources of a release on PyPI, such as `Django==5.1.4`; fetched once."""
    folder = FOLDER / "sources" / requirement
    if not folder.exists():
        peers_folder(None)  # its pip is the one that fetches
        print(f"fetching the sources of {requirement} ...", file=sys.stderr, flush=True)
        parts = folder.with_name(requirement + ".parts")
        shutil.rmtree(parts, ignore_errors=True)
        fetch = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(parts), requirement]
        subprocess.run([*PIP, *fetch], check=True)
        (archive,) = parts.iterdir()
        shutil.unpack_archive(archive, parts)
        archive.unlink()
        (top,) = parts.iterdir()
        top.rename(folder)
        parts.rmdir()
    return folder
