"""Many writers of one journal, killed at random, while files are set aside: every line parses, none is lost."""

import fcntl
import json
import os
import random
import resource
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from gitseq.host import lines as host_lines
from gitseq.host.lines import Lines, Upkeep
from gitseq.model import Notice
from gitseq.ui.journal import Journal, Place, Sizes
from tests.support.procs import python, wait_until

ROOT = Path(__file__).parents[2]
WRITERS, KILLS = 20, 200
TINY = 4096

WRITER = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from gitseq.model import Notice
from gitseq.ui.journal import Journal, Place, Sizes
folder, name, most = os.fsencode(sys.argv[1]), sys.argv[2], int(sys.argv[3])
journal = Journal(Place(folder, b"/tree"), name, lambda event: None, Sizes(largest={TINY}, keep=1 << 40))
for number in range(most):
    journal(Notice("info", f"{{number}} " + "x" * (number * 37 % 700)))
    os.write(1, b"%d\\n" % number)
"""


def files(folder: Path) -> "list[Path]":
    return sorted(folder.glob("journal*.jsonl"))


def read(folder: Path) -> "list[dict[str, object]]":
    """Every line of every file; one that does not parse fails the test. Only the last of a file may be half a line."""
    return [json.loads(line) for path in files(folder) for line in whole_lines(path.read_bytes())]


def whole_lines(content: bytes) -> "list[bytes]":
    return content[: content.rfind(b"\n") + 1].splitlines()


def start(folder: Path, name: str, told: Path, most: int = 100_000) -> "subprocess.Popen[bytes]":
    """A writer; what it has written whole is told in a file, number by number."""
    with open(told, "ab") as stream:
        return subprocess.Popen(
            [*python(WRITER), str(folder), name, str(most)], stdout=stream, stdin=subprocess.DEVNULL
        )


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


def test_20_writers_and_200_kills_leave_only_whole_lines_and_lose_none(tmp_path):
    """Kills come at random moments, that is also while a file is set aside."""
    folder, chance = tmp_path / "journal", random.Random(8)
    told_by: dict[str, Path] = {}
    running: list[tuple[subprocess.Popen[bytes], Path]] = []

    def add() -> None:
        name = f"w{len(told_by)}"
        told_by[name] = tmp_path / name
        running.append((start(folder, name, told_by[name]), told_by[name]))

    try:
        for _writer in range(WRITERS):
            add()
        wait_until(lambda: all(told.stat().st_size for _process, told in running), 60)
        for _kill in range(KILLS):
            process, told = running[victim := chance.randrange(WRITERS)]
            wait_until(lambda told=told: told.stat().st_size, 60)
            process.kill()
            process.wait(10)
            del running[victim]
            add()
    finally:
        for process, _told in running:
            process.kill()
            process.wait(10)
    assert len(files(folder)) > 10, "nothing was set aside"
    check_whole(folder, told_by)


def test_writers_that_all_come_to_an_end_leave_every_line_in_order(tmp_path):
    folder = tmp_path / "journal"
    told_by = {f"w{number}": tmp_path / f"w{number}" for number in range(8)}
    running = [start(folder, name, told, 150) for name, told in told_by.items()]
    assert [process.wait(60) for process in running] == [0] * 8
    check_whole(folder, told_by)
    assert len(read(folder)) == 8 * 150
    assert all(path.stat().st_size < TINY + 2000 for path in files(folder))


def test_a_reader_sees_whole_lines_only_while_files_are_set_aside(tmp_path):
    folder = tmp_path / "journal"
    told = [tmp_path / f"w{number}" for number in range(4)]
    running = [start(folder, path.name, path, 400) for path in told]
    try:
        while any(process.poll() is None for process in running):
            if folder.is_dir():
                for path in files(folder):
                    with suppress(FileNotFoundError):  # set aside since it was listed
                        content = path.read_bytes()
                    for line in whole_lines(content):
                        json.loads(line)
    finally:
        for process in running:
            process.wait(60)


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
