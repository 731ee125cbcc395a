"""`gitseq update`: newer revs, with everything else in the file left as it is."""

import pytest

from tests.support import hookrepos
from tests.support.hookrepos import configure, setup
from tests.support.repo import Repo, text

YAML = """\
# our hooks
repos:
-   repo: {url}   # where they come from
    rev: {rev}  # the one we know
    hooks:
    -   id: say
-   repo: local
    hooks:
    -   {{id: own, name: own, language: system, entry: "true"}}
"""
TOML = """\
# our hooks
[[repo]]
url = "{url}"
rev = '{rev}' # the one we know
  [[repo.hook]]
  id = "say"

[[hook]]
id = "own"
run = "true"
"""


@pytest.fixture
def hooks(make_repo):
    """Offers `say`; v1.0 is a month old, v1.1 (beside a moving `v1`) is of today, and there are later commits."""
    made = hookrepos.offer(make_repo, "hooks", {"say.sh": "#!/bin/sh\n"}, hookrepos.entry("say", "script", "say.sh"))
    date = "2001-01-01T00:00:00Z"
    made.git("commit", "--amend", "-q", "--no-edit", env={"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date})
    made.git("tag", "-f", "v1.0")
    made.commit_file("a.txt", "a\n")
    made.git("tag", "v1")
    made.git("tag", "-a", "-m", "one", "v1.1")
    made.commit_file("b.txt", "b\n")
    return made


def commit_of(hooks: Repo, rev: str) -> str:
    return hooks.git("rev-parse", rev + "^{commit}").stdout.decode().strip()


def test_newest_tag_is_written_and_nothing_else_is_touched(repo, hooks):
    setup(repo)
    configure(repo, YAML.format(url=hooks.path, rev="v1.0"))
    dry = repo.gitseq("update", "--dry-run", check=True)
    assert dry.stdout.decode() == f"[{hooks.path}] updating v1.0 -> v1.1\n"
    assert repo.status() == b""
    repo.gitseq("update", check=True)
    assert repo.read(".pre-commit-config.yaml").decode() == YAML.format(url=hooks.path, rev="v1.1")
    assert b"already up to date!" in repo.gitseq("update", check=True).stdout


def test_lock_of_gitseq_toml_follows_and_forgets_what_is_not_used(repo, hooks):
    setup(repo)
    repo.config(TOML.format(url=hooks.path, rev="v1.0"))
    repo.gitseq("run", "--all-files", check=True)
    assert commit_of(hooks, "v1.0").encode() in repo.read("gitseq.lock")
    repo.gitseq("update", check=True)
    assert repo.read("gitseq.toml").decode() == TOML.format(url=hooks.path, rev="v1.1")
    lock = repo.read("gitseq.lock").decode()
    assert commit_of(hooks, "v1.1") in lock
    assert "v1.0" not in lock


def test_freezing_writes_the_commit_and_says_which_tag_it_is(repo, hooks):
    setup(repo)
    text_ = YAML.format(url=hooks.path, rev="v1.0")
    configure(repo, text_)
    repo.gitseq("update", "--freeze", check=True)
    commit = commit_of(hooks, "v1.1")
    wanted = text_.replace("rev: v1.0  # the", f"rev: {commit}  # frozen: v1.1  # the")
    assert repo.read(".pre-commit-config.yaml").decode() == wanted
    repo.gitseq("update", check=True)
    assert repo.read(".pre-commit-config.yaml").decode() == YAML.format(url=hooks.path, rev="v1.1")


def test_cooldown_leaves_out_what_is_young_and_never_goes_back(repo, hooks):
    setup(repo)
    configure(repo, YAML.format(url=hooks.path, rev="v1"))
    assert b"already up to date!" in repo.gitseq("update", "--cooldown", "14d", check=True).stdout
    hooks.git("tag", "-f", "v0.9", "v1.0")
    configure(repo, YAML.format(url=hooks.path, rev="nothing"))
    told = repo.gitseq("update", "--cooldown", "14d", check=True).stdout.decode()
    assert "updating nothing -> v" in told
    assert "v1.1" not in told


def test_update_that_would_lose_a_hook_is_refused(repo, hooks):
    setup(repo)
    hooks.commit_file(".pre-commit-hooks.yaml", hookrepos.entry("said", "script", "say.sh"))
    hooks.git("tag", "v2.0")
    configure(repo, YAML.format(url=hooks.path, rev="v1.0"))
    done = repo.gitseq("update")
    assert done.returncode == 1
    assert b"missing these hooks: say" in done.stdout
    assert repo.status() == b""


@pytest.mark.parametrize(
    "config",
    ["repos: 3", "repos: [3]", "x: 1", "repos: [{repo: x, rev: v1}]", "repos: [{repo: [1], rev: v1, hooks: []}]"],
)
def test_configuration_that_is_not_sound_is_told(repo, config):
    repo.write(".pre-commit-config.yaml", config + "\n")
    done = repo.gitseq("update")
    assert done.returncode == 2
    assert ".pre-commit-config.yaml:1: " in text(done)


def test_gitseq_toml_that_is_not_sound_is_told(repo):
    repo.write("gitseq.toml", "repo = [3]\n")
    assert repo.gitseq("update").returncode == 2


def test_anchor_and_tag_before_a_rev_stay(repo, hooks):
    setup(repo)
    configure(repo, YAML.format(url=hooks.path, rev="&known !!str v1.0"))
    repo.gitseq("update", check=True)
    assert repo.read(".pre-commit-config.yaml").decode() == YAML.format(url=hooks.path, rev="&known !!str v1.1")


@pytest.mark.parametrize("rev", ["*known", "|\n      v1.0"])
def test_rev_that_cannot_be_written_by_a_program_is_told_and_nothing_changes(repo, hooks, rev):
    setup(repo)
    config = YAML.format(url=hooks.path, rev="&known v1.0")
    more = f"-   repo: {hooks.path}/.\n    rev: {rev}\n    hooks: []\n"
    configure(repo, config + more)
    done = repo.gitseq("update")
    assert done.returncode == 2
    assert "cannot be rewritten there by a program" in text(done)
    assert repo.read(".pre-commit-config.yaml").decode() == config + more


def test_repository_that_is_not_configured_or_not_there_is_told(repo, hooks):
    setup(repo)
    configure(repo, YAML.format(url=repo.path / "nowhere", rev="v1.0"))
    unknown = repo.gitseq("update", "--repo", "elsewhere")
    assert unknown.returncode == 2
    assert b"has no repository elsewhere" in unknown.stderr
    gone = repo.gitseq("update")
    assert gone.returncode == 1, text(gone)
    assert b"cannot be updated" in gone.stdout
