import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core.ledger_keys import digest
from gitseq.ledger import store
from gitseq.ledger.store import Ledger
from tests.support.ledger import passed

NS = digest(b"ns")


def keys(first, last):
    return [digest(b"%d" % number) for number in range(first, last)]


@pytest.fixture
def ledger(tmp_path):
    return Ledger(os.fsencode(tmp_path))


def only_file(ledger):
    return ledger._path(NS)


@given(data=st.data())
def test_keys_are_found_in_whatever_order_they_stand(data):
    every = keys(0, 700)
    stored = data.draw(st.sampled_from([every, every[300:], every[::2], every[::-1], every[350:] + every[:350]]))
    gap = data.draw(st.binary(max_size=40))
    at = data.draw(st.integers(0, len(stored)))
    row = b"".join(stored[:at]) + gap + b"".join(stored[at:])
    found = {row[start : start + store.SIZE] for start in range(0, len(row), store.SIZE)}
    first, last = data.draw(st.integers(0, 700)), data.draw(st.integers(0, 700))
    asked = [*every[first:last], *data.draw(st.sampled_from([[], keys(700, 702), every[:10]]))]
    asked[last // 2 : last // 2] = data.draw(st.sampled_from([[], keys(702, 703)]))
    assert store._left(row, asked) == [key for key in asked if key not in found]


@pytest.mark.parametrize("asked", [3, 300], ids=["one by one", "as a set"])
def test_what_was_added_is_found_and_nothing_else(ledger, asked):
    ledger.add(NS, keys(0, asked))
    assert passed(ledger, NS, keys(0, 2 * asked)) == set(keys(0, asked))
    assert not passed(ledger, digest(b"another"), keys(0, asked))


def test_to_forget_while_another_run_notes_a_pass_is_no_error(ledger, monkeypatch):
    ledger.add(NS, keys(0, 3))
    remove, late = store.files.remove, digest(b"late")

    def remove_and_note(path):
        gone = remove(path)
        monkeypatch.undo()
        ledger.add(late, keys(0, 1))
        return gone

    monkeypatch.setattr(store.files, "remove", remove_and_note)
    assert ledger.clear() == 1
    assert passed(ledger, late, keys(0, 1))


def test_a_torn_end_loses_one_key_and_the_next_ones_are_found(ledger):
    ledger.add(NS, keys(0, 10))
    with open(only_file(ledger), "r+b") as stream:
        stream.truncate(9 * 16 + 5)
    ledger.add(NS, keys(10, 12))
    assert passed(ledger, NS, keys(0, 12)) == {*keys(0, 9), *keys(10, 12)}


def test_a_key_across_two_others_is_not_found(ledger):
    first, second = keys(0, 2)
    ledger.add(NS, [first, second])
    assert not passed(ledger, NS, [first[8:] + second[:8]])


def test_rubbish_is_a_miss(ledger):
    ledger.add(NS, keys(0, 4))
    with open(only_file(ledger), "wb") as stream:
        stream.write(os.urandom(16 * 1000 + 3))
    assert not passed(ledger, NS, keys(0, 100))


def test_what_is_used_stays_and_what_is_not_leaves(ledger, monkeypatch):
    monkeypatch.setattr(store, "GENERATION", 16 * 100)
    used = keys(0, 5)
    ledger.add(NS, used)
    ledger.add(NS, keys(5, 10))
    for number in range(1, 30):
        ledger.add(NS, keys(number * 100, number * 100 + 50))
        assert passed(ledger, NS, used) == set(used)
    assert not passed(ledger, NS, keys(5, 10))
    assert ledger.stats().size <= 2 * 16 * 200


def test_two_writers_that_find_one_file_full_both_note_their_passes(ledger, monkeypatch):
    monkeypatch.setattr(store, "GENERATION", 16 * 100)
    ledger.add(NS, keys(0, 90))
    signature = store.files.signature

    def another_writer_is_quicker(path):
        found = signature(path)
        monkeypatch.setattr(store.files, "signature", signature)
        os.rename(path, path + b".old")
        return found

    monkeypatch.setattr(store.files, "signature", another_writer_is_quicker)
    ledger.add(NS, keys(200, 250))
    assert passed(ledger, NS, keys(0, 250)) == {*keys(0, 90), *keys(200, 250)}


def test_size_of_all_is_bounded_and_the_oldest_leave(ledger, monkeypatch):
    monkeypatch.setattr(store, "MOST_BYTES", 16 * 1000)
    for number in range(100):
        name = digest(b"hook%d" % number)
        ledger.add(name, keys(0, 50))
        os.utime(ledger._path(name), (number, number))
    assert ledger.stats().size <= 16 * 1100
    assert passed(ledger, digest(b"hook99"), keys(0, 50))
    assert not passed(ledger, digest(b"hook0"), keys(0, 50))


def test_number_of_trees_is_bounded(ledger):
    for number in range(200):
        ledger.add_tree(digest(b"%d" % number), {NS: number})
    assert ledger.stats().trees <= store.MOST_TREES
    assert ledger.passed_tree(digest(b"199"), [NS]) == {NS: 199}


def test_a_tree_is_known_once_a_hook_has_passed_it(ledger):
    assert not ledger.knows_tree(NS)
    ledger.add_tree(NS, {keys(0, 1)[0]: 7})
    assert ledger.knows_tree(NS)
    assert not ledger.knows_tree(digest(b"another"))


def test_a_torn_entry_of_a_tree_is_a_miss(ledger):
    ledger.add_tree(NS, {keys(0, 1)[0]: 7})
    path = ledger._tree_path(NS)
    with open(path, "r+b") as stream:
        stream.seek(17)
        stream.write(b"\xff")
    assert not ledger.passed_tree(NS, keys(0, 1))


def test_another_version_throws_everything_away(tmp_path, monkeypatch):
    Ledger(os.fsencode(tmp_path)).add(NS, keys(0, 3))
    monkeypatch.setattr(store, "FORMAT", store.FORMAT + 1)
    newer = Ledger(os.fsencode(tmp_path))
    assert not passed(newer, NS, keys(0, 3))
    newer.add(NS, keys(3, 4))
    assert len(os.listdir(tmp_path / "ledger")) == 1


def test_clear_leaves_nothing(ledger, tmp_path):
    ledger.add(NS, keys(0, 3))
    ledger.add_tree(NS, {NS: 1})
    assert ledger.clear() == 2
    assert not (tmp_path / "ledger").exists()
    assert ledger.clear() == 0


def test_a_pass_of_the_older_generation_counts_although_it_cannot_be_carried_over(ledger):
    ledger.add(NS, keys(0, 3))
    os.rename(only_file(ledger), only_file(ledger) + b".old")
    os.symlink(b"/nowhere/at/all", only_file(ledger))
    assert passed(ledger, NS, keys(0, 3)) == set(keys(0, 3))


def test_a_hook_that_is_alone_beyond_the_bound_begins_anew(ledger, monkeypatch):
    monkeypatch.setattr(store, "MOST_BYTES", 16 * 10)
    ledger.add(NS, keys(0, 50))
    ledger.add(NS, keys(50, 51))
    assert passed(ledger, NS, keys(0, 51)) == set(keys(50, 51))


def test_a_folder_that_cannot_be_removed_is_told(ledger, monkeypatch):
    ledger.add(NS, keys(0, 3))

    def refuse(folder):
        raise PermissionError(errno.EACCES, "Permission denied", folder)

    monkeypatch.setattr(os, "rmdir", refuse)
    with pytest.raises(PermissionError):
        ledger.clear()
