"""A shim and a stand-in for the library it starts, which only writes down how it was called."""

import json
import os
import shutil
from pathlib import Path

from gitseq.core import installing
from tests.support.repo import BIN, Done, run_bounded

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "hooks" / "shim.sh").read_bytes()

SHELLS = {
    "dash": ["dash"],
    "bash": ["bash"],
    "bash as sh": ["bash", "--posix"],
    "busybox": ["busybox", "sh"],
}

_BOOT = """
import os, sys

def main():
    import json
    record = {
        "argv": [os.fsencode(argument).hex() for argument in sys.argv],
        "stdin": sys.stdin.buffer.read().hex(),
        "cwd": os.getcwd(),
        "isolated": sys.flags.isolated,
        "no_site": sys.flags.no_site,
        "third_party": any("site-packages" in folder for folder in sys.path[:-1]),
    }
    with open(os.environ["SHIM_RECORD"], "w") as stream:
        json.dump(record, stream)
    sys.stdout.flush()
    os._exit(int(os.environ.get("SHIM_CODE", "0")))
"""


def library(folder: bytes) -> bytes:
    """Make a library folder whose `gitseq.boot` records; the folder."""
    package = os.path.join(folder, b"gitseq")
    os.makedirs(package)
    for name, content in ((b"__init__.py", ""), (b"boot.py", _BOOT)):
        with open(os.path.join(package, name), "w") as stream:
            stream.write(content)
    return folder


def interpreter(folder: bytes) -> bytes:
    """A path in `folder` by which the interpreter of the tests can be started."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, b"python3")
    os.symlink(os.fsencode(os.path.realpath(BIN / "python")), path)
    return path


class Shim:
    """A shim file, and what came of calling it."""

    def __init__(self, folder: Path, python: bytes, lib: bytes, stage: str = "pre-commit") -> None:
        self.path = folder / stage
        self.path.write_bytes(installing.shim(TEMPLATE, stage, python, lib))
        self.path.chmod(0o755)
        self._record = folder / "record.json"

    def run(
        self,
        *args: "str | bytes",
        shell: "list[str] | None" = None,
        env: "dict[str, str] | None" = None,
        stdin: bytes = b"",
        path: str = "/usr/bin:/bin",
    ) -> Done:
        """Call it as git would, or by a shell of choice."""
        self._record.unlink(missing_ok=True)
        merged = {"PATH": path, "HOME": str(self.path.parent), "SHIM_RECORD": str(self._record), **(env or {})}
        argv = [*(shell or []), str(self.path), *args]
        return run_bounded(argv, env=merged, cwd=self.path.parent, stdin=stdin)

    @property
    def called(self) -> "dict[str, object]":
        """What the stand-in saw; {} when it was not called."""
        return json.loads(self._record.read_text()) if self._record.exists() else {}

    @property
    def argv(self) -> "list[bytes]":
        """`sys.argv` of the stand-in as bytes."""
        argv = self.called["argv"]
        assert isinstance(argv, list)
        return [bytes.fromhex(argument) for argument in argv]


def missing(shell: "list[str]") -> str:
    """Why a shell cannot be tested here, or ''."""
    return "" if shutil.which(shell[0]) else f"there is no {shell[0]} on this machine"
