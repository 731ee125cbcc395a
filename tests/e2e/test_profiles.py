"""`--profile` and the limits of the environment reach hooks, nested runs and commands."""

from tests.support.repo import text

CONFIG = """\
[profile.tight.limits]
timeout = "200ms"

[[hook]]
id = "slow"
run = "sleep 30"
always_run = true
grace = "1s"
"""


def test_a_profile_s_limit_ends_a_hook(repo):
    repo.config(CONFIG)
    done = repo.gitseq("run", "--profile", "tight")
    assert done.returncode == 1
    assert "timeout" in text(done)


def test_an_unknown_profile_runs_nothing(repo):
    repo.config(CONFIG)
    for done in (repo.gitseq("run", "--profile", "tihgt"), repo.gitseq("run", env={"GITSEQ_PROFILE": "tihgt"})):
        assert done.returncode == 2
        assert "did you mean `tight`?" in text(done)


def test_what_a_command_starts_inherits_its_profile(repo):
    repo.config(CONFIG)
    done = repo.gitseq("exec", "--profile", "tight", "--", "gitseq", "run")
    assert done.returncode == 1
    assert "timeout" in text(done)


def test_a_profile_needs_a_configuration(repo):
    done = repo.gitseq("exec", "--profile", "ci", "--", "true")
    assert done.returncode == 2
    assert "there is no profile `ci`" in text(done)


def test_the_environment_caps_a_command_unless_it_is_git(repo):
    tight = {"GITSEQ_TIMEOUT": "200ms"}
    assert repo.gitseq("exec", "--", "sleep", "30", env=tight).returncode == 124
    assert repo.gitseq("exec", "--timeout", "1m", "--", "sleep", "0.4", env=tight).returncode == 0
    alias = ("-c", "alias.nap=!sleep 0.4")
    assert repo.gitseq("exec", "--", "git", *alias, "nap", env=tight).returncode == 0


def test_the_environment_caps_the_processes_of_a_hook(repo):
    repo.config('[[hook]]\nid = "many"\nshell = true\nrun = "sleep 5 & sleep 5 & sleep 5 & wait"\nalways_run = true\n')
    done = repo.gitseq("run", env={"GITSEQ_PROCESSES": "2"})
    assert done.returncode == 1
    assert "processes" in text(done)
