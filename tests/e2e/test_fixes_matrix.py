"""`fixes = "stage"` in every way of committing: the table of docs/explanation/fixes.md, each cell of it tried."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.repo import Done, Repo, text

PAGE = Path(__file__).parents[2] / "docs/explanation/fixes.md"
BEGIN, END = "<!-- the table: begin -->\n", "<!-- the table: end -->\n"

FIX = """
[[hook]]
id = "fix"
run = "sed -i s/bad/good/"
files = '\\.txt$'
stages = ["pre-commit", "pre-merge-commit"]
fixes = "stage"
"""
FIXED, UNFIXED, CLASH = "a fix", "no fix", "a fix on a line with an unstaged change"
COLUMNS = (FIXED, UNFIXED, CLASH)


def lines(**changes: str) -> str:
    """The file with some lines changed: lines(l3="bad")."""
    return "".join(changes.get(f"l{number}", f"line {number}") + "\n" for number in range(30))


class End(NamedTuple):
    """What a person finds afterwards."""

    words: str
    """As the page says it."""
    committed: str
    tree: str
    status: bytes
    code: int = 0
    told: str = ""


CLEAN = "in the commit; nothing is left"
IN_THE_COMMIT = End(CLEAN, lines(l3="good"), lines(l3="good"), b"")
NOTHING_TO_FIX = End("committed as staged; nothing is left", lines(l3="fine"), lines(l3="fine"), b"")
BOTH = End(
    "in the commit; your line stays as you left it, unstaged, and the fixed version is kept and named",
    lines(l3="good"),
    lines(l3="bad and more"),
    b" M FILE\n",
    told="as you left it",
)
WHOLE_FILE = End(
    "your whole file is committed, so it is fixed as a whole; nothing is left",
    lines(l3="good and more"),
    lines(l3="good and more"),
    b"",
)
TOO_LATE = End(
    "the run fails and says what to type: git has built the merge before it calls the hook",
    lines(),
    lines(l3="good"),
    b"MM FILE\n",
    code=1,
    told="git add -- a.txt && git merge --continue",
)
REFUSED_BY_GIT = End(
    "git itself refuses to merge over an unstaged change", lines(), lines(l3="bad and more"), b" M FILE\n", code=1
)


class Way(NamedTuple):
    """A row: how the commit is made, and how it ends in each column."""

    title: str
    commit: "Callable[[Repo, str], Done]"
    ends: "tuple[End, End, End]"
    place: "Callable[[Repo], Repo]" = lambda repo: repo
    file: str = "a.txt"


def edited(repo: Repo, column: str, name: str = "a.txt", *, stage: bool) -> None:
    """The change that the column is about; an unstaged one only where something is staged at all."""
    word = "fine" if column == UNFIXED else "bad"
    repo.write(name, lines(l3=word))
    if stage:
        repo.git("add", name)
    if column == CLASH:
        repo.write(name, lines(l3="bad and more"))


def committing(*options: str, stage: bool, file: str = "a.txt", cwd: str = "") -> "Callable[[Repo, str], Done]":
    def commit(repo: Repo, column: str) -> Done:
        edited(repo, column, file, stage=stage)
        return repo.git("commit", "-q", "-m", "A commit", *options, check=False, cwd=cwd)

    return commit


def by_hunks(repo: Repo, column: str) -> Done:
    """One hunk is taken; another, or the clashing one, is declined."""
    if column == CLASH:
        edited(repo, column, stage=True)
        repo.write("a.txt", lines(l3="bad and more", l20="taken"))
        return repo.git("commit", "-q", "-m", "A commit", "-p", input=b"n\ny\n", check=False)
    repo.write("a.txt", lines(l3="fine" if column == UNFIXED else "bad", l20="declined"))
    return repo.git("commit", "-q", "-m", "A commit", "-p", input=b"y\nn\n", check=False)


def merging(repo: Repo, column: str) -> Done:
    """The other branch brings the change; git makes the merge commit by itself."""
    no_hooks = ("-c", "core.hooksPath=/dev/null")
    repo.git("checkout", "-q", "-b", "side")
    edited(repo, FIXED if column == CLASH else column, stage=True)
    repo.git(*no_hooks, "commit", "-q", "-m", "side")
    repo.git("checkout", "-q", "main")
    repo.commit_file("other", "main\n")
    if column == CLASH:
        repo.write("a.txt", lines(l3="bad and more"))
    return repo.git("merge", "-q", "-m", "A merge", "side", check=False)


def concluding(repo: Repo, column: str) -> Done:
    """A merge that stopped at a conflict elsewhere; `git commit` ends it."""
    repo.commit_file("other", "base\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("other", "side\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("other", "main\n")
    assert repo.git("merge", "-q", "side", check=False).returncode == 1
    repo.write("other", "both\n")
    repo.git("add", "other")
    edited(repo, column, stage=True)
    return repo.git("commit", "-q", "-m", "A merge", check=False)


PLAIN = (IN_THE_COMMIT, NOTHING_TO_FIX, BOTH)
WHOLE = (IN_THE_COMMIT, NOTHING_TO_FIX, WHOLE_FILE)
HUNKS = (
    End(
        "the taken hunk is committed, fixed; the declined one stays, unstaged",
        lines(l3="good"),
        lines(l3="good", l20="declined"),
        b" M FILE\n",
    ),
    End(
        "the taken hunk is committed; the declined one stays, unstaged",
        lines(l3="fine"),
        lines(l3="fine", l20="declined"),
        b" M FILE\n",
    ),
    BOTH._replace(committed=lines(l3="good", l20="taken"), tree=lines(l3="bad and more", l20="taken")),
)
MERGE = (TOO_LATE, NOTHING_TO_FIX, REFUSED_BY_GIT)

WAYS = (
    Way("`git commit`", committing(stage=True), PLAIN),
    Way("`git commit -a`", committing("-a", stage=False), WHOLE),
    Way("`git commit -i PATH`", committing("-i", "a.txt", stage=False), WHOLE),
    Way("`git commit PATH`", committing("--", "a.txt", stage=False), WHOLE),
    Way("`git commit PATH`, staged in part before", committing("--", "a.txt", stage=True), WHOLE),
    Way("`git commit --amend`", committing("--amend", stage=True), PLAIN),
    Way("`git commit --amend -a`", committing("--amend", "-a", stage=False), WHOLE),
    Way("`git commit -p`: some hunks", by_hunks, HUNKS),
    Way("`git merge`", merging, MERGE),
    Way("`git commit` that ends a merge", concluding, PLAIN),
    Way("in a linked work tree", committing(stage=True), PLAIN, lambda repo: repo.worktree("linked", "linked")),
    Way("from a folder below", committing(stage=True, file="sub/c.txt", cwd="sub"), PLAIN, file="sub/c.txt"),
    Way("in a submodule", committing(stage=True), PLAIN, lambda repo: _submodule(repo)),
)
CELLS = [(way, column, end) for way in WAYS for column, end in zip(COLUMNS, way.ends, strict=True)]


def _submodule(repo: Repo) -> Repo:
    outer = Repo.init(repo.path.parent / "outer", repo.env)
    sub = outer.submodule(repo, "inner")
    sub.install("pre-commit", "pre-merge-commit")
    return sub


@pytest.mark.parametrize(("way", "column", "end"), CELLS, ids=[f"{way.title}, {column}" for way, column, _ in CELLS])
def test_what_is_committed_and_what_is_left(repo, way, column, end):
    repo.config(FIX, commit=False)
    for name in ("a.txt", "sub/c.txt"):
        repo.write(name, lines())
    repo.add()
    repo.commit()
    repo.install("pre-commit", "pre-merge-commit")
    here = way.place(repo)
    done = way.commit(here, column)
    assert (done.returncode != 0) == (end.code != 0), text(done)
    assert here.committed(way.file).decode() == end.committed
    assert here.read(way.file).decode() == end.tree
    assert here.status() == end.status.replace(b"FILE", way.file.encode())
    assert end.told in text(done)
    assert not list((here.git_dir / "gitseq/guard").glob("*"))
    if end is BOTH:
        kept = [path.read_text() for path in (here.git_dir / "gitseq/kept").rglob("*.edited")]
        assert kept == [end.committed]


def table() -> str:
    rows = [["", *COLUMNS], ["---"] * (len(COLUMNS) + 1)]
    rows += [[way.title, *(end.words for end in way.ends)] for way in WAYS]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def test_the_page_has_this_very_table():
    told = PAGE.read_text().split(BEGIN)[1].split(END)[0]
    assert told == table(), f"what belongs between the marks of {PAGE.name}:\n\n{table()}"


def test_every_cell_is_there():
    assert len(CELLS) == len(WAYS) * len(COLUMNS)
    assert all(end.words for _way, _column, end in CELLS)
