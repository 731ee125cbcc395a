#!/usr/bin/env python3
"""The story that first-ten-minutes.md tells, played for real: a stranger, a new repository, and what can go wrong.

    python3 docs/tutorial/first_ten_minutes.py      plays it, and writes what was said into the page

The stranger has read nothing. What they type next is taken out of what they were told last (`Stranger.told`), so a
message that names no command, or one that does not work, ends the story. tests/e2e/test_first_ten_minutes.py plays it
too, and compares the page.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE = Path(__file__).with_name("first-ten-minutes.md")
SECONDS = 60.0
"""Nothing in the story takes as long."""

SLOW = "/bin/sh -c 'test ! -e .slow || sleep 300'"
TIDY = """
[[hook]]
id = "tidy"
shell = true
run = 'for file in "$@"; do sed -i.old "s/ *$//" "$file"; rm "$file.old"; done'
types = ["shell"]
"""
LINT = """
[[hook]]
id = "lint"
run = "shelllint"
types = ["shell"]
"""
TESTS = f"""
[[hook]]
id = "tests"
run = "{SLOW}"
pass_filenames = false
"""
MINE = "#!/bin/sh\nexit 0\n"
"""The hook that was there before gitseq came."""


class Lost(AssertionError):
    """What was said does not lead on."""


class Stranger:
    """Types in a repository, keeps what was typed and said under a heading, and knows nothing but what was said."""

    def __init__(self, folder: Path, env: "dict[str, str]") -> None:
        self.folder = folder
        self.env = env
        self.blocks: "dict[str, list[str]]" = {}
        self.said = ""
        """By the last command."""
        self._block: "list[str]" = []

    def begin(self, name: str) -> None:
        """What follows belongs to another part of the page."""
        self._block = self.blocks[name] = []

    def types(self, line: str, code: int = 0) -> str:
        """Type a line; what it said. Raises Lost for another exit code."""
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        self.said = done.stdout.decode("utf-8", "replace")
        self.notes(line, self.said)
        if done.returncode != code:
            raise Lost(f"`{line}` ended with {done.returncode} instead of {code}:\n{self.said}")
        return self.said

    def notes(self, line: str, said: str) -> None:
        """Keep what was typed and said for the page."""
        self._block += [f"$ {line}", *said.rstrip("\n").split("\n")] if said.strip() else [f"$ {line}"]

    def remarks(self, text: str) -> None:
        """What the stranger does in the editor, for the page."""
        self._block.append(f"# {text}")

    def told(self, pattern: str) -> str:
        """What the last message tells to type, or to write: the first match after a colon, a bracket or a quote."""
        found = re.search(rf"(?:: |; |\(|note: [^\n]*, |[`,] ?)({pattern})", self.said)
        if found is None:
            raise Lost(f"nothing like `{pattern}` is named in:\n{self.said}")
        return found[1].strip()

    def writes(self, name: str, text: str) -> None:
        """Save a file in the editor."""
        (self.folder / name).write_text(text)

    def edits(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file."""
        text = (self.folder / name).read_text()
        if old not in text:
            raise Lost(f"{name} does not hold {old!r}")
        self.writes(name, text.replace(old, new))

    @contextmanager
    def other_terminal(self, line: str) -> "Iterator[Other]":
        """A command in a second terminal; on leaving, it has ended."""
        other = Other(self, line)
        try:
            yield other
        finally:
            other.end()


class Other:
    """A command that goes on while the stranger does something else."""

    def __init__(self, stranger: Stranger, line: str) -> None:
        self.line = line
        self._stranger = stranger
        self._output = tempfile.NamedTemporaryFile(prefix="gitseq-story-")  # noqa: SIM115 - closed in end()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {line}"],
            cwd=stranger.folder,
            env=stranger.env,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def said(self) -> str:
        """All it has said so far."""
        return Path(self._output.name).read_text()

    def says(self, words: str) -> str:
        """Wait until it has said this."""
        wait_until(lambda: words in self.said() or self.process.poll() is not None)
        if words not in self.said():
            raise Lost(f"`{self.line}` ended without saying {words!r}:\n{self.said()}")
        return self.said()

    def ends(self) -> int:
        """Wait for its end, and keep what it said; its exit code."""
        code = self.process.wait(SECONDS)
        self._stranger.said = self.said()
        self._stranger.notes(self.line, self.said())
        return code

    def end(self) -> None:
        """Nothing of it goes on."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(SECONDS)
        self._output.close()


def wait_until(condition: "Callable[[], object]") -> None:
    """Return as soon as the condition holds; Lost after a while."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise Lost("waited in vain")
        time.sleep(0.02)


# --- the story ----------------------------------------------------------------------------------------------------


def play(one: Stranger, cancel: "Callable[[str], None] | None" = None) -> None:
    """All of it, in order; `cancel` opens the monitor by the command it is given, and cancels what runs."""
    _git_repository(one)
    for part in (start, fail, fix, stage_fixes, missing_tool, broken_configuration):
        part(one)
    wait_and_cancel(one, cancel or (lambda _command: _cancel_by_signal(one)))
    for part in (killed, stale_lock, leave):
        part(one)


def _git_repository(one: Stranger) -> None:
    one.begin("before")
    one.types("git init -q -b main")
    one.types("git config user.name Stranger && git config user.email stranger@example.com")
    hook = one.folder / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(MINE)
    hook.chmod(0o755)


def start(one: Stranger) -> None:
    """From nothing to a first run, by what each message says."""
    one.begin("start")
    one.types("gitseq", code=2)
    one.types(one.told("gitseq init"))
    one.types(one.told("gitseq install"))
    one.types(one.told("gitseq run [a-z-]+"))


def fail(one: Stranger) -> None:
    """A commit that is refused, mended, and made."""
    one.begin("fail")
    one.writes("greet.sh", "#!/bin/sh\necho Hello   \n")
    one.types("git add .")
    one.types('git commit -m "Greet"', code=1)
    again = one.told("gitseq run [a-z-]+")
    one.remarks("the blanks are taken out of greet.sh")
    one.edits("greet.sh", "   \n", "\n")
    one.types(f"{one.told('git add')} .")
    one.types(again)
    one.types('git commit -m "Greet"')


def fix(one: Stranger) -> None:
    """A hook that changes files: the change is looked at, and taken."""
    one.begin("fix")
    first = (one.folder / "gitseq.toml").read_text().rpartition("\n[[hook]]")[0]
    one.writes("gitseq.toml", first + TIDY)
    one.remarks("tidy is in gitseq.toml, and greet.sh greets you, with blanks at the end")
    one.writes("greet.sh", "#!/bin/sh\necho Hello, you   \n")
    one.types("git add .")
    one.types('git commit -m "Greet you"', code=1)
    told, look, add = one.said, one.told("git diff"), one.told("git add [^;]+")
    one.types(look)
    one.types(add)
    one.types('git commit -m "Greet you"')
    one.said = told


def stage_fixes(one: Stranger) -> None:
    """The same, with what the message of the last refusal offered."""
    one.begin("stage")
    offered = one.told('fixes = "[a-z]+"')
    one.remarks(f"{offered} is below the id of tidy, and there are blanks again")
    one.edits("gitseq.toml", 'id = "tidy"\n', f'id = "tidy"\n{offered}\n')
    one.writes("greet.sh", "#!/bin/sh\necho Hello, all of you   \n")
    one.types("git add .")
    one.types('git commit -m "Greet all"')


def missing_tool(one: Stranger) -> None:
    """A hook whose command is not there."""
    one.begin("missing")
    one.writes("gitseq.toml", (one.folder / "gitseq.toml").read_text() + LINT)
    one.writes("greet.sh", "#!/bin/sh\necho Hi\n")
    one.remarks('another hook, "lint", is to run `shelllint`')
    one.types("git add .")
    one.types('git commit -m "Greet briefly"', code=1)
    wrong = re.search(r"`(\w+)` not found: [^\n]*correct the command", one.said)
    if wrong is None:
        raise Lost(f"which command is not named in:\n{one.said}")
    one.edits("gitseq.toml", f'run = "{wrong[1]}"', 'run = "sh -n"')
    again = one.told("gitseq run [a-z-]+")
    one.remarks("`sh -n` does what was wanted")
    one.types("git add .")
    one.types(again)
    one.types('git commit -m "Greet briefly"')


def broken_configuration(one: Stranger) -> None:
    """A typing mistake in gitseq.toml."""
    one.begin("broken")
    text = (one.folder / "gitseq.toml").read_text()
    one.writes("gitseq.toml", text[::-1].replace("types"[::-1], "typs"[::-1], 1)[::-1])
    one.remarks("a slip of the finger in gitseq.toml")
    one.types("git add .")
    one.types("git commit --allow-empty -m Empty", code=1)
    check, right = one.told("gitseq validate"), re.search(r"(\w+): unknown key, did you mean `(\w+)`", one.said)
    if right is None:
        raise Lost(f"the right key is not named in:\n{one.said}")
    one.edits("gitseq.toml", f"{right[1]} =", f"{right[2]} =")
    one.remarks("that is mended")
    one.types(check)


def wait_and_cancel(one: Stranger, cancel: "Callable[[str], None]") -> None:
    """Two terminals: one waits for the other, looks on, and ends what hangs."""
    one.begin("wait")
    one.writes("gitseq.toml", (one.folder / "gitseq.toml").read_text() + TESTS)
    one.writes("greet.sh", "#!/bin/sh\necho Hello\n")
    one.remarks('a third hook, "tests", which hangs: git commit -m Slow; and in another terminal: gitseq run')
    one.types("git add .")
    (one.folder / ".slow").touch()
    with one.other_terminal("git commit -m Slow") as slow:
        _hook_runs(one, "sleep 300")
        with one.other_terminal("gitseq run") as waiter:
            one.said = waiter.says("gitseq monitor")
            look, watch = one.told("gitseq status"), one.told("or live: gitseq monitor").removeprefix("or live: ")
            one.types(look)
            (one.folder / ".slow").unlink()
            cancel(watch)
            one.begin("cancelled")
            if slow.ends() == 0:
                raise Lost("a cancelled commit was made all the same")
            one.begin("turn")
            if waiter.ends() != 0:
                raise Lost(f"it should have passed:\n{one.said}")


def _hook_runs(one: Stranger, words: str) -> None:
    """Wait until the status shows a process like this."""

    def is_shown() -> bool:
        done = subprocess.run(
            ["gitseq", "status"], cwd=one.folder, env=one.env, capture_output=True, timeout=SECONDS, check=False
        )
        return any(line.endswith(words) for line in done.stdout.decode().splitlines())

    wait_until(is_shown)


def _cancel_by_signal(one: Stranger) -> None:
    """Where there is no terminal for a monitor: what its key `c` asks for, by the pid that the status names."""
    found = re.search(r"^Running: .*\(pid (\d+)\)$", one.said, re.M)
    if found is None:
        raise Lost(f"who runs is not named in:\n{one.said}")
    os.kill(int(found[1]), signal.SIGTERM)


def killed(one: Stranger) -> None:
    """`kill -9` while unstaged work is hidden: the next command brings it back and says so."""
    one.begin("killed")
    one.types("git commit -m Quick")
    one.writes("greet.sh", "#!/bin/sh\necho staged\n")
    one.types("git add greet.sh")
    one.remarks("greet.sh gets one more line; while the hook hangs, in another terminal: kill -9")
    one.writes("greet.sh", "#!/bin/sh\necho staged\necho and not staged\n")
    (one.folder / ".slow").touch()
    with one.other_terminal("gitseq run tests") as run:
        _hook_runs(one, "sleep 300")
        run.process.kill()
        run.ends()
    (one.folder / ".slow").unlink()
    if "not staged" in (one.folder / "greet.sh").read_text():
        raise Lost("nothing was hidden, so nothing can be brought back")
    one.begin("recovered")
    one.types("gitseq recover --list")
    one.types(one.told("gitseq recover") if "gitseq recover" in one.said else "gitseq run tests")
    if "not staged" not in (one.folder / "greet.sh").read_text():
        raise Lost(f"the work is not back:\n{one.said}")


def stale_lock(one: Stranger) -> None:
    """A git that died has left index.lock."""
    one.begin("lock")
    (one.folder / ".git/index.lock").touch()
    one.types("gitseq run", code=3)
    one.types(one.told("rm [^\n]+"))
    one.types("gitseq run")


def leave(one: Stranger) -> None:
    """Uninstall puts everything back; the help names the verb."""
    one.begin("leave")
    said = one.types("gitseq --help")
    one.blocks["leave"].clear()
    verb = re.search(r"^ +(\w+)\s+remove the shims and put earlier hooks back$", said, re.M)
    if verb is None:
        raise Lost(f"the way out is not named in:\n{said}")
    one.types(f"gitseq {verb[1]}")
    if (one.folder / ".git/hooks/pre-commit").read_text() != MINE:
        raise Lost("the earlier hook is not back")
    one.types('git commit -m "Without hooks"')


# --- the page -----------------------------------------------------------------------------------------------------

_BLOCK = re.compile(r"(<!-- story: (?P<name>\w+) -->\n```console\n)(?P<text>.*?)(?=^```$)", re.M | re.S)


def blocks_of(page: str) -> "dict[str, list[str]]":
    """What the page shows, by the name in the comment before each block."""
    return {found["name"]: found["text"].rstrip("\n").split("\n") for found in _BLOCK.finditer(page)}


def filled(page: str, blocks: "dict[str, list[str]]") -> str:
    """The page with these blocks."""
    return _BLOCK.sub(lambda found: found[1] + "\n".join(blocks[found["name"]]) + "\n", page)


def own_environment(home: Path) -> "dict[str, str]":
    """The `gitseq` beside this interpreter first on PATH; the user's own git configuration stays out of it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITSEQ"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    return {**env, "PATH": path, "HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def _shown(line: str, scratch: Path) -> str:
    """A line without the folders of this machine."""
    for path, name in ((scratch, "~/greetings"), (sys.executable, "python3"), (PAGE.parents[2], "~/gitseq")):
        line = line.replace(str(path), name)
    return re.sub(r"(?:\S*/bin/)?python[\d.]*(?=\s)", "python3", line)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="story-") as folder:
        scratch = Path(folder) / "greetings"
        scratch.mkdir()
        one = Stranger(scratch, own_environment(Path(folder)))
        try:
            play(one)
        except Lost as why:
            print(f"The stranger is lost. {why}", file=sys.stderr)
            return 1
        told = {name: [_shown(line, scratch) for line in lines] for name, lines in one.blocks.items()}
        PAGE.write_text(filled(PAGE.read_text(), told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
