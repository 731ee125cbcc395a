"""A real git repository in a temporary folder, cut off from the machine's own git configuration and HOME.

    def test_a_failing_hook_refuses_the_commit(repo):
        repo.config('[[hook]]\nid = "no"\nrun = "false"\n')
        repo.install()
        repo.write("a.txt", "a\n")
        repo.add("a.txt")
        assert repo.commit(check=False).returncode == 1

Names may be bytes everywhere. Output is bytes. Scripts made by `hook_script` lie outside the work tree, on PATH.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

Name = str | bytes
Done = subprocess.CompletedProcess[bytes]

BIN = Path(sys.executable).parent
"""Where the tested installation has its programs: `gitseq` lies beside the interpreter that runs the tests."""

_SETTINGS = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"  # a background gc would outlive the test


def isolated_env(home: Path) -> dict[str, str]:
    """An environment in which nothing of this machine's user is visible; makes the folders it names."""
    for folder in ("config", "cache", "data", "state", "tmp", "template", "scripts"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    git = Path(shutil.which("git") or "/usr/bin/git")
    programs = [home / "scripts", BIN, git.parent, Path("/usr/bin"), Path("/bin")]
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "TMPDIR": str(home / "tmp"),
        "PATH": ":".join(dict.fromkeys(map(str, programs))),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TEMPLATE_DIR": str(home / "template"),
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_EDITOR": "true",
        "GIT_MERGE_AUTOEDIT": "no",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "A U Thor",
        "GIT_AUTHOR_EMAIL": "author@example.com",
        "GIT_COMMITTER_NAME": "C O Mitter",
        "GIT_COMMITTER_EMAIL": "committer@example.com",
    }


def run_bounded(
    argv: "list[Name]",
    *,
    env: dict[str, str],
    cwd: "Path | bytes",
    stdin: "bytes | None" = None,
    timeout: float = 60.0,
) -> Done:
    """Run a command to its own end, whoever else still holds its output; after `timeout` its group is killed.

    The output goes to files: with pipes, a grandchild that keeps stdout open would keep the test waiting.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as inp:
        inp.write(stdin or b"")
        inp.seek(0)
        process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=inp, stdout=out, stderr=err, start_new_session=True)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            raise
        finally:
            out.seek(0)
            err.seek(0)
        return subprocess.CompletedProcess(argv, process.returncode, out.read(), err.read())


class Repo:
    """A repository and the environment its commands run in."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path
        self.env = dict(env)
        self.own_locks: set[Path] = set()
        """Lock files that the test made itself and may leave behind."""

    @classmethod
    def init(cls, path: Path, env: dict[str, str]) -> "Repo":
        """A new, empty repository whose branch is `main`."""
        path.mkdir(parents=True)
        repo = cls(path, env)
        repo.git("init", "-q", "-b", "main")
        repo._settle()
        return repo

    def _settle(self) -> None:
        config = self.common_dir / "config"
        config.write_text(config.read_text() + _SETTINGS)

    # --- commands

    def git(
        self,
        *args: Name,
        check: bool = True,
        input: "bytes | None" = None,  # noqa: A002 - as subprocess calls it
        env: "dict[str, str] | None" = None,
        cwd: "str | Path" = "",
        timeout: float = 60.0,
    ) -> Done:
        """Run git at the top (or in `cwd` below it); with `check`, a failure fails the test and shows git's words."""
        merged = {**self.env, **(env or {})}
        done = run_bounded(["git", *args], env=merged, cwd=self.path / cwd, stdin=input, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"git {args!r} ended with {done.returncode}\n{text(done)}")
        return done

    def gitseq(
        self,
        *args: Name,
        check: bool = False,
        input: "bytes | None" = None,  # noqa: A002
        env: "dict[str, str] | None" = None,
        cwd: "str | Path" = "",
        timeout: float = 60.0,
    ) -> Done:
        """Run the installed console script; by default any exit code is an answer."""
        merged = {**self.env, **(env or {})}
        done = run_bounded([str(BIN / "gitseq"), *args], env=merged, cwd=self.path / cwd, stdin=input, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"gitseq {args!r} ended with {done.returncode}\n{text(done)}")
        return done

    def install(self, *stages: str) -> Done:
        """Install the shims, which must succeed."""
        return self.gitseq("install", *stages, check=True)

    # --- files

    def file(self, name: Name) -> bytes:
        """The absolute path of a name, as bytes."""
        return os.path.join(os.fsencode(self.path), os.fsencode(name))

    def write(self, name: Name, content: Name, mode: "int | None" = None) -> bytes:
        """Write a file, making its folders; text becomes UTF-8. The absolute path."""
        path = self.file(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        if mode is not None:
            os.chmod(path, mode)
        return path

    def read(self, name: Name) -> bytes:
        """The content of a file in the work tree."""
        with open(self.file(name), "rb") as stream:
            return stream.read()

    def config(self, toml: str, *, commit: bool = True) -> None:
        """Write gitseq.toml and, unless told otherwise, commit it alone and without any hook.

        Committed, because linked work trees and clones need it too and because `status` then shows only the
        test's own changes.
        """
        self.write("gitseq.toml", toml)
        if commit:
            self.git("add", "--", "gitseq.toml")
            no_hooks = ("-c", "core.hooksPath=/dev/null")
            self.git(*no_hooks, "commit", "-q", "--allow-empty", "-m", "Configure hooks", "--", "gitseq.toml")

    def hook_script(self, name: str, body: str) -> str:
        """Write an executable script outside the work tree and on PATH; sh unless the body has its own #! line."""
        path = Path(self.env["HOME"]) / "scripts" / name
        path.write_text(body if body.startswith("#!") else "#!/bin/sh\n" + body)
        path.chmod(0o755)
        return str(path)

    # --- everyday git

    def add(self, *names: Name) -> None:
        """Stage the names, or with none everything."""
        self.git("add", *(("--", *names) if names else ("-A",)))

    def commit(self, *options: Name, message: str = "A commit", check: bool = True, **how: "dict[str, str]") -> Done:
        """`git commit -m message OPTIONS`; its hooks run."""
        return self.git("commit", "-m", message, *options, check=check, **how)  # type: ignore[arg-type]

    def commit_file(self, name: Name, content: Name, message: str = "A commit") -> str:
        """Write, stage and commit one file past the hooks; the new commit."""
        self.write(name, content)
        self.git("add", "--", name)
        self.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", message)
        return self.head()

    def head(self) -> str:
        """The commit HEAD names; '' before the first."""
        return self.git("rev-parse", "-q", "--verify", "HEAD", check=False).stdout.decode().strip()

    def committed(self, name: Name, commit: str = "HEAD") -> bytes:
        """The content of a file in a commit."""
        return self.git("cat-file", "blob", os.fsencode(commit) + b":" + os.fsencode(name)).stdout

    def status(self) -> bytes:
        """`git status --porcelain`: b'' when the work tree is clean."""
        return self.git("status", "--porcelain").stdout

    # --- where things lie

    @property
    def git_dir(self) -> Path:
        """This work tree's own git directory."""
        return Path(os.fsdecode(self.git("rev-parse", "--absolute-git-dir").stdout.rstrip(b"\n")))

    @property
    def common_dir(self) -> Path:
        """The git directory that all linked work trees share."""
        common = os.fsdecode(self.git("rev-parse", "--git-common-dir").stdout.rstrip(b"\n"))
        return (self.path / common).resolve()

    # --- situations

    def worktree(self, name: str, branch: str) -> "Repo":
        """A linked work tree beside this one, on a new branch; made past the hooks."""
        path = self.path.parent / name
        self.git("-c", "core.hooksPath=/dev/null", "worktree", "add", "-q", "-b", branch, str(path))
        return Repo(path, self.env)

    def submodule(self, other: "Repo", name: str) -> "Repo":
        """Add `other` as a submodule and commit that past the hooks; the submodule's own work tree, on `main`."""
        self.git("submodule", "--quiet", "add", str(other.path), name)
        self.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", f"Add submodule {name}")
        sub = Repo(self.path / name, self.env)
        sub._settle()
        return sub

    def clone(self, name: str, *, bare: bool = False) -> "Repo":
        """A clone beside this one."""
        path = self.path.parent / name
        self.git("clone", "-q", *(("--bare",) if bare else ()), str(self.path), str(path))
        clone = Repo(path, self.env)
        clone._settle()
        return clone

    def foreign_lock(self, content: bytes = b"", *, age: float = 0.0) -> Path:
        """An index.lock that nobody's git holds, so many seconds old."""
        path = self.git_dir / "index.lock"
        path.write_bytes(content)
        then = time.time() - age
        os.utime(path, (then, then))
        self.own_locks.add(path)
        return path

    def locks(self) -> "list[Path]":
        """The lock files of git's own (index, HEAD, refs, config) that lie in the git directory now."""
        found = [path for path in self.common_dir.rglob("*.lock") if "gitseq" not in path.parts]
        return sorted(set(found) - self.own_locks)


def text(done: Done) -> str:
    """What a command printed, both streams, for a failure message or an `in`."""
    return (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
