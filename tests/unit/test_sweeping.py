"""`gitseq env gc` where something will not be removed: told plainly, and the rest goes."""

import argparse
import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseq.cli import env as verb
from gitseq.cli.context import Context
from gitseq.engine import fetching, sweeping
from gitseq.engine.installer import Site
from gitseq.host.signals import Signals
from gitseq.languages.store import GONE, Store
from gitseq.model import Plan

UNUSED = "environments/golang-1", "environments/golang-2", "environments/golang-3", "clones/1", "clones/2"


@pytest.fixture
def store(tmp_path):
    """A store in which nobody uses anything; each thing holds a folder with two files."""
    made = Store(os.fsencode(tmp_path / "store"))
    for name in UNUSED:
        folder = made.make(os.fsencode(name), b"env")
        for file in (b"a", b"b"):
            with open(os.path.join(folder, file), "wb") as stream:
                stream.write(b"x" * 10_000)
        with open(os.path.join(os.path.dirname(folder), b"ready"), "wb"):
            pass
    return made


def swept(store: Store) -> int:
    context = Context({b"GITSEQ_HOME": store.folder, b"HOME": b"/"}, b"/")
    return verb.run(argparse.Namespace(action="gc", json=False), context)


def left(store: Store) -> "list[str]":
    return [
        os.fsdecode(os.path.relpath(path, store.folder))
        for kind in (b"clones", b"environments")
        for path in store.entries(kind)
    ]


def make_stuck(monkeypatch, function: str, part: bytes, number: int) -> None:
    """Let a call of the system fail for every path that has this in it."""
    real = getattr(os, function)

    def failing(path, *rest, **named):
        folder = os.readlink(b"/proc/self/fd/%d" % named["dir_fd"]) if named.get("dir_fd") is not None else b""
        if part in os.path.join(folder, os.fsencode(path)):
            raise OSError(number, os.strerror(number), path)
        return real(path, *rest, **named)

    monkeypatch.setattr(os, function, failing)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="finds out which folder a descriptor is by /proc")
@pytest.mark.parametrize(
    ("function", "stuck", "number"),
    [
        ("unlink", b"golang-2.gone/env/a", errno.EACCES),
        ("rmdir", b"golang-2.gone/env", errno.EBUSY),
        ("rmdir", b"golang-2.gone", errno.ENOTEMPTY),
        ("rename", b"golang-2", errno.EACCES),
    ],
)
def test_what_cannot_be_removed_is_told_and_the_rest_goes(store, monkeypatch, capfd, function, stuck, number):
    with monkeypatch.context() as patched:
        make_stuck(patched, function, stuck, number)
        assert swept(store) == 4
    told = capfd.readouterr()
    assert told.out.startswith("2 repositories and 2 environments removed, ")
    assert "gitseq: not everything could be removed\n" in told.err
    assert os.strerror(number) in told.err
    assert "gitseq env gc" in told.err
    assert len(left(store)) == 1
    if function == "unlink":
        folder = store.folder + b"/environments/golang-2.gone"
        assert os.listdir(folder) == [b"env"]
        assert os.listdir(folder + b"/env") == [b"a"]
    assert swept(store) == 0
    assert capfd.readouterr().out.startswith("0 repositories and 1 environment removed, ")
    assert not left(store)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_may_not_be_written_to_is_told(store, capfd):
    folder = store.folder + b"/environments"
    os.chmod(folder, 0o500)
    assert swept(store) == 4
    os.chmod(folder, 0o700)
    told = capfd.readouterr()
    assert told.out.startswith("2 repositories and 0 environments removed, ")
    assert told.err.count("Permission denied") == 3


def test_record_and_rev_that_cannot_be_removed_are_told(store, monkeypatch, capfd):
    store.record(b"/no/such/work/tree", "gitseq.toml", [b"clones/1"])
    store.remember_commit("url", "v1", "0" * 40)
    with monkeypatch.context() as patched:
        make_stuck(patched, "unlink", b"store/re", errno.EPERM)
        assert swept(store) == 4
    told = capfd.readouterr()
    assert told.out.startswith("2 repositories and 3 environments removed, ")
    assert told.err.count(os.strerror(errno.EPERM)) == 2
    assert swept(store) == 0


@pytest.mark.parametrize("content", [b"", b"no line", b"\xff\0\xfe\n"])
def test_half_written_record_or_rev_is_removed(store, content):
    for kind in (b"repositories", b"revs"):
        with open(store.make(kind) + b"/torn", "wb") as stream:
            stream.write(content)
    assert swept(store) == 0
    assert not store.entries(b"repositories") + store.entries(b"revs")


def test_death_in_the_middle_leaves_no_half_clone_that_counts(store, monkeypatch):
    class Died(BaseException):
        pass

    def die(path, *_rest, **_named):
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", die)
        with pytest.raises(Died):
            swept(store)
    counting = [name for name in left(store) if not name.encode().endswith(GONE)]
    for name in counting:
        assert sorted(os.listdir(os.path.join(store.folder, name.encode(), b"env"))) == [b"a", b"b"]
    assert len(counting) == len(UNUSED) - 1
    assert swept(store) == 0
    assert not left(store)


# --- beside a run that begins just now


def note(store: Store, top: Path, *used: bytes) -> None:
    """What a run does before it looks at what it uses."""
    (top / "gitseq.toml").touch()
    store.record(bytes(top), "gitseq.toml", used)


def at_first(monkeypatch, owner: object, name: str, act: "Callable[[], None]") -> None:
    """Do something once, right after a function was called for the first time."""
    real = getattr(owner, name)

    def then(*given):
        told = real(*given)
        monkeypatch.setattr(owner, name, real)
        act()
        return told

    monkeypatch.setattr(owner, name, then)


def test_what_is_noted_after_a_sweep_has_read_the_notes_stays(store, monkeypatch, tmp_path):
    at_first(
        monkeypatch, sweeping._Sweep, "_in_use", lambda: note(store, tmp_path, b"clones/1", b"environments/golang-2")
    )
    assert swept(store) == 0
    assert left(store) == ["clones/1", "environments/golang-2"]


def test_a_note_that_is_renewed_after_a_sweep_found_it_outdated_stays(store, monkeypatch, tmp_path):
    store.record(bytes(tmp_path), "gitseq.toml", [b"clones/1"])
    at_first(monkeypatch, sweeping._Sweep, "_outdated", lambda: note(store, tmp_path, b"clones/2"))
    assert swept(store) == 0
    assert left(store) == ["clones/2"]
    assert store.is_recorded(bytes(tmp_path), "gitseq.toml", [b"clones/2"])


def test_nobody_can_note_a_use_between_a_sweep_s_last_look_and_the_renaming(store, monkeypatch):
    rename, tried = os.rename, []

    def held(source, target):
        with pytest.raises(BlockingIOError), open(store.lock_of_uses()) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tried.append(target)
        rename(source, target)

    monkeypatch.setattr(os, "rename", held)
    assert swept(store) == 0
    assert len(tried) == len(UNUSED)
    assert left(store) == []


def test_what_has_gone_by_itself_meanwhile_is_no_problem(store, monkeypatch):
    """As the unfinished clone of somebody who is waited for."""
    at_first(monkeypatch, Store, "lock_of", lambda: shutil.rmtree(os.path.join(store.folder, b"clones/1")))
    assert swept(store) == 0
    assert left(store) == []


def test_a_store_that_cannot_be_written_keeps_nobody_from_running(tmp_path):
    (tmp_path / "store").touch()
    env, top = {b"GITSEQ_HOME": bytes(tmp_path / "store")}, bytes(tmp_path)
    with Signals() as signals:
        fetching.note_use(Plan("gitseq.toml", ()), [b"clones/1"], Site(env, top, top, signals, lambda _event: None))
    assert not Store(env[b"GITSEQ_HOME"]).is_recorded(top, "gitseq.toml", [b"clones/1"])
