#!/usr/bin/env python3
"""Makes the pictures of the README out of real output: docs/images/run.svg and docs/images/monitor.svg.

    python3 docs/pictures.py        needs tmux, and an environment with the tests' packages (`make test` has made one)

A scratch repository, real runs, a real terminal. The text is as it was printed, but that the scratch folder is called
~/greetings. The pictures name no font of the web: whoever looks at one loads nothing from anywhere.
"""

import re
import sys
import tempfile
from contextlib import ExitStack
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rich.console import CONSOLE_SVG_FORMAT, Console  # noqa: E402
from rich.text import Text  # noqa: E402

from tests.support.procs import spawned, wait_until  # noqa: E402
from tests.support.repo import BIN, Repo, isolated_env  # noqa: E402
from tests.support.tmux import Tmux  # noqa: E402

IMAGES = ROOT / "docs" / "images"
COLUMNS = 88
GITSEQ = str(BIN / "gitseq")
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}|<!--.*?-->", "", CONSOLE_SVG_FORMAT, flags=re.S)
"""rich's own, without the fonts it would fetch."""
_TEXT = re.compile(
    r'(?P<head><text class="[^"]*") x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="(?P<width>[\d.]+)"(?P<tail>[^>]*)>'
    r"(?P<words>[^<]*)</text>"
)

CONFIG = """\
[[hook]]
id = "syntax"
run = "sh -n"
types = ["shell"]

[[hook]]
id = "tidy"
shell = true
run = 'for file in "$@"; do sed -i.old "s/ *$//" "$file"; rm "$file.old"; done'
types = ["shell"]
fixes = "stage"

[[hook]]
id = "no-todo"
shell = true
run = '! grep -n TODO -- "$@"'
types = ["text"]
"""
TESTS = """
[[hook]]
id = "tests"
run = "./run-tests"
pass_filenames = false
timeout = "5m"
memory = "1GiB"
processes = 64
"""
RUN_TESTS = """\
#!/bin/sh
python3 -c 'import time; kept = b"x" * (200 << 20); time.sleep(300)' &
sleep 300
"""
UNTIL_TOLD = """\
#!/bin/sh
until test -e ../go; do sleep 0.1; done
"""


def scratch(folder: Path) -> Repo:
    """A repository with hooks, shims and a script that is staged."""
    repo = Repo.init(folder / "greetings", isolated_env(folder))
    repo.config(CONFIG)
    repo.install()
    repo.write("greet.sh", "#!/bin/sh\necho Hello\n", 0o755)
    repo.write("NOTES.md", "Greet people.\n")
    repo.write("run-tests", UNTIL_TOLD, 0o755)
    repo.add()
    repo.commit()
    return repo


def run_lines(folder: Path) -> "list[str]":
    """What a commit says that waits, passes one hook, has a file fixed by another, and is refused by a third."""
    repo = scratch(folder)
    with ExitStack() as stack:
        stack.callback(repo.gitseq, "reap")  # last: what was running is killed on the way out
        repo.write("greet.sh", "#!/bin/sh\necho Hello, you   \n", 0o755)
        repo.write("NOTES.md", "Greet people.\nTODO: greet cats\n")
        repo.add()
        stack.enter_context(spawned([GITSEQ, "exec", "--", "./run-tests"], env=repo.env, cwd=repo.path))
        wait_until(lambda: b"sleep 0.1" in repo.gitseq("status").stdout, what="the turn of another")
        environment = {**repo.env, "GITSEQ_COLOR": "always"}
        commit = stack.enter_context(spawned(["git", "commit", "-m", "Greet you"], env=environment, cwd=repo.path))
        wait_until(lambda: b"Waiting: 1" in repo.gitseq("status").stdout, what="a waiter")
        (folder / "go").touch()
        out, err = commit.communicate(timeout=60)
        return ['$ git commit -m "Greet you"', *_shown(text_of(out + err), folder).rstrip("\n").split("\n")]


def monitor_lines(folder: Path) -> "list[str]":
    """The monitor while a hook runs and three wait."""
    repo = scratch(folder)
    with ExitStack() as stack:
        stack.callback(repo.gitseq, "reap")  # last: what was running is killed on the way out
        repo.gitseq("run", "--all-files")
        repo.write("run-tests", RUN_TESTS)
        repo.write("NOTES.md", "Greet people.\nTODO: greet cats\n")
        repo.add()
        repo.gitseq("run")
        repo.write("NOTES.md", "Greet people, and cats.\n")
        repo.config(CONFIG + TESTS)
        repo.add()
        stack.enter_context(spawned([GITSEQ, "run"], env=repo.env, cwd=repo.path))
        wait_until(lambda: b"time.sleep(300)" in repo.gitseq("status").stdout, what="the tests")
        for number, waiter in enumerate(("make lint", "make docs", "git commit -m Cats"), 1):
            stack.enter_context(spawned([GITSEQ, "exec", "--", *waiter.split()], env=repo.env, cwd=repo.path))
            words = f"Waiting: {number}".encode()
            wait_until(lambda words=words: words in repo.gitseq("status").stdout, what=f"waiter {number}")
        terminal = Tmux(repo, columns=COLUMNS)
        stack.callback(terminal.close)
        terminal.run(GITSEQ, "monitor")
        terminal.shows("Lately")
        terminal.shows("memory ██")
        return [_shown(line, folder) for line in terminal.screen(styles=True)]


def text_of(output: bytes) -> str:
    """Output as text."""
    return output.decode("utf-8", "backslashreplace")


def _shown(line: str, folder: Path) -> str:
    """A line without the folders of this machine; a program in a folder is called by its name."""
    shorter = re.sub(r"/\S+/bin/(?=\w)", "", line.replace(str(folder / "greetings"), "~/greetings"))
    lost = " " * (len(line) - len(shorter))
    return re.sub(r" {3,}(?=\S+$)", lambda gap: gap[0] + lost, shorter)  # what stood at the right edge stays there


def svg(lines: "list[str]", name: str, title: str) -> str:
    """Lines with colours as a picture."""
    with open("/dev/null", "w") as nowhere:
        # without a height, a terminal that calls itself dumb is taken for 80 columns
        console = Console(
            record=True, width=COLUMNS, height=len(lines), file=nowhere, force_terminal=True, color_system="truecolor"
        )
        for line in lines:
            console.print(Text.from_ansi(line), highlight=False)
    drawn = console.export_svg(title=title, code_format=_FORMAT, unique_id=f"gitseq-{name}")
    return re.sub(r"[ \t]+$", "", _TEXT.sub(_moved, drawn), flags=re.M)


def _moved(found: "re.Match[str]") -> str:
    """A text without the blanks around it, where it stood: some renderers drop blanks that begin a text."""
    words = found["words"].replace("&#160;", " ")
    bare = words.strip()
    if not bare:
        return ""
    width = float(found["width"]) / len(unescape(words))
    x = float(found["x"]) + width * (len(words) - len(words.lstrip()))
    length = width * len(unescape(bare))
    bare = bare.replace(" ", "&#160;")
    return f'{found["head"]} x="{x:.1f}" y="{found["y"]}" textLength="{length:.1f}"{found["tail"]}>{bare}</text>'


PICTURES = {"run": (run_lines, "git commit"), "monitor": (monitor_lines, "gitseq monitor")}


def make(into: Path) -> None:
    """Make all pictures."""
    into.mkdir(parents=True, exist_ok=True)
    for name, (lines, title) in PICTURES.items():
        with tempfile.TemporaryDirectory(prefix="picture-") as folder:
            (into / f"{name}.svg").write_text(svg(lines(Path(folder).resolve()), name, title))


if __name__ == "__main__":
    make(IMAGES)
