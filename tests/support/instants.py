"""Races forced at every instant: something happens just before the n-th instruction of the code under test.

    for instant in instants(run.__code__.co_filename, ...):
        with instant.strikes(lambda: os.kill(os.getpid(), 15)):
            ...                                  # once for every instruction up to the first real sleep

A wake-up that comes between the last check and the sleep is lost unless whatever brings it was registered before. So
a sleep that nothing ends is not waited for: `Poll`, put in the place of `select.poll`, fails where it would time out.
"""

import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

LONG = 20.0
"""Seconds after which a sleep counts as one that nothing ends; only a test that fails takes them."""


class Instant:
    """The moment before one instruction; all before it have been tried."""

    def __init__(self, files: "tuple[str, ...]", number: int) -> None:
        self._files = files
        self._left = number
        self._act: Callable[[], None] | None = None
        self.struck = False

    @contextmanager
    def strikes(self, act: "Callable[[], None]") -> "Iterator[None]":
        """Do something at that moment; at the first real sleep when there are fewer instructions before it."""
        self._act = act
        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # Python 3.12 asks whether any frame wants it when tracing begins
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)

    def asleep(self) -> None:
        """We are about to sleep: the last moment there is."""
        act, self._act = self._act, None
        if act is not None:
            sys.settrace(None)
            act()

    def _called(self, frame: FrameType, _event: str, _arg: object) -> "Any":
        if self._act is None or frame.f_code.co_filename not in self._files:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._stepped

    def _stepped(self, _frame: FrameType, event: str, _arg: object) -> "Any":
        if event == "opcode" and self._act is not None:
            self._left -= 1
            if self._left < 0:
                act, self._act = self._act, None
                self.struck = True
                act()
        return self._stepped


def instants(*files: str, step: int = 1) -> "Iterator[Instant]":
    """Every `step`-th instruction in these files, until one is not reached before the code under test sleeps."""
    number = 0
    while True:
        instant = Instant(files, number)
        yield instant
        if not instant.struck:
            return
        number += step


def no_sleep_without_end(monkeypatch: pytest.MonkeyPatch, module: "Any", instant: Instant) -> None:
    """In a module, a poll that would time out fails instead, and tells the instant when it is about to sleep."""

    class Poll:
        def __init__(self) -> None:
            self._real = select.poll()
            self.register, self.unregister = self._real.register, self._real.unregister

        def poll(self, timeout: "float | None" = None) -> "list[tuple[int, int]]":
            found = self._real.poll(0)
            if found or timeout == 0:
                return found
            instant.asleep()
            found = self._real.poll(LONG * 1000)
            assert found, f"slept through what should have ended a sleep of {timeout} ms"
            return found

    monkeypatch.setattr(module, "select", SimpleNamespace(poll=Poll, POLLIN=select.POLLIN))


def let_end(pid: int) -> None:
    """Return when a child has ended; it stays to be waited for."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
