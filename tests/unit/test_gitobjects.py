"""Trees and commits as git itself would write them."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import gitobjects
from gitseq.core.gitobjects import Leaf

EMPTY = b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
NAMES = st.binary(min_size=1, max_size=4).filter(lambda name: not set(name) & set(b"\0/") and name not in (b".", b".."))
PATHS = st.lists(st.lists(st.sampled_from([b"a", b"b", b"c"]), min_size=1, max_size=3).map(b"/".join), max_size=8)


@pytest.fixture(scope="module")
def mktree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("objects")
    subprocess.run(["git", "init", "-q", folder], check=True)

    def make(entries: "dict[bytes, Leaf]") -> bytes:
        kinds = {0o040000: b"tree"}
        lines = [b"%o %s %s\t%s\0" % (e.mode, kinds.get(e.mode, b"blob"), e.oid, n) for n, e in entries.items()]
        done = subprocess.run(
            ["git", "mktree", "-z", "--missing"], input=b"".join(lines), cwd=folder, capture_output=True, check=True
        )
        shown = ["git", "cat-file", "tree", done.stdout.decode().strip()]
        return subprocess.run(shown, cwd=folder, capture_output=True, check=True).stdout

    return make


@pytest.mark.parametrize(
    "names",
    [[b"a", b"a.c", b"a-b", b"a0"], [b"caf\xe9", b"cafe", b" ", b"\n"], [b"x"], []],
    ids=["sort", "odd", "1", "0"],
)
@pytest.mark.parametrize("folder", [b"a", b"x", b"b"])
def test_a_tree_is_written_as_git_writes_it(mktree, names, folder):
    entries = {name: Leaf(0o100644, EMPTY) for name in names}
    entries[folder] = gitobjects.folder(EMPTY)
    assert gitobjects.tree(entries) == mktree(entries)


@given(PATHS)
def test_on_a_shelf_no_path_is_at_or_below_another(paths):
    numbers = gitobjects.shelves(paths)
    assert len(numbers) == len(paths)
    for at, (path, number) in enumerate(zip(paths, numbers, strict=True)):
        for other, shelf in list(zip(paths, numbers, strict=True))[:at]:
            clash = path == other or path.startswith(other + b"/") or other.startswith(path + b"/")
            assert not (clash and shelf == number)


@given(st.lists(st.sampled_from([b"a", b"b/c", b"d/e/f"]), unique=True))
def test_paths_that_do_not_clash_share_the_first_shelf(paths):
    assert set(gitobjects.shelves(paths)) <= {0}
