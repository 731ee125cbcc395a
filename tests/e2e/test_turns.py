"""Turns as users meet them: terminals, work trees, agents."""

import json
import threading

from tests.support.procs import spawned, wait_until
from tests.support.repo import BIN, run_bounded, text

SLOW = "[[hook]]\nid = 'slow'\nrun = '''echo start >> {log}; {gate}echo end >> {log}'''\nshell = true\n"


def test_twelve_commits_in_twelve_work_trees_all_succeed_one_hook_at_a_time(repo):
    log = repo.path.parent / "log"
    repo.config(SLOW.format(log=log, gate="sleep 0.05; "), commit=False)
    repo.add()
    repo.commit()
    repo.install()
    trees = [repo.worktree(f"w{number}", f"b{number}") for number in range(12)]
    codes = []

    def commit(tree) -> None:
        tree.write("f.txt", tree.path.name)
        tree.git("add", "f.txt")
        codes.append(tree.commit(check=False).returncode)

    threads = [threading.Thread(target=commit, args=(tree,)) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == [0] * 12
    assert log.read_text().split() == ["start", "end"] * 12


def test_who_will_not_wait_ends_with_75_and_is_told_who_is_there(repo, sequencer):
    gate = sequencer.gate("in hook")
    repo.config(SLOW.format(log="/dev/null", gate=gate.shell), commit=False)
    repo.add()
    with spawned([str(BIN / "gitseq"), "run"], env=repo.env, cwd=repo.path) as holder:
        gate.wait_reached()
        done = repo.gitseq("run", "--no-wait")
        assert done.returncode == 75
        assert f"pid {holder.pid} has been running run pre-commit" in text(done)
        assert repo.gitseq("exec", "--wait", "200ms", "--", "true").returncode == 75
        status = json.loads(repo.gitseq("status", "--json").stdout)
        assert status["holder"]["pid"] == holder.pid
        gate.release()
        assert holder.wait(20) == 0


def test_a_commit_that_holds_the_index_lock_does_not_wait_for_a_run_in_its_own_work_tree(repo, sequencer):
    gate = sequencer.gate("in hook")
    repo.config(SLOW.format(log="/dev/null", gate=gate.shell), commit=False)
    repo.add()
    repo.git("commit", "-q", "--no-verify", "-m", "first")
    repo.install()
    repo.write("gitseq.toml", (repo.path / "gitseq.toml").read_text() + "\n")
    repo.add()
    with spawned([str(BIN / "gitseq"), "run"], env=repo.env, cwd=repo.path) as holder:
        gate.wait_reached()
        done = repo.git("commit", "-a", "-m", "second", check=False)
        assert done.returncode == 1
        assert "gitseq exec -- git commit" in text(done)
        gate.release()
        assert holder.wait(20) == 0


def test_a_commit_whose_head_moved_while_it_waited_runs_no_hook_in_vain(repo, sequencer):
    gate = sequencer.gate("in hook")
    log = repo.path.parent / "log"
    repo.config(SLOW.format(log=log, gate=gate.shell), commit=False)
    repo.add()
    repo.git("commit", "-q", "--no-verify", "-m", "first")
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    with spawned([str(BIN / "gitseq"), "run"], env=repo.env, cwd=repo.path) as holder:
        gate.wait_reached()
        with spawned(["git", "commit", "-m", "second"], env=repo.env, cwd=repo.path) as waiting:
            wait_until(lambda: len(json.loads(repo.gitseq("status", "--json").stdout)["waiting"]) == 1, 10, "a waiter")
            repo.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "meanwhile")
            gate.release()
            holder.wait(20)
            assert waiting.wait(20) == 1
    assert log.read_text().split() == ["start", "end"]
    assert repo.git("log", "--format=%s").stdout.split() == [b"meanwhile", b"first", b"First"]


def test_a_hook_that_runs_gitseq_and_make_inside_make_nest(repo):
    repo.write("Makefile", "all:\n\tgitseq exec -- $(MAKE) -s inner\ninner:\n\techo inner make\n")
    repo.config(
        "[[hook]]\nid = 'outer'\nshell = true\nverbose = true\nalways_run = true\n"
        "run = 'gitseq run --stage manual && make -s all && git commit -q --allow-empty -m x && gitseq run inner2'\n"
        "stages = ['pre-push']\n"
        "[[hook]]\nid = 'm'\nrun = 'echo manual'\nstages = ['manual', 'pre-commit']\nalways_run = true\n"
        "[[hook]]\nid = 'inner2'\nshell = true\nalways_run = true\n"
        f"run = 'env -i PATH={BIN}:/usr/bin:/bin gitseq run m'\n",
        commit=False,
    )
    repo.add()
    repo.commit()
    repo.install()
    done = repo.gitseq("run", "pre-push", timeout=30)
    assert done.returncode == 0, text(done)
    assert "inner make" in text(done)


def test_exec_makes_a_whole_commit_one_turn(repo):
    repo.config("[[hook]]\nid = 'h'\nrun = 'true'\n")
    repo.install()
    repo.write("gitseq.toml", (repo.path / "gitseq.toml").read_text() + "\n")
    argv = [str(BIN / "gitseq"), "exec", "--", "git", "commit", "-a", "-m", "in one turn"]
    done = run_bounded(argv, env=repo.env, cwd=repo.path, timeout=30)
    assert done.returncode == 0, text(done)
    assert repo.gitseq("exec", "--", "sh", "-c", "exit 9").returncode == 9
