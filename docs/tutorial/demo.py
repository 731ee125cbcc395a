#!/usr/bin/env python3
"""gitseq in five minutes, by itself: installs gitseq, makes a scratch repository, and shows three commits.

    make demo            or: python3 docs/tutorial/demo.py

Needs Python 3.10+, git and the package registry. Every command is printed before it runs; what it says follows.
Nothing is staged for the show: a virtual environment in `.venv-demo` with this checkout installed in it, a repository
in a new temporary folder, and git calling the hooks. Ends with 0 only if every command did what is said it would do.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

CONFIG = '''\
# One [[hook]] table each. They run in this order, one at a time.
[[hook]]
id = "ruff"
run = "ruff check --no-cache"
types = ["python"]

# `shell = true`: a small sh script, with the files as "$@".
[[hook]]
id = "no-debug-leftovers"
shell = true
run = """
if grep -n "breakpoint()" -- "$@"; then
    echo "Take the breakpoints out."
    exit 1
fi
"""
types = ["python"]

[[hook]]
id = "subject-line"
name = "subject line starts with a capital letter"
shell = true
run = """
head -n 1 "$1" | grep -q "^[A-Z]" && exit 0
echo "Start the subject line with a capital letter."
exit 1
"""
stages = ["commit-msg"]
'''

GOOD = '"""Greets."""\n\nprint("Hello")\n'
UNUSED_IMPORT = '"""Greets."""\n\nimport os\n\nprint("Hello, you")\n'
FIXED = '"""Greets."""\n\nprint("Hello, you")\n'


class Unexpected(Exception):
    """A command did not do what this demo says it does."""


class Terminal:
    """Prints each command, runs it, prints what it said, and holds it to what was expected."""

    def __init__(self, folder: Path, env: "dict[str, str]") -> None:
        self.folder = folder
        self.env = env

    def say(self, text: str) -> None:
        print("\n" + textwrap.fill("# " + text, 100, subsequent_indent="# "), flush=True)

    def run(self, *command: str, code: int = 0, says: "tuple[str, ...]" = ()) -> str:
        """Raises Unexpected when the exit code is another, or one of the phrases is missing in the output."""
        print(f"$ {shlex.join(command)}", flush=True)
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=600,
        )
        output = done.stdout.decode("utf-8", "replace")
        print(output, end="" if output.endswith("\n") or not output else "\n", flush=True)
        if done.returncode != code:
            raise Unexpected(f"`{shlex.join(command)}` ended with {done.returncode} instead of {code}")
        missing = [phrase for phrase in says if phrase not in output]
        if missing:
            raise Unexpected(f"`{shlex.join(command)}` did not say {missing}")
        return output

    def write(self, name: str, content: str) -> None:
        print(f"$ cat > {name}\n{textwrap.indent(content, '  ')}", end="", flush=True)
        (self.folder / name).write_text(content)


def own_environment(programs: Path) -> "dict[str, str]":
    """Ours first on PATH; the user's own git configuration, and a hook that may have started us, stay out of it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITSEQ"))}
    env.pop("SKIP", None)
    env["PATH"] = f"{programs}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["GIT_CONFIG_GLOBAL"] = os.devnull
    env["GIT_CONFIG_NOSYSTEM"] = "1"
    return env


def install(folder: Path) -> Path:
    """Make a virtual environment with this checkout's gitseq, and ruff, in it; the folder of its programs."""
    terminal = Terminal(CHECKOUT, dict(os.environ))
    terminal.say("gitseq, and ruff as something to run, in a virtual environment of their own:")
    terminal.run(sys.executable, "-m", "venv", str(folder))
    programs = folder / "bin"
    pip = (str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    terminal.run(*pip, str(CHECKOUT), "ruff")
    return programs


def show(programs: Path, scratch: Path) -> None:
    """Three commits in a new repository at `scratch`; raises Unexpected when one does not end as told."""
    scratch.mkdir(parents=True, exist_ok=True)
    terminal = Terminal(scratch, own_environment(programs))
    terminal.say(f"A scratch repository, in {scratch}:")
    terminal.run("git", "init", "--quiet")
    terminal.run("git", "config", "user.name", "Demo")
    terminal.run("git", "config", "user.email", "demo@example.com")
    terminal.write("gitseq.toml", CONFIG)
    terminal.run("gitseq", "install")

    terminal.say("A commit that passes. The first two hooks see the Python file, the third the message:")
    terminal.write("hello.py", GOOD)
    terminal.run("git", "add", ".")
    terminal.run("git", "commit", "-m", "Greet", says=("ruff", "no-debug-leftovers", "subject line", "Passed"))

    terminal.say("A commit that ruff refuses:")
    terminal.write("hello.py", UNUSED_IMPORT)
    terminal.run("git", "commit", "-a", "-m", "Greet you", code=1, says=("Failed", "- hook id: ruff", "F401"))

    terminal.say("The same change, mended, with a message that the commit-msg hook refuses:")
    terminal.write("hello.py", FIXED)
    terminal.run(
        *("git", "commit", "-a", "-m", "greet you"),
        code=1,
        says=("- hook id: subject-line", "Start the subject line with a capital letter."),
    )

    terminal.say("Only the first commit was made, and nothing of the work is lost:")
    log = terminal.run("git", "log", "--oneline")
    if len(log.splitlines()) != 1:
        raise Unexpected("there should be one commit")
    terminal.run("git", "status", "--short", says=(" M hello.py",))
    print("\nThe repository is yours to play with:")
    print(f"  export PATH={shlex.quote(str(programs))}:$PATH")
    print(f"  cd {shlex.quote(str(scratch))}", flush=True)


def main() -> int:
    if sys.version_info < (3, 10):  # noqa: UP036 - run by whatever Python there is
        print("This needs Python 3.10 or newer.", file=sys.stderr)
        return 4
    try:
        show(install(CHECKOUT / ".venv-demo"), Path(tempfile.mkdtemp(prefix="gitseq-demo-")))
    except Unexpected as surprise:
        print(f"\nUNEXPECTED: {surprise}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
