"""Every way to make a commit, against hooks that let it pass and hooks that refuse it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.recorder import Recorder, hook
from tests.support.repo import Done, Repo, text

NO_BAD = hook("no-bad", '! grep -l ^BAD -- "$@"', shell=True)
"""Refuses every file with a line that begins with BAD."""


class Way(NamedTuple):
    """A way to commit `f.txt`, which is tracked and holds new content."""

    prepare: Callable[[Repo], object]
    arguments: tuple[str, ...] = ()
    cwd: str = ""


def stage(repo: Repo) -> None:
    repo.add("f.txt")


def nothing(repo: Repo) -> None:
    pass


WAYS = {
    "plain": Way(stage),
    "-a": Way(nothing, ("-a",)),
    "-i path": Way(nothing, ("-i", "f.txt")),
    "-- path": Way(nothing, ("--", "f.txt")),
    "-o path": Way(nothing, ("-o", "f.txt")),
    "--amend": Way(stage, ("--amend",)),
    "--amend -a": Way(nothing, ("--amend", "-a")),
    "--amend -- path": Way(nothing, ("--amend", "--", "f.txt")),
    "in a subdirectory": Way(stage, (), "deep/er"),
    "-a in a subdirectory": Way(nothing, ("-a",), "deep/er"),
    "-- path in a subdirectory": Way(nothing, ("--", "../../f.txt"), "deep/er"),
}


@pytest.fixture(params=["main", "linked", "submodule"])
def work_tree(request, repo, make_repo) -> Repo:
    """A work tree with `f.txt` and a folder in it, and NO_BAD installed."""
    repo.commit_file("f.txt", "old\n")
    repo.commit_file("deep/er/g.txt", "g\n")
    repo.config(NO_BAD)
    if request.param == "main":
        repo.install()
        return repo
    if request.param == "linked":
        repo.install()
        return repo.worktree("linked tree", "linked")
    outer = make_repo("outer")
    outer.commit_file("README.md", "outer\n")
    inner = outer.submodule(repo, "inner")
    inner.install()
    return inner


def commit(repo: Repo, way: Way) -> Done:
    way.prepare(repo)
    return repo.git("commit", "-m", "New", *way.arguments, check=False, cwd=way.cwd)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_commit_that_hooks_let_pass_is_made(work_tree, way):
    before = work_tree.head()
    work_tree.write("f.txt", "new\n")
    done = commit(work_tree, way)
    assert done.returncode == 0, text(done)
    assert "Passed" in text(done)
    assert work_tree.head() != before
    assert work_tree.committed("f.txt") == b"new\n"
    assert work_tree.status() == b""
    assert work_tree.locks() == []


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_commit_that_a_hook_refuses_is_not_made_and_nothing_is_lost(work_tree, way):
    before = work_tree.head()
    work_tree.write("f.txt", "BAD\n")
    done = commit(work_tree, way)
    assert done.returncode == 1, text(done)
    shown = text(done)
    assert "Failed" in shown
    assert "- hook id: no-bad" in shown
    assert "- exit code: 1" in shown
    assert "f.txt" in shown
    assert work_tree.head() == before
    assert work_tree.read("f.txt") == b"BAD\n"
    assert work_tree.status() in (b"M  f.txt\n", b" M f.txt\n")
    assert work_tree.locks() == []


def test_first_commit_of_a_repository(make_repo):
    repo = make_repo()
    repo.config(NO_BAD, commit=False)
    repo.install()
    repo.write("f.txt", "BAD\n")
    repo.add()
    assert repo.commit(check=False).returncode == 1
    assert repo.head() == ""
    repo.write("f.txt", "good\n")
    repo.add()
    assert repo.commit().returncode == 0
    assert repo.committed("f.txt") == b"good\n"


def test_hook_sees_the_staged_files_of_each_way_only(repo):
    """`-a` brings in what is tracked; `-- path` leaves out what else is staged."""
    repo.commit_file("f.txt", "old\n")
    repo.commit_file("other.txt", "old\n")
    record = Recorder(repo)
    repo.config(hook("record", record.command))
    repo.install()
    repo.write("f.txt", "new\n")
    repo.write("other.txt", "new\n")
    repo.add("other.txt")
    repo.commit("--", "f.txt")
    assert record.only.args == [b"f.txt"]
    assert repo.status() == b"M  other.txt\n"
    record.forget()
    repo.write("f.txt", "newer\n")
    repo.commit("-a")
    assert record.only.args == [b"f.txt", b"other.txt"]


def test_hook_runs_at_the_top_wherever_git_was_called(repo):
    record = Recorder(repo)
    repo.commit_file("deep/er/g.txt", "g\n")
    repo.config(hook("record", record.command))
    repo.install()
    repo.write("deep/er/g.txt", "new\n")
    repo.git("commit", "-qam", "New", cwd="deep/er")
    assert record.only.cwd == str(repo.path).encode()
    assert record.only.args == [b"deep/er/g.txt"]


# --- merge


@pytest.fixture
def two_branches(repo: Repo) -> Repo:
    """`main` and `side` have one commit each since they parted; they merge without conflict."""
    repo.commit_file("f.txt", "f\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("side.txt", "side\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("main.txt", "main\n")
    return repo


def test_a_clean_merge_runs_pre_merge_commit_on_what_it_brings(two_branches):
    record = Recorder(two_branches)
    two_branches.config(hook("record", record.command, 'stages = ["pre-merge-commit"]'))
    two_branches.install()
    two_branches.git("merge", "side", "-m", "Merge")
    assert record.only.args == [b"side.txt"]
    assert len(two_branches.git("rev-list", "--parents", "-1", "HEAD").stdout.split()) == 3


def test_a_merge_that_a_hook_refuses_can_be_concluded_later(two_branches):
    two_branches.config(hook("no", "false", 'stages = ["pre-merge-commit"]'))
    two_branches.install()
    before = two_branches.head()
    done = two_branches.git("merge", "side", "-m", "Merge", check=False)
    assert done.returncode != 0
    assert "- hook id: no" in text(done)
    assert two_branches.head() == before
    assert (two_branches.git_dir / "MERGE_HEAD").exists()
    two_branches.git("commit", "-q", "-m", "Merge all the same")
    assert len(two_branches.git("rev-list", "--parents", "-1", "HEAD").stdout.split()) == 3


def test_a_resolved_conflict_is_checked_on_the_conflicted_files_only(in_merge_conflict):
    repo = in_merge_conflict
    record = Recorder(repo)
    repo.config(hook("record", record.command), commit=False)
    repo.install()
    repo.write("f.txt", "resolved\n")
    repo.add("f.txt")
    done = repo.commit(message="Merge")
    assert record.only.args == [b"f.txt"]
    assert "[INFO] Checking merge-conflict files only." in text(done)
    assert len(repo.git("rev-list", "--parents", "-1", "HEAD").stdout.split()) == 3


def test_a_resolution_with_a_mistake_is_refused_and_the_merge_stays_open(in_merge_conflict):
    repo = in_merge_conflict
    repo.config(NO_BAD, commit=False)
    repo.install()
    repo.write("f.txt", "BAD\n")
    repo.add("f.txt")
    assert repo.commit(check=False).returncode == 1
    assert (repo.git_dir / "MERGE_HEAD").exists()


def test_unmerged_paths_are_refused_with_3(in_merge_conflict):
    in_merge_conflict.config(NO_BAD, commit=False)
    done = in_merge_conflict.gitseq("run")
    assert done.returncode == 3, text(done)
    assert "f.txt" in text(done)
    assert "Traceback" not in text(done)


# --- rebase, cherry-pick


@pytest.fixture
def to_be_rebased(two_branches: Repo) -> "tuple[Repo, Recorder]":
    """On `side`, behind `main`, with one recorder on all stages that a rebase or a cherry-pick meets."""
    record = Recorder(two_branches)
    stages = '["pre-commit", "commit-msg", "pre-rebase", "post-commit", "post-rewrite", "post-checkout"]'
    two_branches.config(hook("record", record.command, f"stages = {stages}", "always_run = true"))
    two_branches.install()
    two_branches.git("-c", "core.hooksPath=/dev/null", "checkout", "-q", "side")
    two_branches.git("checkout", "-q", "main", "--", "gitseq.toml")
    two_branches.git("-c", "core.hooksPath=/dev/null", "commit", "-qm", "Configure hooks")
    record.forget()
    return two_branches, record


def stages_of(record: Recorder) -> "list[str]":
    return [call.env["GITSEQ_STAGE"] for call in record.calls]


def test_a_rebase_asks_pre_rebase_and_tells_post_rewrite(to_be_rebased):
    repo, record = to_be_rebased
    repo.git("rebase", "main", "side")
    stages = stages_of(record)
    assert stages[0] == "pre-rebase"
    assert stages[-1] == "post-rewrite"
    assert "pre-commit" not in stages
    first, last = record.calls[0], record.calls[-1]
    assert first.told()["PRE_COMMIT_PRE_REBASE_UPSTREAM"] == "main"
    assert first.told()["PRE_COMMIT_PRE_REBASE_BRANCH"] == "side"
    assert last.told()["PRE_COMMIT_REWRITE_COMMAND"] == "rebase"
    assert repo.git("merge-base", "--is-ancestor", "main", "side").returncode == 0


def test_a_rebase_can_be_refused(two_branches):
    repo = two_branches
    repo.config(hook("no", "false", 'stages = ["pre-rebase"]', "always_run = true"))
    repo.install()
    before = repo.git("rev-parse", "side").stdout
    assert repo.git("rebase", "side", check=False).returncode != 0
    assert repo.git("rev-parse", "side").stdout == before
    assert not (repo.git_dir / "rebase-merge").exists()


def test_a_reworded_commit_of_a_rebase_is_a_commit_with_all_its_hooks(to_be_rebased):
    repo, record = to_be_rebased
    reword = {"GIT_SEQUENCE_EDITOR": "sed -i s/^pick/reword/", "GIT_EDITOR": "true"}
    repo.git("rebase", "-i", "HEAD~1", env=reword)
    stages = stages_of(record)
    assert "pre-commit" in stages
    assert "commit-msg" in stages


def test_a_cherry_pick_runs_no_pre_commit(to_be_rebased):
    repo, record = to_be_rebased
    repo.git("cherry-pick", "main~1")
    assert "pre-commit" not in stages_of(record)
    assert "post-commit" in stages_of(record)
    assert repo.read("main.txt") == b"main\n"


def test_a_conflicted_cherry_pick_is_checked_when_it_is_continued(repo):
    repo.commit_file("f.txt", "base\n")
    repo.git("checkout", "-q", "-b", "side")
    picked = repo.commit_file("f.txt", "side\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("f.txt", "main\n")
    repo.config(NO_BAD)
    repo.install()
    assert repo.git("cherry-pick", picked, check=False).returncode != 0
    repo.write("f.txt", "BAD\n")
    repo.add("f.txt")
    assert repo.git("cherry-pick", "--continue", check=False).returncode != 0
    assert (repo.git_dir / "CHERRY_PICK_HEAD").exists()
    repo.write("f.txt", "resolved\n")
    repo.add("f.txt")
    repo.git("cherry-pick", "--continue")
    assert repo.committed("f.txt") == b"resolved\n"


# --- messages


def test_a_commit_msg_hook_may_edit_the_message(repo):
    repo.config(hook("sign", 'echo "Signed-off-by: hook" >> "$1"', 'stages = ["commit-msg"]', shell=True))
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    done = repo.commit(message="Subject")
    assert "files were modified" not in text(done)
    assert repo.git("log", "-1", "--format=%B").stdout.rstrip() == b"Subject\nSigned-off-by: hook"


def test_a_commit_msg_hook_may_refuse(repo):
    repo.config(hook("no", 'cat "$1"; exit 1', 'stages = ["commit-msg"]', shell=True))
    repo.install()
    before = repo.head()
    done = repo.commit("--allow-empty", message="Shown by the hook", check=False)
    assert done.returncode == 1
    assert "Shown by the hook" in text(done)
    assert repo.head() == before


@pytest.mark.parametrize("where", ["main", "linked"])
def test_prepare_commit_msg_is_told_where_the_message_comes_from(repo, where):
    record = Recorder(repo)
    repo.config(hook("record", record.command, 'stages = ["prepare-commit-msg"]'))
    repo.install()
    tree = repo if where == "main" else repo.worktree("linked", "linked")
    tree.commit("--allow-empty", message="Text")
    assert record.only.told()["PRE_COMMIT_COMMIT_MSG_SOURCE"] == "message"
    assert Path(record.only.cwd.decode(), record.only.args[0].decode()).name == "COMMIT_EDITMSG"
    record.forget()
    head = tree.head()
    tree.git("commit", "--amend", "--allow-empty", "--no-edit")
    assert record.only.told()["PRE_COMMIT_COMMIT_MSG_SOURCE"] == "commit"
    assert record.only.told()["PRE_COMMIT_COMMIT_OBJECT_NAME"] in ("HEAD", head)


def test_the_message_is_the_file_of_the_work_tree_git_works_in(repo):
    """In a linked work tree the message file lies outside the work tree; hooks must be able to read it."""
    repo.config(hook("read", 'grep -q "In the linked tree" "$1"', 'stages = ["commit-msg"]', shell=True))
    repo.install()
    tree = repo.worktree("linked", "linked")
    tree.commit("--allow-empty", message="In the linked tree")
    assert tree.commit("--allow-empty", message="Something else", check=False).returncode == 1


def test_filters_for_the_repository_do_not_hide_the_message_file(repo):
    record = Recorder(repo)
    repo.config('files = "^src/"\n' + hook("record", record.command, 'stages = ["commit-msg"]'))
    repo.install()
    repo.commit("--allow-empty")
    assert len(record.only.args) == 1


# --- after the fact


def test_post_stages_run_and_are_told_what_happened(two_branches):
    repo = two_branches
    record = Recorder(repo)
    stages = '["post-commit", "post-checkout", "post-merge", "post-rewrite"]'
    repo.config(hook("record", record.command, f"stages = {stages}", "always_run = true"))
    repo.install()
    start = repo.head()

    repo.commit("--allow-empty")
    assert stages_of(record) == ["post-commit"]
    assert record.only.args == []
    record.forget()

    repo.commit("--allow-empty", "--amend", message="Amended")
    assert stages_of(record) == ["post-commit", "post-rewrite"]
    assert record.calls[1].told()["PRE_COMMIT_REWRITE_COMMAND"] == "amend"
    record.forget()

    end = repo.head()
    repo.git("checkout", "-q", "-b", "new", start)
    told = record.only.told()
    assert (told["PRE_COMMIT_FROM_REF"], told["PRE_COMMIT_TO_REF"]) == (end, start)
    assert told["PRE_COMMIT_CHECKOUT_TYPE"] == "1"
    record.forget()

    repo.git("merge", "-q", "--no-edit", "side")
    assert "post-merge" in stages_of(record)
    merged = record.calls[stages_of(record).index("post-merge")]
    assert merged.told()["PRE_COMMIT_IS_SQUASH_MERGE"] == "0"


def test_a_failing_post_commit_hook_leaves_the_commit_made(repo):
    repo.config(hook("no", "false", 'stages = ["post-commit"]', "always_run = true"))
    repo.install()
    before = repo.head()
    done = repo.commit("--allow-empty", check=False)
    assert repo.head() != before
    assert "Failed" in text(done)


def test_checkout_of_a_commit_without_configuration_says_nothing(repo):
    start = repo.head()
    repo.config(hook("record", "true", 'stages = ["post-checkout"]', "always_run = true"))
    repo.install()
    done = repo.git("checkout", "-q", start)
    assert done.returncode == 0
    assert text(done) == ""


# --- push


@pytest.fixture
def pushing(repo: Repo) -> "tuple[Repo, Recorder]":
    """`repo` with a bare remote `origin` that has all of `main`, and a recorder as pre-push hook."""
    record = Recorder(repo)
    repo.config(hook("record", record.command, 'stages = ["pre-push"]'))
    remote = repo.clone("remote.git", bare=True)
    repo.git("remote", "add", "origin", str(remote.path))
    repo.git("fetch", "-q", "origin")
    repo.install()
    return repo, record


def test_a_new_branch_is_checked_on_what_is_not_there_yet(pushing):
    repo, record = pushing
    base = repo.head()
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit_file("one.txt", "1\n")
    tip = repo.commit_file("two.txt", "2\n")
    repo.git("push", "-q", "origin", "topic")
    assert sorted(record.only.args) == [b"one.txt", b"two.txt"]
    told = record.only.told()
    assert (told["PRE_COMMIT_FROM_REF"], told["PRE_COMMIT_TO_REF"]) == (base, tip)
    assert told["PRE_COMMIT_REMOTE_NAME"] == "origin"
    assert told["PRE_COMMIT_REMOTE_URL"] == repo.git("remote", "get-url", "origin").stdout.decode().strip()
    assert told["PRE_COMMIT_LOCAL_BRANCH"] == "refs/heads/topic"
    assert told["PRE_COMMIT_REMOTE_BRANCH"] == "refs/heads/topic"


def test_an_update_is_checked_on_what_is_new(pushing):
    repo, record = pushing
    base = repo.head()
    repo.commit_file("new.txt", "new\n")
    repo.git("push", "-q", "origin", "main")
    assert record.only.args == [b"new.txt"]
    assert record.only.told()["PRE_COMMIT_FROM_REF"] == base


def test_a_push_can_be_refused(pushing):
    repo, _record = pushing
    repo.config(hook("no", "false", 'stages = ["pre-push"]'))
    before = repo.git("ls-remote", "origin", "main").stdout
    done = repo.git("push", "origin", "main", check=False)
    assert done.returncode == 1
    assert "- hook id: no" in text(done)
    assert repo.git("ls-remote", "origin", "main").stdout == before


def test_a_force_push_is_checked_on_what_the_new_side_brings(pushing):
    repo, record = pushing
    repo.commit_file("dropped.txt", "dropped\n")
    repo.git("push", "-q", "--no-verify", "origin", "main")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.commit_file("instead.txt", "instead\n")
    repo.git("push", "-q", "--force", "origin", "main")
    assert record.only.args == [b"instead.txt"]


def test_deleting_a_branch_over_there_runs_nothing(pushing):
    repo, record = pushing
    repo.git("push", "-q", "--no-verify", "origin", "main:refs/heads/old")
    repo.git("push", "-q", "origin", ":old")
    assert record.calls == []


def test_a_deletion_does_not_hide_the_refs_beside_it(pushing):
    repo, record = pushing
    repo.git("push", "-q", "--no-verify", "origin", "main:refs/heads/old")
    repo.commit_file("new.txt", "new\n")
    repo.git("push", "-q", "origin", ":old", "main")
    assert record.only.args == [b"new.txt"]


def test_several_refs_are_checked_on_the_union_of_their_ranges(pushing):
    repo, record = pushing
    for branch in ("a", "b"):
        repo.git("checkout", "-q", "-b", branch, "main")
        repo.commit_file(f"{branch}.txt", "x\n")
    repo.git("checkout", "-q", "a")
    repo.write("b.txt", "must lie in the work tree to be checked\n")
    repo.git("push", "-q", "origin", "a", "b")
    assert sorted(record.files) == [b"a.txt", b"b.txt"]


@pytest.mark.parametrize("options", [(), ("-a", "-m", "annotated")], ids=["lightweight", "annotated"])
def test_a_tag_is_checked_on_the_commits_it_brings(pushing, options):
    repo, record = pushing
    repo.commit_file("tagged.txt", "x\n")
    repo.git("tag", *options, "v1")
    repo.git("push", "-q", "origin", "v1")
    assert record.only.args == [b"tagged.txt"]
    assert record.only.told()["PRE_COMMIT_REMOTE_BRANCH"] == "refs/tags/v1"


def test_a_tag_of_what_is_there_already_runs_nothing(pushing):
    repo, record = pushing
    repo.git("tag", "v1")
    repo.git("push", "-q", "origin", "v1")
    assert record.calls == []


def test_a_push_from_the_root_commit_on_is_checked_on_all_files(make_repo):
    repo = make_repo()
    remote = make_repo("remote")
    record = Recorder(repo)
    repo.config(hook("record", record.command, 'stages = ["pre-push"]'))
    repo.commit_file("a.txt", "a\n")
    repo.git("remote", "add", "origin", str(remote.path))
    repo.install()
    repo.git("push", "-q", "origin", "main:refs/heads/topic")
    assert sorted(record.only.args) == [b"a.txt", b"gitseq.toml"]
    assert "PRE_COMMIT_FROM_REF" not in record.only.told()
    assert record.only.told()["PRE_COMMIT_REMOTE_NAME"] == "origin"


def test_a_long_list_of_refs_never_breaks_gits_pipe(pushing):
    """2,000 refs are more than a pipe holds: a hook that did not read them all would end git with SIGPIPE."""
    repo, record = pushing
    tip = repo.commit_file("new.txt", "new\n")
    lines = "".join(f"create refs/tags/t{number} {tip}\n" for number in range(2000))
    repo.git("update-ref", "--stdin", input=lines.encode())
    done = repo.git("push", "-q", "origin", "--tags", timeout=120)
    assert done.returncode == 0
    assert set(record.files) == {b"new.txt"}


# --- switched off


def test_gitseq_0_runs_nothing(repo):
    repo.config(hook("no", "false", "always_run = true"))
    repo.install()
    before = repo.head()
    done = repo.commit("--allow-empty", env={"GITSEQ": "0"})
    assert "Failed" not in text(done)
    assert repo.head() != before


def test_no_verify_runs_nothing(repo):
    repo.config(hook("no", "false", "always_run = true"))
    repo.install()
    assert repo.commit("--allow-empty", "--no-verify").returncode == 0
