import pytest

from gitseq.model import Entry, Hook, Record, Verdict


def test_a_record_is_rebuilt_from_its_values():
    hook = Hook("a", "A", ("x", "y"), env=(("k", "v"),))
    assert Hook(*hook.values()) == hook


def test_a_record_cannot_be_changed():
    with pytest.raises(AttributeError):
        Entry(b"a").path = b"b"


@pytest.mark.parametrize(("arguments", "named"), [((), {}), ((b"a", 0, "", 1), {}), ((b"a",), {"size": 1})])
def test_a_record_refuses_missing_surplus_and_unknown_fields(arguments, named):
    with pytest.raises(TypeError):
        Entry(*arguments, **named)


def test_replace_leaves_the_original():
    entry = Entry(b"a", 0o100644)
    assert entry.replace(path=b"b") == Entry(b"b", 0o100644)
    assert entry.path == b"a"


def test_fields_are_inherited():
    class Base(Record):
        one: int

    class More(Base):
        two: int = 2

    assert More(1).values() == (1, 2)


def test_records_of_different_types_differ():
    assert Entry(b"a") != Verdict(hook=Hook("a", "a", ()), status="passed")
    assert len({Entry(b"a"), Entry(b"a")}) == 1
