"""Following a journal while it is written, torn, set aside and made anew."""

import os

from gitseq.engine.tail import NAME, Tail


class Writer:
    def __init__(self, folder):
        self.folder = os.fsencode(folder)
        self.path = self.folder + NAME
        os.makedirs(os.path.dirname(self.path))

    def add(self, text):
        with open(self.path, "a") as stream:
            stream.write(text)


def numbers(tail):
    return [event["n"] for event in tail.read()]


def test_lines_come_once_and_only_when_they_are_whole(tmp_path):
    writer = Writer(tmp_path)
    tail = Tail(writer.folder)
    assert numbers(tail) == []
    writer.add('{"n": 1}\n{"n": 2}\n{"n": ')
    assert numbers(tail) == [1, 2]
    assert numbers(tail) == []
    writer.add('3}\nnot JSON\n{"n": 4}\n')
    assert numbers(tail) == [3, 4]


def test_a_journal_that_is_set_aside_is_followed_by_the_new_one(tmp_path):
    writer = Writer(tmp_path)
    tail = Tail(writer.folder)
    writer.add('{"n": 1}\n')
    assert numbers(tail) == [1]
    os.rename(writer.path, writer.path + b".1")
    assert numbers(tail) == []
    writer.add('{"n": 2}\n')
    assert numbers(tail) == [2]
    with open(writer.path, "w") as stream:
        stream.write("")
    assert numbers(tail) == []
    writer.add('{"n": 3}\n')
    assert numbers(tail) == [3]


def test_of_a_long_journal_the_end_is_read(tmp_path):
    writer = Writer(tmp_path)
    count = 40_000
    writer.add("".join(f'{{"n": {n}}}\n' for n in range(count)))
    found = numbers(Tail(writer.folder))
    assert found[-1] == count - 1
    assert 1000 < len(found) < count
    assert found == list(range(found[0], count))
