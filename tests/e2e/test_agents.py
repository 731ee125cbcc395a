"""`gitseq init --agents`, and that what it tells agents is so."""

import re

from gitseq.core import agents
from tests.support.procs import spawned
from tests.support.repo import BIN, text


def test_it_makes_the_file_once_and_takes_it_away_again(repo):
    assert b"AGENTS.md: written" in repo.gitseq("init", "--agents", check=True).stdout
    assert b"as it should be" in repo.gitseq("init", "--agents", check=True).stdout
    assert not (repo.path / "CLAUDE.md").exists()
    assert repo.gitseq("init", "--agents", "--dry-run", check=True).stdout == repo.read("AGENTS.md")
    assert b"held nothing else" in repo.gitseq("init", "--agents", "--remove", check=True).stdout
    assert repo.status() == b""
    assert b"no file" in repo.gitseq("init", "--agents", "--remove", check=True).stdout


def test_it_adds_to_the_files_that_are_there_once_each(repo):
    repo.write("CLAUDE.md", "# Mine\n", 0o640)
    (repo.path / "AGENTS.md").symlink_to("CLAUDE.md")
    repo.gitseq("init", "--agents", check=True)
    assert (repo.path / "AGENTS.md").is_symlink()
    assert repo.read("CLAUDE.md").count(agents.BEGIN) == 1
    assert (repo.path / "CLAUDE.md").stat().st_mode & 0o777 == 0o640
    repo.gitseq("init", "--agents", "--remove", check=True)
    assert repo.read("CLAUDE.md") == b"# Mine\n"


def test_stray_markers_are_refused_and_nothing_is_written(repo):
    repo.write("AGENTS.md", agents.BEGIN)
    done = repo.gitseq("init", "--agents")
    assert done.returncode == 3
    assert "markers" in text(done)
    assert repo.read("AGENTS.md") == agents.BEGIN


def test_remove_alone_is_a_usage_error(repo):
    assert repo.gitseq("init", "--remove").returncode == 2


def test_every_command_the_section_names_is_understood(repo):
    section = repo.gitseq("init", "--agents", "--dry-run", check=True).stdout.decode()
    verbs = set(re.findall(r"`gitseq (\w+)", section))
    assert {"exec", "status", "recover"} == verbs
    for verb in verbs:
        repo.gitseq(verb, "--help", check=True)


def test_an_agent_that_follows_it_waits_commits_and_reads_75(repo, sequencer):
    gate = sequencer.gate("inside")
    repo.config('[[hook]]\nid = "no"\nrun = "false"\nfiles = "bad"\n')
    repo.install()
    repo.write("good.txt", "good\n")
    repo.add("good.txt")
    with spawned([str(BIN / "gitseq"), "exec", "--", "sh", "-c", gate.shell], env=repo.env, cwd=repo.path) as other:
        gate.wait_reached()
        gave_up = repo.gitseq("exec", "--wait", "100ms", "--", "git", "commit", "-m", "x")
        assert gave_up.returncode == 75
        commit = [str(BIN / "gitseq"), "exec", "--", "git", "commit", "-q", "-m", "x"]
        with spawned(commit, env=repo.env, cwd=repo.path) as waiting:
            gate.release()
            assert waiting.wait(30) == 0
        other.wait(20)
    repo.write("bad.txt", "bad\n")
    repo.add("bad.txt")
    refused = repo.gitseq("exec", "--", "git", "commit", "-m", "y")
    assert refused.returncode == 1
    assert repo.git("log", "-1", "--format=%s").stdout == b"x\n"
