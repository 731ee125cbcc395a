"""The monitor in a real terminal: what it shows, what its keys do, and that it leaves the terminal as it was."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.support.procs import alive, pid_from, spawned, wait_until
from tests.support.repo import BIN, Repo, text
from tests.support.sequencer import Sequencer
from tests.support.tmux import AVAILABLE, Tmux

ROOT = Path(__file__).parents[2]
GITSEQ = str(BIN / "gitseq")
in_tmux = pytest.mark.skipif(not AVAILABLE, reason="needs tmux")


@pytest.fixture
def tmux(repo):
    """A terminal of 80x24 in the repository."""
    terminal = Tmux(repo)
    yield terminal
    terminal.close()


def configure(repo: Repo, body: str, **keys: str) -> None:
    extra = "".join(f"{key} = {value}\n" for key, value in keys.items())
    quick = "[[hook]]\nid = 'quick'\nrun = 'true'\nalways_run = true\n"
    tests = "[[hook]]\nid = 'tests'\nshell = true\nalways_run = true\npass_filenames = false\n"
    repo.config(f"{quick}{tests}{extra}run = '''\n{body}'''\n")


class Scene:
    """An orphan of a dead run, a hook that runs, and three that wait."""

    def __init__(self, repo: Repo, sequencer: Sequencer, stack: ExitStack) -> None:
        self.repo = repo
        self._stack = stack
        self._gate = sequencer.gate("in hook")
        self.orphan = self._leave_orphan()
        self.run = self.start_run()
        for number in (1, 2, 3):
            self.spawn("exec", "--", "echo", f"turn {number}")
            wait_until(lambda count=number: self.waiting() == count, what=f"waiter {number}")  # type: ignore[misc]

    def spawn(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return self._stack.enter_context(spawned([GITSEQ, *arguments], env=self.repo.env, cwd=self.repo.path))

    def start_run(self) -> "subprocess.Popen[bytes]":
        configure(self.repo, f"sleep 300 & {self._gate.shell}", timeout="'5m'", memory="'1GiB'", processes="64")
        before = len(self._gate.arrivals())
        run = self.spawn("run")
        self._gate.wait_reached(before + 1)
        return run

    def _leave_orphan(self) -> int:
        """Its lease record is removed by hand, so that the next run does not know that it has somebody to end."""
        pid_file = self.repo.path.parent / "orphan"
        configure(self.repo, f"setsid sleep 3600 & echo $! > {pid_file}\n{self._gate.shell}")
        with spawned([GITSEQ, "run"], env=self.repo.env, cwd=self.repo.path) as run:
            self._gate.wait_reached()
            run.kill()
            run.wait(20)
        self._gate.release()
        (self.repo.path / ".git/gitseq/lease.json").unlink()
        return pid_from(pid_file)

    def waiting(self) -> int:
        return len(json.loads(self.repo.gitseq("status", "--json").stdout)["waiting"])


@pytest.fixture
def scene(repo, sequencer):
    with ExitStack() as stack:
        made = Scene(repo, sequencer, stack)
        yield made
    wait_until(lambda: not made.waiting(), what="an empty queue")
    repo.gitseq("reap")


# --- what it shows ------------------------------------------------------------------------------------------------


@in_tmux
def test_it_shows_the_hook_its_tree_the_waiters_and_the_orphan(scene, tmux):
    tmux.run(GITSEQ, "monitor")
    tmux.shows("quit")
    lines = tmux.shows("Left behind by dead runs: 1")
    page = "\n".join(lines)
    assert len(lines) == 24
    assert all(len(line) <= 80 for line in lines)
    assert re.search(r"^  tests \(2 of 2\), run pre-commit +pid \d+$", page, re.M)
    assert re.search(r"^  time   [█░]+ \d+s of 5m$", page, re.M)
    assert re.search(r"^  memory [█░]+ \S+ [KM]iB of 1 GiB   processes \d of 64$", page, re.M)
    assert re.search(r"^ +\d+ +\d+s +\d+% +\S+ KiB +└ sleep 300$", page, re.M)
    assert re.findall(r"^   (\d)\. +\d+s  echo turn (\d) +pid \d+$", page, re.M) == [("1", "1"), ("2", "2"), ("3", "3")]
    assert re.search(rf"^ +{scene.orphan} .* sleep 3600$", page, re.M)
    assert re.search(r"^ +\d+s ago  passed  quick  pre-commit", page, re.M)
    assert lines[-1].startswith("q quit")


@in_tmux
def test_it_follows_the_size_of_the_terminal(scene, tmux):
    tmux.run(GITSEQ, "monitor")
    tmux.shows("Left behind")
    for columns, lines in ((120, 40), (60, 12), (20, 5), (80, 24)):
        tmux.resize(columns, lines)

        def fits(columns: int = columns, lines: int = lines) -> bool:
            page = tmux.screen()
            keys = "q quit   c cancel   k kill   o end what is left behind"
            whole = page[-1] == keys if columns >= len(keys) else page[-1].startswith("q quit")
            return len(page) == lines and whole and page[0].startswith("gitseq monitor")

        wait_until(fits, what=f"a picture of {columns}x{lines}")


@in_tmux
@pytest.mark.parametrize("how", [{"NO_COLOR": "1"}, {"option": "never"}])
def test_without_colour_nothing_is_coloured(repo, tmux, how):
    repo.config("[[hook]]\nid = 'no'\nrun = 'false'\nalways_run = true\n")
    repo.gitseq("run")
    options = ["--color", "never"] if "option" in how else []
    prefix = ["env", "NO_COLOR=1"] if "NO_COLOR" in how else []
    tmux.run(*prefix, GITSEQ, "monitor", *options)
    tmux.shows("failed")
    assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|4[0-7]|9[0-7])m", "\n".join(tmux.screen(styles=True)))
    tmux.key("q")
    tmux.shows("$")
    tmux.run(GITSEQ, "monitor", "--color", "always")
    tmux.shows("failed")
    assert re.search(r"\x1b\[[0-9;]*31m", "\n".join(tmux.screen(styles=True)))


@in_tmux
def test_where_only_ascii_is_shown_only_ascii_is_written(scene, tmux):
    tmux.run("env", "LC_ALL=C", GITSEQ, "monitor")
    tmux.shows("Left behind")
    assert all(line.isascii() for line in tmux.screen())


# --- what its keys do ---------------------------------------------------------------------------------------------


@in_tmux
def test_c_cancels_the_run_and_the_next_in_line_goes_on(scene, tmux):
    tmux.run(GITSEQ, "monitor")
    tmux.shows("tests (2 of 2)")
    tmux.key("c")
    tmux.shows("Asked to stop: 'run pre-commit'")
    assert scene.run.wait(20) == 128 + signal.SIGTERM
    tmux.shows("passed  echo turn 3")
    page = "\n".join(tmux.screen())
    assert re.search(r"failed  tests  pre-commit .*interrupted", page)
    assert "Waiting: nobody" in page


@in_tmux
def test_k_asks_first_and_then_ends_even_a_hook_that_ignores_term(repo, tmux, sequencer):
    gate = sequencer.gate("deaf")
    configure(repo, f"trap '' TERM\n{gate.shell}", grace="'5m'")
    repo.write("f.txt", "committed\n")
    repo.add()
    repo.commit("--no-verify")
    repo.write("f.txt", "unstaged\n")
    with spawned([GITSEQ, "run"], env=repo.env, cwd=repo.path) as run:
        gate.wait_reached()
        tmux.run(GITSEQ, "monitor")
        tmux.shows("tests (2 of 2)")
        tmux.key("k")
        tmux.shows("at once, without time to clean up? y/n")
        tmux.key("n")
        tmux.shows("Nothing was done.")
        assert run.poll() is None
        tmux.key("k")
        tmux.key("y")
        assert run.wait(20) == 128 + signal.SIGTERM
    assert (repo.path / "f.txt").read_text() == "unstaged\n"
    tmux.shows("stopped")


@in_tmux
def test_o_ends_what_dead_runs_left_and_nothing_else(scene, tmux):
    tmux.run(GITSEQ, "monitor")
    tmux.shows("Left behind by dead runs: 1")
    tmux.key("o")
    tmux.shows(f"Ended: PID {scene.orphan}")
    assert not alive(scene.orphan)
    assert not any("Left behind" in line for line in tmux.screen())
    assert scene.run.poll() is None
    tmux.key("o")
    tmux.shows("Nothing was left behind.")


@in_tmux
def test_keys_with_nothing_to_steer_say_so(repo, tmux):
    tmux.run(GITSEQ, "monitor")
    tmux.shows("Waiting: nobody")
    for key in "ck":
        tmux.key(key)
        tmux.shows("Nothing runs.")


@in_tmux
def test_q_leaves_the_screen_as_it_was(repo, tmux):
    tmux.type("echo before")
    tmux.shows("before")
    tmux.type(f"{GITSEQ} monitor; echo code $?")
    tmux.shows("quit")
    assert tmux.format("#{alternate_on}") == "1"
    tmux.key("q")
    page = tmux.shows("code 0")
    assert "before" in page
    assert tmux.format("#{alternate_on} #{cursor_flag} #{wrap_flag}") == "0 1 1"


@in_tmux
def test_ctrl_z_gives_the_terminal_back_until_fg(repo, tmux):
    tmux.type("exec bash --norc --noprofile")
    tmux.type("PS1='$ '")
    tmux.run(GITSEQ, "monitor")
    tmux.shows("quit")
    tmux.key("C-z")
    tmux.shows("Stopped")
    assert tmux.format("#{alternate_on} #{cursor_flag}") == "0 1"
    tmux.type("fg")
    tmux.shows("Waiting: nobody")
    assert tmux.format("#{alternate_on}") == "1"
    tmux.key("C-c")
    wait_until(lambda: tmux.format("#{alternate_on}") == "0", what="the shell's own screen")
    tmux.type("echo code $?")  # not earlier: what is typed at the monitor is not for the shell
    tmux.shows("code 130")


# --- a terminal is always put back --------------------------------------------------------------------------------

_ENTERED, _LEFT = b"\x1b[?1049h", b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"


class Pty:
    """The monitor on a bare terminal."""

    def __init__(self, repo: Repo, *command: str) -> None:
        self.ours, self.theirs = pty.openpty()
        self.before = termios.tcgetattr(self.theirs)
        self.process = subprocess.Popen(
            command or (GITSEQ, "monitor"),
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            env={**repo.env, "TERM": "xterm"},
            cwd=repo.path,
            start_new_session=True,
        )
        self.written = b""

    def read_until(self, words: bytes, timeout: float = 20.0) -> None:
        end = time.monotonic() + timeout
        while words not in self.written:
            assert time.monotonic() < end, self.written
            if select.select([self.ours], [], [], 0.1)[0]:
                self.written += os.read(self.ours, 1 << 16)

    def ended(self) -> int:
        """Its exit code; it has to be read from meanwhile."""
        self.read_until(_LEFT)
        return self.process.wait(20)

    def is_as_before(self) -> bool:
        return termios.tcgetattr(self.theirs) == self.before

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for fd in (self.ours, self.theirs):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def bare(repo):
    terminal = Pty(repo)
    yield terminal
    terminal.close()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_put_back_on_a_signal(bare, signum):
    bare.read_until(b"quit")
    assert not bare.is_as_before()
    bare.process.send_signal(signum)
    assert bare.ended() == 128 + signum
    assert bare.is_as_before()
    assert bare.written.startswith(_ENTERED)
    assert bare.written.endswith(_LEFT)


def test_the_terminal_is_put_back_on_a_bug_before_the_bug_is_told(repo):
    code = (
        "import sys; from gitseq.cli import main; from gitseq.ui import watching\n"
        "def broken(*_): raise RuntimeError('forced')\n"
        "watching.picture = broken; sys.exit(main.run(['monitor']))"
    )
    terminal = Pty(repo, str(BIN / "python"), "-c", code)
    try:
        terminal.read_until(b"this is a bug in gitseq")
        terminal.read_until(b"GITSEQ=0")
        assert terminal.process.wait(20) == 70
        assert terminal.is_as_before()
        assert terminal.written.index(_LEFT) < terminal.written.index(b"this is a bug")
    finally:
        terminal.close()


def test_a_terminal_that_takes_no_output_does_not_keep_it_from_ending(bare):
    bare.read_until(b"quit")
    termios.tcflow(bare.theirs, termios.TCOOFF)  # Ctrl-S
    try:
        bare.process.send_signal(signal.SIGTERM)
        assert bare.process.wait(20) == 128 + signal.SIGTERM
    finally:
        termios.tcflow(bare.theirs, termios.TCOON)
    assert bare.is_as_before()


def test_a_terminal_that_is_gone_ends_it_without_a_crash(bare, repo):
    bare.read_until(b"quit")
    for name in ("ours", "theirs"):
        os.close(getattr(bare, name))
        setattr(bare, name, -1)
    assert bare.process.wait(20) == 128 + signal.SIGHUP
    assert not list((repo.path / ".git").rglob("crash-*"))


def test_without_a_terminal_it_says_what_to_type(repo):
    done = repo.gitseq("monitor")
    assert done.returncode == 2
    assert "gitseq status" in text(done)
    assert b"\x1b" not in done.stdout + done.stderr


# --- what it costs ------------------------------------------------------------------------------------------------


def test_an_idle_monitor_costs_next_to_nothing(bare):
    bare.read_until(b"quit")
    process = psutil.Process(bare.process.pid)
    bare.read_until(b"Waiting: nobody")
    began, used = time.monotonic(), sum(process.cpu_times()[:2])
    while time.monotonic() - began < 3:
        if select.select([bare.ours], [], [], 0.2)[0]:
            os.read(bare.ours, 1 << 16)
    share = (sum(process.cpu_times()[:2]) - used) / (time.monotonic() - began)
    assert share < 0.05, f"{share:.1%} of a core"  # 0.5 % measured; ticks of 10 ms and a busy machine add to that


# --- the page about it --------------------------------------------------------------------------------------------


def shape(line: str) -> str:
    """A line of a picture without what differs from one time and machine to the next."""
    line = re.sub(r"[█░]+", "=", line.strip())
    line = re.sub(r"─+", "-", line)
    process = re.match(r"\d+ +\S+ +\d+% +\S+ \S+ +(└ )?(\S+)", line)
    if process:
        return f"process {process[1] or ''}{os.path.basename(process[2])}"
    line = re.sub(r"[~/]\S+", "/", line)
    line = re.sub(r"\d[\d.:]*", "0", line)
    return re.sub(r"0 ?(ms|s|m|h|[KMG]iB|B)\b( 0s)?", "0", re.sub(r" +", " ", line))


def captures(page: str) -> "list[list[str]]":
    """The pictures in a page: fenced blocks that begin with the monitor's first line."""
    blocks = re.findall(r"^```text\n(gitseq monitor.*?)^```", page, re.M | re.S)
    return [block.rstrip("\n").split("\n") for block in blocks]


@in_tmux
def test_the_page_shows_what_is_shown(scene, tmux):
    (capture,) = captures((ROOT / "docs/how-to/monitor.md").read_text())
    tmux.run(GITSEQ, "monitor")
    tmux.shows("Left behind")
    assert [shape(line) for line in capture] == [shape(line) for line in tmux.screen()]
    assert all(len(line) <= 80 for line in capture)
