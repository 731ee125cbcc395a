import re

from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import select
from gitseq.model import Entry, Hook


def searcher(pattern):
    return re.compile(pattern).search


def entries(*names: bytes) -> list[Entry]:
    return [Entry(name) for name in names]


def hook(**fields) -> Hook:
    return Hook("h", "h", ("true",), **fields)


def tags(_path: bytes) -> frozenset[str]:
    return frozenset({"file", "text", "python"})


def test_every_entry_passes_when_nothing_filters():
    assert select.for_hook(hook(), entries(b"a", b"b c", b"\xff"), searcher, tags) == [b"a", b"b c", b"\xff"]


def test_files_and_exclude_search_anywhere_in_the_name():
    chosen = select.for_hook(
        hook(files="src", exclude=r"_test\.py$"), entries(b"x/src.py", b"src_test.py", b"a"), searcher, tags
    )
    assert chosen == [b"x/src.py"]


def test_a_name_that_is_not_utf8_can_be_matched():
    assert select.for_hook(hook(files=r"\.py$"), entries(b"\xe9.py"), searcher, tags) == [b"\xe9.py"]


def test_types_must_all_fit_types_or_one_and_exclude_types_none():
    def chosen(**fields):
        return bool(select.for_hook(hook(**fields), entries(b"a"), searcher, tags))

    assert chosen(types=("file", "python"))
    assert not chosen(types=("file", "rust"))
    assert chosen(types_or=("rust", "python"))
    assert not chosen(types_or=("rust", "go"))
    assert not chosen(exclude_types=("python", "go"))


def test_a_root_keeps_its_files_and_names_them_from_there():
    chosen = select.for_hook(
        hook(root="api", files="^api/x/"), entries(b"api/x/a", b"apix/b", b"api/y"), searcher, tags
    )
    assert chosen == [b"x/a"]


@given(st.lists(st.binary(min_size=1).filter(lambda name: b"\0" not in name)))
def test_order_is_kept_and_nothing_is_invented(names):
    chosen = select.for_hook(hook(exclude="a"), entries(*names), searcher, tags)
    remaining = iter(names)
    assert all(name in remaining for name in chosen)
