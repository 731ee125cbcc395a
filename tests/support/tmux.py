"""A real terminal to look at and to type into: tmux, on a socket of its own."""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.procs import wait_until
from tests.support.repo import Repo

AVAILABLE = shutil.which("tmux") is not None


class Tmux:
    """One tmux server with one window."""

    def __init__(self, repo: Repo, columns: int = 80, lines: int = 24) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="gitseq-tmux-"))  # the path of a socket must be short
        self._env = {**repo.env, "TERM": "screen", "PATH": f"{repo.env['PATH']}:/usr/local/bin:/opt/homebrew/bin"}
        self._cwd = repo.path
        size = ("-x", str(columns), "-y", str(lines))
        self._run("-f", os.devnull, "new-session", "-d", *size, "-c", str(repo.path), "exec /bin/sh")
        self._run("set-option", "-g", "window-size", "manual")
        self.type("PS1='$ '; clear")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self._folder / "s"), *arguments],
            env=self._env,
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "replace")

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        self._run("send-keys", "-l", line)
        self._run("send-keys", "Enter")

    def key(self, key: str) -> None:
        """Type one key, without Enter; `C-c` and the like are known."""
        self._run("send-keys", key)

    def run(self, *command: str) -> None:
        """Type a command."""
        self.type(shlex.join(command))

    def screen(self, *, styles: bool = False) -> "list[str]":
        """The lines as they are shown now."""
        shown = self._run("capture-pane", "-p", *(("-e",) if styles else ()))
        return [line.rstrip() for line in shown.split("\n")[:-1]]

    def shows(self, words: str, timeout: float = 20.0) -> "list[str]":
        """Wait until these words stand somewhere; the screen then."""
        try:
            wait_until(lambda: any(words in line for line in self.screen()), timeout, f"{words!r} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n" + "\n".join(self.screen())) from None
        return self.screen()

    def resize(self, columns: int, lines: int) -> None:
        """Another size, as when a window is dragged."""
        self._run("resize-window", "-x", str(columns), "-y", str(lines))

    def format(self, text: str) -> str:
        """What tmux knows of the pane, such as `#{alternate_on}`."""
        return self._run("display-message", "-p", text).strip()

    def close(self) -> None:
        """End the server and what runs in it."""
        subprocess.run(["tmux", "-S", str(self._folder / "s"), "kill-server"], env=self._env, check=False, timeout=20)
        shutil.rmtree(self._folder)
