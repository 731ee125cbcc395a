"""Forced interleavings: a process stops at a named gate until the test lets it through.

    gate = sequencer.gate("hook-running")
    repo.hook_script("slow", gate.shell)        # the script says it has arrived, then waits
    ... start git commit ...
    gate.wait_reached()                         # now, and not "probably now", the hook runs
    ... do the thing that must not interfere ...
    gate.release()

Arrivals are lines (the pid) in a file. The way through is one byte in a fifo that the test holds open, so a release
before the arrival counts too, and when the test dies the waiting process goes on: the last writer is gone.
"""

import os
import shlex
from pathlib import Path

from tests.support.procs import wait_until


class Gate:
    """One place where processes wait for the test."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._reached = folder / f"{name}.reached"
        self._fifo = folder / f"{name}.go"
        os.mkfifo(self._fifo)
        self._fd = os.open(self._fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    @property
    def shell(self) -> str:
        """Lines of sh that arrive here and wait.

        dd takes exactly one byte, where the buffered `read` of a shell could swallow a release meant for another.
        """
        reached, fifo = shlex.quote(str(self._reached)), shlex.quote(str(self._fifo))
        return f"echo $$ >>{reached}\ndd if={fifo} of=/dev/null bs=1 count=1 2>/dev/null\n"

    @property
    def python(self) -> str:
        """The same as Python statements."""
        return (
            f"import os\nwith open({str(self._reached)!r}, 'a') as _f: _f.write('%d\\n' % os.getpid())\n"
            f"with open({str(self._fifo)!r}, 'rb', 0) as _f: _f.read(1)\n"
        )

    def arrivals(self) -> list[int]:
        """The pids that have arrived so far, in order."""
        try:
            return [int(line) for line in self._reached.read_text().split("\n")[:-1]]
        except FileNotFoundError:
            return []

    def wait_reached(self, count: int = 1, timeout: float = 20.0) -> int:
        """Wait until `count` processes have arrived; the pid of the last of them."""
        wait_until(lambda: len(self.arrivals()) >= count, timeout, f"arrival {count} at gate {self.name}")
        return self.arrivals()[count - 1]

    def release(self, count: int = 1) -> None:
        """Let `count` processes through, arrived or yet to come."""
        os.write(self._fd, b"." * count)

    def close(self) -> None:
        """Let everyone through who waits now, and whoever arrives later: an empty file makes nobody wait."""
        os.write(self._fd, b"." * 64)
        os.close(self._fd)
        opened = self._fifo.with_suffix(".opened")
        opened.touch()
        opened.replace(self._fifo)


class Sequencer:
    """The gates of one test."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._gates: dict[str, Gate] = {}

    def gate(self, name: str) -> Gate:
        """The gate of that name, made on first use."""
        if name not in self._gates:
            self._gates[name] = Gate(self._folder, name)
        return self._gates[name]

    def close(self) -> None:
        """Open every gate for good."""
        for gate in self._gates.values():
            gate.close()
