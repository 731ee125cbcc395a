"""Every event that can be written is in the schema, with exactly the fields it says, and the page says the same."""

import json
import re

import pytest

from gitseq.core import journalschema
from gitseq.host import clock
from gitseq.model import (
    CommandFinished,
    CommandStarted,
    Event,
    FixesStaged,
    HalfMemory,
    Hook,
    HookFinished,
    HookRetried,
    HookRevised,
    HookRunning,
    HookStarted,
    Killed,
    MemoryAwaited,
    Notice,
    Queued,
    Report,
    RunFinished,
    RunRefused,
    RunStarted,
    TurnCame,
    Verdict,
    WorkHidden,
    WorkRestored,
)
from gitseq.ui import entries
from gitseq.ui.entries import LONGEST, Sizes
from gitseq.ui.journal import Journal, Place
from tests.support import journal_page

HOOK = Hook("it", "It", ("run", "it"))
BAD = Verdict(HOOK, "failed", output=b"why\n", modified=(b"caf\xe9", b"a\nb"), reasons=("because",))
EVENTS: "list[Event]" = [
    Queued("position 1 of 2", 0.0, 7, 1, 2),
    TurnCame("pre-commit", 1.5, 1, "abc"),
    RunStarted("pre-commit", (HOOK,)),
    WorkHidden((b"a",)),
    MemoryAwaited(HOOK, 5, 0.0),
    HookStarted(HOOK, 1, (b"caf\xe9",), "0123"),
    HalfMemory(HOOK, 5, 9),
    Killed("memory", "it", 9, 10.0, ((7, b"run it", 10),)),
    HookRetried(BAD, 1),
    HookFinished(BAD),
    FixesStaged(HOOK, (b"a",)),
    HookRevised(BAD),
    WorkRestored(1, ("not all of it",)),
    CommandStarted((b"make",), 1),
    CommandFinished((b"make",), 2, 1, 1.0, 0.5, 3, 4, "memory"),
    Notice("warning", "beware"),
    RunRefused(3, ("locked",)),
    RunFinished(Report("pre-commit", (BAD,), 1)),
]
_PYTHON = {
    "text": str,
    "count": int,
    "number": (int, float),
    "number or null": (int, float, type(None)),
    "true or false": bool,
    "list of text": list,
    "list of records": list,
}


def written(tmp_path, events, **how) -> "list[dict[str, object]]":
    place = Place(str(tmp_path / "journal").encode(), b"/tree", how.pop("log", b""))
    tell = Journal(place, "pre-commit", lambda event: None, **how)
    for event in (*events, HookRunning(HOOK)):  # which is no entry, and has those before it written
        tell(event)
    path = tmp_path / "journal" / "journal.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def test_every_event_is_written_with_the_fields_and_types_of_the_schema(tmp_path):
    lines = written(tmp_path, EVENTS)
    assert {line["event"] for line in lines} == set(journalschema.EVENTS) == set(entries._NAMES.values())
    for line in lines:
        fields = (*journalschema.COMMON, *journalschema.EVENTS[line["event"]][1])
        assert set(line) | journalschema.OPTIONAL == {name for name, *_ in fields} | journalschema.OPTIONAL
        for name, kind, _told in fields:
            if name in line:
                assert isinstance(line[name], _PYTHON[kind]), (line["event"], name)


def test_the_page_is_the_one_that_the_schema_makes():
    assert journal_page.written() == journal_page.generated(), "renew it: python -m tests.support.journal_page"


def test_the_json_schema_names_every_event():
    events = [one["properties"]["event"]["const"] for one in journalschema.schema()["oneOf"]]
    assert events == list(journalschema.EVENTS)


def test_names_that_are_not_utf_8_come_back_byte_by_byte(tmp_path):
    (line,) = written(tmp_path, [HookFinished(BAD)])
    assert [str(name).encode("utf-8", "surrogateescape") for name in line["modified"]] == [b"caf\xe9", b"a\nb"]


def test_what_is_told_every_second_is_written_when_it_changes(tmp_path):
    waits = [Queued("x", float(n), 7, position, 2) for n, position in enumerate((2, 2, 2, 1, 1))]
    assert [line["position"] for line in written(tmp_path, waits)] == [2, 1]


def test_what_is_told_on_the_way_to_a_hook_is_written_when_it_runs_with_the_time_it_was_told(tmp_path, monkeypatch):
    path, now = tmp_path / "journal" / "journal.jsonl", iter(range(100, 200))
    monkeypatch.setattr(clock, "wall", lambda: float(next(now)))
    tell = Journal(Place(bytes(path.parent), b"/tree"), "pre-commit", lambda event: None)
    for event in (TurnCame("pre-commit", 0.0, 0, "abc"), RunStarted("pre-commit", (HOOK,)), HookStarted(HOOK)):
        tell(event)
    assert not path.exists()
    tell(HookRunning(HOOK))
    tell(HookFinished(BAD.replace(output=b"")))
    assert [json.loads(line)["event"] for line in path.read_bytes().splitlines()] == ["grant", "run", "hook-start"]
    assert [json.loads(line)["time"] for line in path.read_bytes().splitlines()] == [101, 102, 103]
    tell(HookStarted(HOOK))
    tell(RunRefused(3, ("locked",)))
    assert [json.loads(line)["event"] for line in path.read_bytes().splitlines()[3:]] == [
        "hook-end",
        "hook-start",
        "refusal",
    ]


def test_a_file_of_the_users_gets_each_line_at_once(tmp_path):
    also = tmp_path / "also.jsonl"
    tell = Journal(Place(bytes(tmp_path / "journal"), b"/tree", bytes(also)), "pre-commit", lambda event: None)
    tell(HookStarted(HOOK))
    assert json.loads(also.read_bytes())["event"] == "hook-start"


def test_a_line_is_never_longer_than_the_bound(tmp_path):
    script = Hook("it", "It", ("x" * 200_000,), shell=True)
    many = tuple(b"\xff" * 4000 for _ in range(10))
    (cut,) = written(tmp_path, [HookStarted(script, 10, many)])
    assert cut["shortened"] is True
    assert cut["hook"] == "it"
    assert len((tmp_path / "journal" / "journal.jsonl").read_bytes()) <= LONGEST
    endless = Verdict(HOOK, "failed", notes=tuple("x" * 10_000 for _ in range(100)), reasons=("\udcff" * 10_000,) * 100)
    written(tmp_path, [HookFinished(endless)])
    assert max(map(len, (tmp_path / "journal" / "journal.jsonl").read_bytes().splitlines())) <= LONGEST


def test_output_of_failures_is_kept_under_names_of_their_own(tmp_path):
    odd = HOOK.replace(id="../../a b/c")
    told = [HookRetried(BAD, 1), HookFinished(BAD), HookFinished(BAD.replace(hook=odd)), HookFinished(BAD)]
    names = [str(line["output"]) for line in written(tmp_path, told)]
    assert len(set(names)) == 4
    assert all(re.fullmatch(r"output/[0-9a-f]{12}-[\w-]+(\.\d)?\.log", name) for name in names)
    for name in names:
        kept = tmp_path / "journal" / name
        assert kept.read_bytes() == b"why\n"
        assert kept.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "journal" / "output").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700


def test_kept_output_is_bounded_each_and_all_together(tmp_path):
    sizes = Sizes(output=1000, outputs=3000)
    loud = BAD.replace(output=b"first" + b"x" * 5000 + b"last")
    lines = written(tmp_path, [HookFinished(loud)] * 10, sizes=sizes)
    left = list((tmp_path / "journal" / "output").iterdir())
    assert sum(path.stat().st_size for path in left) <= 3000 + 1100
    newest = (tmp_path / "journal" / str(lines[-1]["output"])).read_bytes()
    assert newest.startswith(b"first")
    assert newest.endswith(b"last")
    assert b"left out" in newest


def test_what_was_set_aside_is_bounded_and_the_newest_stays(tmp_path):
    sizes = Sizes(largest=500, keep=2000)
    written(tmp_path, [Notice("info", f"{number} " + "x" * 300) for number in range(60)], sizes=sizes)
    files = sorted((tmp_path / "journal").glob("journal*.jsonl"))
    assert sum(path.stat().st_size for path in files) <= 3500
    assert any(" 58 xxx" in path.read_text() or '"58 xxx' in path.read_text() for path in files)


def test_a_journal_whose_first_line_is_old_is_set_aside(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    (folder / "journal.jsonl").write_text('{"v": 1, "time": 1000.5, "event": "notice"}\n')
    written(tmp_path, [Notice("info", "new")])
    assert len(list(folder.glob("journal.*.jsonl"))) == 1
    assert (folder / "journal.jsonl").read_text().count("\n") == 1


@pytest.mark.parametrize("time", ["1000.5x", "9999999999.9.9", "1e"])
def test_a_journal_whose_first_line_is_damaged_is_written_all_the_same(tmp_path, time):
    folder = tmp_path / "journal"
    folder.mkdir()
    (folder / "journal.jsonl").write_text(f'{{"v": 1, "time": {time}, "event": "notice"}}\n')
    Journal(Place(str(folder).encode(), b"/tree"), "pre-commit", lambda _event: None)(Notice("info", "new"))
    assert '"text": "new"' in (folder / "journal.jsonl").read_text()


def test_switched_off_nothing_is_written(tmp_path):
    assert written(tmp_path, EVENTS, log=b"0") == []
    assert not (tmp_path / "journal").exists()


def test_a_second_file_gets_every_line_as_well(tmp_path):
    also = tmp_path / "also.jsonl"
    lines = written(tmp_path, EVENTS, log=str(also).encode())
    assert [json.loads(line) for line in also.read_bytes().splitlines()] == lines
    assert len(lines) == len(EVENTS)
