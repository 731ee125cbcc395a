"""A hook that passes and writes down how it was called: arguments, PRE_COMMIT_* and GITSEQ_* variables, stdin."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

from tests.support.repo import Repo

_SCRIPT = """#!{python} -IS
import os, sys
folder = {folder!r}
number = len(os.listdir(folder)) // 4
data = {{
    "args": b"".join(os.fsencode(a) + b"\\0" for a in sys.argv[1:]),
    "env": b"".join(n + b"=" + v + b"\\0" for n, v in os.environb.items()),
    "stdin": sys.stdin.buffer.read(),
    "cwd": os.getcwdb(),
}}
for name, content in data.items():
    with open(os.path.join(folder, "%03d.%s" % (number, name)), "wb") as stream:
        stream.write(content)
{then}
"""


class Call(NamedTuple):
    """One call of the hook."""

    args: list[bytes]
    env: dict[str, str]
    stdin: bytes
    cwd: bytes

    def told(self) -> dict[str, str]:
        """What pre-commit's hooks are told by environment."""
        return {name: value for name, value in self.env.items() if name.startswith("PRE_COMMIT")}


class Recorder:
    """The hook `name` and what it saw. `then` is Python that runs after the writing down."""

    def __init__(self, repo: Repo, name: str = "record", then: str = "") -> None:
        self._folder = Path(repo.env["HOME"]) / f"{name}.calls"
        self._folder.mkdir()
        body = _SCRIPT.format(python=sys.executable, folder=str(self._folder), then=then)
        self.command = repo.hook_script(name, body)

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in order."""
        return [self._call(path.stem) for path in sorted(self._folder.glob("*.args"))]

    @property
    def only(self) -> Call:
        """The call, which must have been the only one."""
        calls = self.calls
        assert len(calls) == 1, f"{len(calls)} calls: {[call.args for call in calls]}"
        return calls[0]

    @property
    def files(self) -> list[bytes]:
        """The arguments of all calls together."""
        return [argument for call in self.calls for argument in call.args]

    def forget(self) -> None:
        """Start again with no calls."""
        for path in self._folder.iterdir():
            path.unlink()

    def _call(self, number: str) -> Call:
        def read(kind: str) -> bytes:
            return (self._folder / f"{number}.{kind}").read_bytes()

        pairs = [pair.partition(b"=") for pair in read("env").split(b"\0")[:-1]]
        env = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
        return Call(read("args").split(b"\0")[:-1], env, read("stdin"), read("cwd"))


def hook(id: str, run: str, *more: str, shell: bool = False) -> str:  # noqa: A002 - as the key is called
    """One [[hook]] table; `more` are further lines of TOML."""
    lines = ["[[hook]]", f'id = "{id}"', f"run = '''{run}'''", *(["shell = true"] if shell else []), *more, ""]
    return "\n".join(lines)
