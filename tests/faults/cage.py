"""What the tests of the cage share: the ways to enter it, and programs that misbehave."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitseq.host import cgroup
from tests.support.caged import NOBODY, Way

ROOT_USER = os.geteuid() == 0


def usable_python() -> "str | None":
    """An interpreter that another user may execute."""
    for name in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if os.access(name, os.X_OK) and os.path.realpath(name).startswith("/usr/"):
            done = subprocess.run([name, "-c", "import sys; print(sys.version_info >= (3, 10))"], capture_output=True)
            if done.stdout == b"True\n":
                return name
    return None


def _enter(name: str) -> Way:
    if name == "cgroup":
        if cgroup.detect() == cgroup.POLLING:
            pytest.skip("no control group can be made here")
        return Way(name, sys.executable)
    if name == "polling":
        return Way(name, sys.executable, polling=True)
    python = usable_python()
    if not ROOT_USER or python is None or shutil.which("setpriv") is None:
        pytest.skip("needs root, setpriv and a Python for everyone")
    prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    return Way(name, python, prefix)


WAYS = ("cgroup", "polling", "user")


def leaves() -> list[str]:
    """Every leaf that there is below our own groups."""
    return [
        entry.path
        for parent in cgroup.detect().parents
        if parent
        for entry in os.scandir(os.fsdecode(parent))
        if entry.name.startswith("gitseq.")
    ]


class Cage:
    """One way to enter, with a state folder of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.way = _enter(name)
        self.folder = folder
        self.engines: set[int] = set()
        self.state_dir = folder / "state"
        self.state_dir.mkdir()
        if self.way.prefix:
            os.chown(folder, NOBODY, NOBODY)
            os.chown(self.state_dir, NOBODY, NOBODY)

    def argv(self, **spec: Any) -> list[str]:
        return self.way.argv(state_dir=str(self.state_dir), **spec)

    def start(self, **spec: Any) -> "subprocess.Popen[bytes]":
        """An engine in a session of its own that executes a spec."""
        engine = subprocess.Popen(
            self.argv(**spec), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder, start_new_session=True
        )
        self.engines.add(engine.pid)
        return engine

    def do(self, **spec: Any) -> dict[str, Any]:
        """Execute a spec and return what it told; at most 60 seconds."""
        with self.start(**spec) as engine:
            out, err = engine.communicate(timeout=60)
        assert engine.returncode == 0, err.decode()
        told: dict[str, Any] = json.loads(out)
        return told

    def sh(self, script: str, **spec: Any) -> dict[str, Any]:
        return self.do(argv=["/bin/sh", "-c", script.replace("{py}", self.way.python)], **spec)

    def python(self, code: str, **spec: Any) -> dict[str, Any]:
        return self.do(argv=[self.way.python, "-I", "-S", "-c", code], **spec)

    def program(self, name: str, code: str) -> Path:
        """A file with that code, readable for every user."""
        path = self.folder / name
        path.write_text(code)
        return path

    def leaves(self) -> list[str]:
        """Leaves that engines of ours have made and not removed; other tests may run beside us."""
        return [leaf for leaf in leaves() if int(os.path.basename(leaf).split(".")[1]) in self.engines]

    def records(self) -> list[str]:
        folder = self.state_dir / "cage"
        return sorted(os.listdir(folder)) if folder.is_dir() else []


def enter(name: str) -> Iterator[Cage]:
    """A cage in a folder that every user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="gitseq-cage-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield Cage(name, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


HOG = """
import time
held = []
for _ in range(%d):
    held.append(b"x" * (1 << 20))
time.sleep(20)
"""

SHARED = """
import os, time
held = bytearray(%d << 20)
for at in range(0, len(held), 4096):
    held[at] = 2
children = []
for _ in range(8):
    pid = os.fork()
    if not pid:
        time.sleep(0.3)
        if %d:
            for at in range(0, len(held), 4096):
                held[at] = 1
        time.sleep(%s)
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""

BOMB = """
import os, time
tokens, put = os.pipe()
os.write(put, b"x" * %d)   # never more forks than this, should the cap fail
os.close(put)
end = time.monotonic() + 15
def explode():
    while os.read(tokens, 1):
        if os.fork() == 0:
            os.setsid()
    while time.monotonic() < end:
        time.sleep(0.05)
explode()
"""

HEADLESS = """
import ctypes, os, threading, time
pid = os.fork()
if not pid:
    os.setsid()
    os.closerange(0, 3)
    threading.Thread(target=time.sleep, args=(30,)).start()
    ctypes.CDLL(None).pthread_exit(None)
path = "/proc/%d/stat" % pid
while open(path).read().rpartition(")")[2].split()[0] != "Z":
    time.sleep(0.01)
print(pid, flush=True)
"""
"""A process whose first thread has ended: it looks like a zombie, and runs."""

IN_A_LEAF = "until grep -q gitseq[.] /proc/self/cgroup; do sleep 0.01; done; "
"""Shell that goes on once it was put into a group of our making."""

HOPPER = """
import os, sys, time
os.setsid() if os.getpid() != os.getpgrp() else None
open(sys.argv[1], "w").close()
end = time.monotonic() + 3
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
"""
"""Another process every moment; looked at one by one, each is gone already."""

DAEMON = """
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 256)
fd = os.open(%r, os.O_WRONLY | os.O_CREAT, 0o666)
os.write(fd, b"%%d\\n" %% os.getpid())
os.close(fd)
os.execve(%r, ["sleep", "30"], {})
"""
