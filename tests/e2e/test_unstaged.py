"""What hooks see, what comes back, and what reaches the commit, through real commits."""

import os
import shutil
import signal
from contextlib import contextmanager

import pytest

from tests.support.guarded import capture
from tests.support.procs import spawned, wait_until
from tests.support.repo import BIN, Repo, text

SEE = '[[hook]]\nid = "see"\nrun = "cat \\"$@\\" > ../seen; cat b.txt >> ../seen"\nshell = true\nfiles = "a.txt"\n'
FIX = """
[[hook]]
id = "fix"
run = '''for f in "$@"; do sed -i 's/bad/good/' "$f"; done'''
shell = true
fixes = "stage"
files = '\\.txt$'
"""
NUMBERS = "1\n2\n3\n4\n5\n6\n7\n8\n"


def seen(repo: Repo) -> str:
    return (repo.path.parent / "seen").read_text()


@pytest.fixture
def changed(repo):
    """a.txt is staged in part, b.txt is changed and not staged, c.txt is untracked."""
    repo.write("a.txt", NUMBERS)
    repo.write("b.txt", "b\n")
    repo.add()
    repo.commit()
    repo.write("a.txt", NUMBERS.replace("1", "bad"))
    repo.git("add", "a.txt")
    repo.write("a.txt", NUMBERS.replace("1", "bad").replace("8", "unstaged"))
    repo.write("b.txt", "b unstaged\n")
    repo.write("c.txt", "untracked\n")
    return repo


@contextmanager
def in_hook(changed, sequencer):
    """A run that is in its hook, with things hidden."""
    gate = sequencer.gate("in hook")
    changed.config(f"[[hook]]\nid = 'slow'\nrun = '''{gate.shell}sleep 60'''\nshell = true\n", commit=False)
    changed.git("add", "gitseq.toml")
    with spawned([str(BIN / "gitseq"), "run"], env=changed.env, cwd=changed.path) as run:
        gate.wait_reached()
        assert changed.read("b.txt") == b"b\n"
        yield run


@pytest.fixture
def killed(changed, sequencer):
    """A run was killed while it had things hidden; its hook lives on."""
    with in_hook(changed, sequencer) as run:
        run.kill()
        run.wait(20)
    return changed


@pytest.fixture
def reaped(killed):
    """The same, and its hook is gone as well."""
    killed.gitseq("reap", check=True)
    return killed


def test_hooks_see_what_is_staged_and_the_rest_comes_back_with_its_times(changed):
    changed.config(SEE, commit=False)
    changed.git("add", "gitseq.toml")
    changed.install()
    times = {name: os.stat(changed.path / name).st_mtime_ns for name in ("a.txt", "b.txt", "c.txt")}
    changed.commit()
    assert seen(changed) == NUMBERS.replace("1", "bad") + "b\n"
    assert (changed.path / "a.txt").read_text() == NUMBERS.replace("1", "bad").replace("8", "unstaged")
    assert (changed.path / "b.txt").read_text() == "b unstaged\n"
    assert {name: os.stat(changed.path / name).st_mtime_ns for name in times} == times
    assert not list((changed.path / ".git/gitseq/guard").iterdir())


@pytest.mark.parametrize(
    ("setting", "b", "c_is_there"),
    [('isolate = "none"', "b unstaged\n", True), ('isolate = "all"', "b\n", False), ("", "b\n", True)],
)
def test_isolation_is_a_choice(changed, setting, b, c_is_there):
    hook = '[[hook]]\nid = "see"\nrun = "cat b.txt > ../seen; ls c.txt >> ../seen || :"\nshell = true\n'
    changed.config(f"{setting}\n{hook}", commit=False)
    changed.git("add", "gitseq.toml")
    changed.install()
    changed.commit()
    assert seen(changed) == b + ("c.txt\n" if c_is_there else "")
    assert (changed.path / "c.txt").read_text() == "untracked\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_brings_unstaged_work_back_before_the_end(changed, sequencer, number):
    with in_hook(changed, sequencer) as run:
        run.send_signal(number)
        assert run.wait(20) == 128 + number
    assert changed.read("b.txt") == b"b unstaged\n"


def test_after_a_kill_the_next_run_brings_unstaged_work_back_by_itself(killed):
    assert killed.read("b.txt") == b"b\n"
    done = killed.gitseq("exec", "--", "true")
    assert done.returncode == 0, text(done)
    assert "Brought back" in text(done)
    assert killed.read("b.txt") == b"b unstaged\n"
    wait_until(lambda: not list((killed.path / ".git/gitseq/guard").iterdir()), 5, "an empty guard folder")


def test_a_fix_joins_the_commit_and_unstaged_hunks_do_not(changed):
    changed.config(FIX, commit=False)
    changed.git("add", "gitseq.toml")
    changed.install()
    done = changed.commit()
    assert "fixed and staged: a.txt" in text(done)
    assert changed.committed("a.txt").decode() == NUMBERS.replace("1", "good")
    assert (changed.path / "a.txt").read_text() == NUMBERS.replace("1", "good").replace("8", "unstaged")
    assert changed.status() == b" M a.txt\n M b.txt\n?? c.txt\n"


@pytest.mark.parametrize("how", [("-a",), ("-i", "a.txt"), ("--", "a.txt"), ("--amend", "-a"), ("--amend", "a.txt")])
def test_a_fix_leaves_nothing_behind_in_any_way_of_committing(repo, how):
    repo.config(FIX, commit=False)
    repo.write("a.txt", "old\n")
    repo.add()
    repo.commit()
    repo.install()
    repo.write("a.txt", "bad\n")
    repo.git("commit", "-q", "-m", "fixed", *how)
    assert repo.committed("a.txt") == b"good\n"
    assert repo.status() == b""


def test_a_commit_that_fixes_empty_is_refused(repo):
    repo.config(FIX, commit=False)
    repo.write("a.txt", "good\n")
    repo.add()
    repo.commit()
    repo.install()
    repo.write("a.txt", "bad\n")
    repo.add()
    done = repo.commit(check=False)
    assert done.returncode == 1
    assert "nothing is left to commit" in text(done)


def test_a_file_the_user_saves_meanwhile_is_kept_beside_the_hidden_one(changed):
    hook = "[[hook]]\nid = 'agent'\nrun = '''echo saved meanwhile > b.txt'''\nshell = true\nalways_run = true\n"
    changed.config(hook, commit=False)
    changed.git("add", "gitseq.toml")
    changed.install()
    done = changed.commit(check=False)
    assert done.returncode == 1
    assert (changed.path / "b.txt").read_text() == "b unstaged\n"
    kept = [path for path in (changed.path / ".git/gitseq/kept").rglob("*") if path.is_file()]
    assert any(path.read_text(errors="replace") == "saved meanwhile\n" for path in kept)
    assert "b.txt" in text(done)


def test_an_unstaged_configuration_is_refused_with_the_command_to_type(repo):
    repo.config(FIX)
    repo.install()
    repo.config(FIX + "verbose = true\n", commit=False)
    repo.write("a.txt", "x\n")
    repo.git("add", "a.txt")
    done = repo.commit(check=False)
    assert done.returncode == 1
    assert "`git add gitseq.toml` to fix this" in text(done)


def test_attributes_with_unstaged_changes_are_no_obstacle_to_a_commit(changed):
    changed.write(".gitattributes", "*.md text\n")
    changed.config(SEE, commit=False)
    changed.git("add", "gitseq.toml", ".gitattributes")
    changed.install()
    changed.write(".gitattributes", "b.txt text eol=crlf\n")
    changed.commit()
    assert seen(changed) == NUMBERS.replace("1", "bad") + "b\n"
    assert changed.read(".gitattributes") == b"b.txt text eol=crlf\n"
    assert changed.read("b.txt") == b"b unstaged\n"


@pytest.mark.parametrize("untracked_attributes", [False, True])
def test_changes_in_many_folders_are_hidden_and_come_back(repo, untracked_attributes):
    names = [f"folder {number}/file.txt" for number in range(40)]
    for name in names:
        repo.write(name, "committed\n")
    os.chmod(repo.file(names[3]), 0o755)
    os.symlink("nowhere", repo.file("folder 0/link"))
    repo.config("[[hook]]\nid = 'see'\nrun = 'cat folder*/file.txt > ../seen'\nshell = true\n", commit=False)
    repo.add()
    repo.commit()
    repo.install()
    for name in names:
        repo.write(name, "unstaged\n")
    os.unlink(repo.file("folder 0/link"))
    repo.write("staged.txt", "staged\n")
    repo.git("add", "staged.txt")
    if untracked_attributes:
        repo.write("folder 1/.gitattributes", "* text eol=crlf\n")
    before = capture(os.fsencode(repo.path))
    repo.commit()
    lines = (repo.path.parent / "seen").read_bytes().decode().splitlines(keepends=True)
    other = ["committed\r\n"] if untracked_attributes else ["committed\n"]
    assert sorted(lines) == sorted(["committed\n"] * 39 + other)
    assert capture(os.fsencode(repo.path)) == before


def test_a_repository_that_was_moved_after_a_kill_gets_its_work_back_where_it_is_now(reaped):
    reaped.path = reaped.path.rename(reaped.path.parent / "moved")
    assert "b.txt: put your version back" in text(reaped.gitseq("recover", "--list", check=True))
    reaped.gitseq("recover", check=True)
    assert reaped.read("b.txt") == b"b unstaged\n"
    assert reaped.read("a.txt").decode() == NUMBERS.replace("1", "bad").replace("8", "unstaged")


def test_another_work_tree_named_by_the_environment_does_not_get_the_hidden_work(reaped, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    named = {"GIT_DIR": str(reaped.git_dir), "GIT_WORK_TREE": str(elsewhere)}
    reaped.gitseq("recover", env=named, cwd=elsewhere, check=True)
    assert reaped.read("b.txt") == b"b unstaged\n"
    assert not list(elsewhere.iterdir())


def test_a_stray_file_among_the_guards_disturbs_nobody(changed):
    changed.config(SEE, commit=False)
    changed.git("add", "gitseq.toml")
    guard = changed.git_dir / "gitseq/guard"
    guard.mkdir(parents=True)
    (guard / "stray").write_text("?")
    (guard / "stray folder").mkdir()
    assert changed.gitseq("run").returncode == 0
    assert changed.read("b.txt") == b"b unstaged\n"


def test_recovering_inside_a_hook_leaves_what_the_run_around_it_has_hidden(changed):
    program = f"{BIN / 'gitseq'} recover >../said 2>&1; cat b.txt >../seen"
    changed.config(f'[[hook]]\nid = "inner"\nrun = "{program}"\nshell = true\npass_filenames = false\n', commit=False)
    changed.git("add", "gitseq.toml")
    dead = changed.git_dir / "gitseq/guard/00000000000000000001-1-1"
    changed.hook_script("leave-a-dead-guard", f"mkdir '{dead}'\n")
    changed.config(
        f'[[hook]]\nid = "inner"\nrun = "leave-a-dead-guard; {program}"\nshell = true\npass_filenames = false\n',
        commit=False,
    )
    changed.git("add", "gitseq.toml")
    done = changed.gitseq("run")
    assert done.returncode == 0, text(done)
    assert seen(changed) == "b\n"
    assert not dead.exists()
    assert changed.read("b.txt") == b"b unstaged\n"


# --- what is set aside, and its copy in git ----------------------------------------------------------

CLASH = "[[hook]]\nid = 'agent'\nrun = '''echo saved meanwhile > b.txt'''\nshell = true\nalways_run = true\n"


@pytest.fixture
def clashed(changed):
    """After a run that wrote to a hidden file; the name of that run."""
    changed.config(CLASH, commit=False)
    changed.git("add", "gitseq.toml")
    changed.install()
    done = changed.commit(check=False)
    assert "A second copy is in git" in text(done)
    (folder,) = (changed.git_dir / "gitseq/kept").iterdir()
    return changed, folder.name


def test_what_is_set_aside_is_listed_with_its_copy_work_tree_and_time(clashed):
    repo, run = clashed
    told = repo.gitseq("recover", "--list", check=True).stdout.decode()
    assert f"run {run} set 1 files aside in .git/gitseq/kept/{run}" in told
    assert f"git has a copy of what run {run} set aside in {repo.path} on 2" in told


def test_the_copy_is_exported_when_the_folder_is_gone(clashed):
    repo, run = clashed
    before = repo.gitseq("recover", "--patch", run, check=True).stdout
    assert b"+saved meanwhile" in before
    shutil.rmtree(repo.git_dir / "gitseq")
    assert repo.gitseq("recover", "--patch", run, check=True).stdout == before
    repo.git("checkout", "-q", "--", "b.txt")
    repo.git("apply", input=before)
    assert repo.read("b.txt") == b"saved meanwhile\n"


def test_dropping_says_what_it_drops_and_how_to_have_it_back(clashed):
    repo, run = clashed
    done = repo.gitseq("recover", "--drop", run, check=True).stdout.decode()
    assert f"dropped: b.txt, kept as .git/gitseq/kept/{run}/" in done
    assert "dropped from git: written/b.txt" in done
    assert repo.gitseq("recover", "--list", check=True).stdout == b"Nothing is hidden.\n"
    repo.git("update-ref", *done.split("git update-ref ")[1].split())
    assert b"saved meanwhile" in repo.gitseq("recover", "--patch", run, check=True).stdout


def test_a_run_nobody_knows_cannot_be_dropped(clashed):
    done = clashed[0].gitseq("recover", "--drop", "42")
    assert done.returncode == 2
    assert "gitseq recover --list" in text(done)


def test_hidden_work_cannot_be_dropped(killed):
    (hidden,) = (killed.git_dir / "gitseq/guard").iterdir()
    done = killed.gitseq("recover", "--drop", hidden.name)
    assert done.returncode == 2
    assert "gitseq recover" in text(done)
    killed.gitseq("recover", check=True)
    assert killed.read("b.txt") == b"b unstaged\n"


def test_a_copy_of_another_work_tree_is_dropped_there(clashed):
    repo, run = clashed
    other = repo.worktree("linked", "linked")
    done = other.gitseq("recover", "--drop", run)
    assert done.returncode == 2
    assert f"cd '{repo.path}' && gitseq recover --drop {run}" in text(done)
    shutil.rmtree(repo.git_dir / "gitseq/kept")
    other.gitseq("recover", "--drop", run, check=True)
    assert repo.git("for-each-ref", "refs/gitseq").stdout == b""


def test_a_copy_that_cannot_be_made_is_a_warning_and_recover_makes_it_later(changed):
    changed.config(CLASH, commit=False)
    changed.git("add", "gitseq.toml")
    changed.install()
    in_the_way = changed.common_dir / "refs/gitseq"
    in_the_way.write_text("a file where a folder belongs\n")
    done = changed.commit(check=False)
    assert done.returncode == 1
    assert "but git has no second copy of it" in text(done)
    in_the_way.unlink()
    assert "A second copy is in git" in text(changed.gitseq("recover", check=True))
    assert changed.git("for-each-ref", "refs/gitseq").stdout


def test_a_hook_that_writes_to_a_hidden_file_and_puts_its_time_back_is_found_out(changed):
    sly = "touch -r a.txt ../time; printf X | dd of=a.txt conv=notrunc status=none; touch -r ../time a.txt"
    changed.config(f'[[hook]]\nid = "sly"\nrun = "{sly}"\nshell = true\npass_filenames = false\n', commit=False)
    changed.git("add", "gitseq.toml")
    changed.install()
    done = changed.commit(check=False)
    assert done.returncode == 1
    assert "files were modified by this hook" in text(done)
    assert b"unstaged" in changed.read("a.txt")


def test_a_hook_that_makes_and_removes_a_link_to_a_hidden_file_with_other_line_endings_has_not_changed_it(repo):
    repo.config('[[hook]]\nid = "link"\nrun = "ln a.txt b && rm b"\nshell = true\npass_filenames = false\n')
    repo.write(".gitattributes", "a.txt text eol=crlf\n")
    repo.write("a.txt", "1\n")
    repo.add()
    repo.install()
    repo.write("a.txt", "1\r\nunstaged\r\n")
    repo.commit()
    assert repo.read("a.txt") == b"1\r\nunstaged\r\n"


@pytest.fixture
def linked(repo, sequencer):
    """A linked work tree with unstaged work and nothing else, so that it looks clean once that is hidden."""
    gate = sequencer.gate("in linked hook")
    repo.config(f"[[hook]]\nid = 'slow'\nrun = '''{gate.shell}'''\nshell = true\nalways_run = true\n")
    repo.commit_file("b.txt", "b\n")
    linked = repo.worktree("linked", "topic")
    linked.write("b.txt", "b unstaged\n")
    linked.gate = gate
    return linked


def test_a_linked_work_tree_whose_work_is_hidden_is_not_removed_with_it(linked, repo):
    with spawned([str(BIN / "gitseq"), "run"], env=linked.env, cwd=linked.path) as run:
        linked.gate.wait_reached()
        assert not linked.status()
        removing = repo.git("worktree", "remove", "--force", str(linked.path), check=False)
        assert removing.returncode != 0
        assert "gitseq recover" in text(removing)
        linked.gate.release()
        assert run.wait(20) == 0
    assert linked.read("b.txt") == b"b unstaged\n"
    assert not (linked.git_dir / "locked").exists()


def test_a_linked_work_tree_is_not_removed_with_the_work_that_a_killed_run_has_hidden(linked, repo):
    with spawned([str(BIN / "gitseq"), "run"], env=linked.env, cwd=linked.path) as run:
        linked.gate.wait_reached()
        run.kill()
        run.wait(20)
    assert repo.git("worktree", "remove", str(linked.path), check=False).returncode != 0
    linked.gate.release()
    linked.gitseq("reap", check=True)
    linked.gitseq("recover", check=True)
    assert linked.read("b.txt") == b"b unstaged\n"
    assert not (linked.git_dir / "locked").exists()


def test_the_users_own_lock_on_a_work_tree_stays(linked, repo):
    repo.git("worktree", "lock", "--reason", "on a stick", str(linked.path))
    linked.gate.release()
    linked.gitseq("run", check=True)
    assert (linked.git_dir / "locked").read_text().strip() == "on a stick"


def test_work_that_went_with_its_work_tree_is_not_told_to_be_safe(linked, repo):
    with spawned([str(BIN / "gitseq"), "run"], env=linked.env, cwd=linked.path) as run:
        linked.gate.wait_reached()
        repo.git("worktree", "remove", "--force", "--force", str(linked.path))
        linked.gate.release()
        said = run.communicate(timeout=20)[1].decode()
    assert "is safe in" not in said
    assert "was removed while hooks ran" in said


def test_a_run_of_another_queue_never_sees_what_a_run_beside_it_has_hidden(linked):
    other = linked.path.parent / "other.toml"
    other.write_text("[queue]\nscope = 'worktree'\n[[hook]]\nid = 'see'\nrun = 'cat b.txt'\nalways_run = true\n")
    with spawned([str(BIN / "gitseq"), "run"], env=linked.env, cwd=linked.path) as run:
        linked.gate.wait_reached()
        refused = linked.gitseq("run", "--config", str(other))
        assert refused.returncode == 3
        assert f"process {run.pid}" in text(refused)
        linked.gate.release()
        assert run.wait(20) == 0
    assert linked.gitseq("run", "--config", str(other)).returncode == 0


def test_what_an_editor_saves_into_a_hidden_file_while_it_is_fixed_does_not_join_the_commit(changed, sequencer):
    gate = sequencer.gate("fixing")
    changed.config(FIX.replace("done'''", f"done\n{gate.shell}'''"), commit=False)
    changed.git("add", "gitseq.toml")
    changed.install()
    saved = changed.read("a.txt") + b"and more\n"
    with spawned(["git", "commit", "-q", "-m", "x"], env=changed.env, cwd=changed.path) as committing:
        gate.wait_reached()
        beside = changed.write("a.txt~", saved)
        os.rename(beside, changed.path / "a.txt")
        gate.release()
        assert committing.wait(20) == 1
    assert b"unstaged" not in changed.git("show", ":a.txt").stdout
    assert changed.read("a.txt") == saved


@pytest.mark.parametrize("how", ["stash", "add"])
def test_what_the_user_does_to_the_index_while_a_file_is_fixed_is_not_taken_for_the_hooks_own_add(
    changed, sequencer, how
):
    gate = sequencer.gate("fixing")
    changed.config(FIX.replace("done'''", f"done\n{gate.shell}'''"))
    changed.install()
    head = changed.head()
    with spawned(["git", "commit", "-q", "-m", "x"], env=changed.env, cwd=changed.path) as committing:
        gate.wait_reached()
        if how == "stash":
            changed.git("stash")
        else:
            changed.write("a.txt", NUMBERS.replace("1", "bad").replace("8", "unstaged\nand more"))
            changed.git("add", "a.txt")
        gate.release()
        assert committing.wait(20) == 1
    assert changed.head() == head
    assert b"unstaged" in changed.read("a.txt")
