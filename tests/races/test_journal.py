"""Many writers of one journal, killed at random, while files are set aside: every line parses, none is lost."""

import fcntl
import json
import os
import random
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gitseq.engine import records
from gitseq.host import lines as host_lines
from gitseq.host.lines import Lines, Upkeep
from gitseq.model import Notice
from gitseq.ui.entries import Sizes
from gitseq.ui.journal import Journal, Place
from tests.support.procs import alive, assert_pid_gone, python, wait_until

ROOT = Path(__file__).parents[2]
WRITERS, KILLS = 20, 200
TINY = 4096

NURSERY = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from gitseq.model import Notice
from gitseq.ui.entries import Sizes
from gitseq.ui.journal import Journal, Place

def write(folder, name, told, most):
    fd = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    journal = Journal(Place(folder, b"/tree"), name, lambda event: None, Sizes(largest={TINY}, keep=1 << 40))
    for number in range(most):
        journal(Notice("info", f"{{number}} " + "x" * (number * 37 % 700)))
        os.write(fd, b"%d\\n" % number)

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin.buffer:
    folder, name, told, most = line.rstrip(b"\\n").split(b"\\0")
    pid = os.fork()
    if not pid:
        try:
            write(folder, name.decode(), told, int(most))
        finally:
            os._exit(0)
    os.write(1, b"%d\\n" % pid)
"""
"""Starts writers as children that have everything imported already: 200 starts of Python would be most of the test."""


class Writer:
    """A writer; what it has written whole is told in a file, number by number."""

    def __init__(self, pid: int, told: Path) -> None:
        self.pid = pid
        self.told = told

    def begun(self) -> bool:
        return self.told.exists() and self.told.stat().st_size > 0

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        assert_pid_gone(self.pid, 20)


class Writers:
    """Starts writers of one journal, and ends them."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "journal"
        self.told: dict[str, Path] = {}
        self.running: list[Writer] = []
        self._tmp_path = tmp_path
        self._nursery = subprocess.Popen(python(NURSERY), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def add(self, most: int = 100_000) -> None:
        name = f"w{len(self.told)}"
        told = self.told[name] = self._tmp_path / name
        words = (os.fsencode(self.folder), name.encode(), os.fsencode(told), b"%d" % most)
        stdin, stdout = self._nursery.stdin, self._nursery.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(b"\0".join(words) + b"\n")
        stdin.flush()
        self.running.append(Writer(int(stdout.readline()), told))

    def are_busy(self) -> bool:
        return any(alive(writer.pid) for writer in self.running)

    def close(self) -> None:
        for writer in self.running:
            writer.kill()
        self._nursery.communicate(timeout=10)


@pytest.fixture
def writers(tmp_path: Path) -> "Iterator[Writers]":
    made = Writers(tmp_path)
    yield made
    made.close()


def files(folder: Path) -> "list[Path]":
    return sorted(folder.glob("journal*.jsonl"))


def read(folder: Path) -> "list[dict[str, object]]":
    """Every line of every file; one that does not parse fails the test. Only the last of a file may be half a line."""
    return [json.loads(line) for path in files(folder) for line in whole_lines(path.read_bytes())]


def whole_lines(content: bytes) -> "list[bytes]":
    return content[: content.rfind(b"\n") + 1].splitlines()


def written_by(told: Path) -> "set[str]":
    content = told.read_bytes()
    return set(content[: content.rfind(b"\n") + 1].decode().split())


def check_whole(folder: Path, told_by: "dict[str, Path]") -> None:
    found: dict[str, list[str]] = {}
    for line in read(folder):
        found.setdefault(str(line["stage"]), []).append(str(line["text"]).split()[0])
    for name, told in told_by.items():
        lost = written_by(told) - set(found.get(name, ()))
        assert not lost, f"{name} lost {len(lost)} lines that were written whole"
        assert len(found.get(name, ())) == len(set(found.get(name, ()))), f"{name} has a line twice"


def test_20_writers_and_200_kills_leave_only_whole_lines_and_lose_none(writers):
    """Kills come at random moments, that is also while a file is set aside."""
    chance = random.Random(8)
    for _writer in range(WRITERS):
        writers.add()
    for _kill in range(KILLS):
        victim = writers.running.pop(chance.randrange(WRITERS))
        wait_until(victim.begun, 60)
        victim.kill()
        writers.add()
    for writer in writers.running:
        wait_until(writer.begun, 60)
        writer.kill()
    assert len(files(writers.folder)) > 10, "nothing was set aside"
    check_whole(writers.folder, writers.told)


def test_writers_that_all_come_to_an_end_leave_every_line_once(writers):
    for _writer in range(8):
        writers.add(150)
    wait_until(lambda: not writers.are_busy(), 60)
    check_whole(writers.folder, writers.told)
    assert len(read(writers.folder)) == 8 * 150
    assert all(path.stat().st_size < TINY + 2000 for path in files(writers.folder))


def test_a_follower_misses_nothing_and_a_full_look_never_shows_a_line_twice(writers):
    folder = os.fsencode(writers.folder)
    follower = records.Follower(folder)
    for _writer in range(4):
        writers.add(400)
    followed: list[bytes] = []
    while writers.are_busy():
        followed += follower.new()
        everything = [line for lines in records.newest_first(folder) for line in lines]
        assert len(everything) == len(set(everything))
        assert len(records.decoded(everything)) == len(everything)
    followed += follower.new()
    assert len(files(writers.folder)) > 10, "nothing was set aside"
    assert len(followed) == len(set(followed)) == 4 * 400


def test_a_look_from_the_newest_sees_every_line_once_and_in_order_within_a_piece(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    lines = [b'{"n": %d, "x": "%s"}' % (number, b"x" * (number % 5000)) for number in range(3000)]
    (folder / "journal.00000000000000000001-7.jsonl").write_bytes(b"\n".join(lines[:2000]) + b"\n")
    (folder / "journal.jsonl").write_bytes(b"\n".join(lines[2000:]) + b'\n{"half')
    pieces = list(records.newest_first(os.fsencode(folder)))
    assert len(pieces) > 4
    assert [line for piece in reversed(pieces) for line in piece] == lines


@pytest.fixture
def journal_file(tmp_path) -> Path:
    return tmp_path / "journal.jsonl"


def test_half_a_line_is_taken_away_by_the_next_writer(journal_file):
    journal_file.write_bytes(b'{"a": 1}\n{"b": "ha')
    Lines(os.fsencode(journal_file)).write(b'{"c": 1}\n')
    assert journal_file.read_bytes() == b'{"a": 1}\n{"c": 1}\n'


def test_half_a_line_is_taken_away_by_a_writer_that_had_the_file_open_before(journal_file):
    writer = Lines(os.fsencode(journal_file))
    writer.write(b'{"a": 1}\n')
    with open(journal_file, "ab") as other:
        other.write(b'{"half')
    writer.write(b'{"c": 1}\n')
    assert journal_file.read_bytes() == b'{"a": 1}\n{"c": 1}\n'


def test_a_file_of_half_a_line_only_becomes_empty(journal_file):
    journal_file.write_bytes(b"x" * 200_000)
    Lines(os.fsencode(journal_file)).write(b"{}\n")
    assert journal_file.read_bytes() == b"{}\n"


def test_a_full_disk_leaves_no_half_line_and_the_writer_goes_on_when_there_is_room(journal_file):
    """A limit on file size is what a test can have of a full disk: the write ends short, the rest fails."""
    writer = Lines(os.fsencode(journal_file))
    writer.write(b"1" * 99 + b"\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150, before[1]))
        with pytest.raises(OSError):
            writer.write(b"2" * 99 + b"\n")
        size = journal_file.stat().st_size
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert size == 100
    writer.write(b"3\n")
    assert journal_file.read_bytes() == b"1" * 99 + b"\n3\n"


def test_a_writer_that_cannot_have_the_lock_writes_to_a_file_of_its_own(journal_file, monkeypatch):
    monkeypatch.setattr(host_lines, "_TRIES", 3)
    with open(journal_file, "ab") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        writer = Lines(os.fsencode(journal_file))
        writer.write(b"1\n")
        writer.write(b"2\n")
    assert journal_file.read_bytes() == b""
    (own,) = [path for path in journal_file.parent.iterdir() if path != journal_file]
    assert own.read_bytes() == b"1\n2\n"
    assert own.name.startswith("journal.")
    assert own.stat().st_mode & 0o777 == 0o600


def test_a_writer_whose_file_was_set_aside_goes_on_in_the_new_one(tmp_path):
    folder = tmp_path / "journal"
    one = Journal(Place(os.fsencode(folder), b"/"), "one", lambda event: None, Sizes(largest=300))
    two = Journal(Place(os.fsencode(folder), b"/"), "two", lambda event: None, Sizes(largest=300))
    one(Notice("info", "first"))
    two(Notice("info", "x" * 300))
    two(Notice("info", "sets aside"))
    aside = [path for path in files(folder) if path.name != "journal.jsonl"]
    before = [path.read_bytes() for path in aside]
    one(Notice("info", "in the new one"))
    assert [path.read_bytes() for path in aside] == before
    assert "in the new one" in (folder / "journal.jsonl").read_text()


def test_the_name_of_a_journal_that_was_removed_is_made_again(journal_file):
    writer = Lines(os.fsencode(journal_file))
    writer.write(b"1\n")
    journal_file.unlink()
    writer.write(b"2\n")
    assert journal_file.read_bytes() == b"2\n"


def test_the_lock_is_free_between_two_lines(journal_file):
    writer = Lines(os.fsencode(journal_file), Upkeep(1 << 20, lambda head: False, lambda: None))
    writer.write(b"1\n")
    with open(journal_file, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
