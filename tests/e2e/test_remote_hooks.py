"""Hooks of other repositories: fetched, installed and run, with real packages from the registries."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gitseq.engine.fetching import provider
from gitseq.git import repo as git_repo
from gitseq.languages.store import home
from tests.support import hookrepos
from tests.support.hookrepos import NO_NETWORK, configure, empty_home, setup, stored, yaml
from tests.support.procs import spawned, wait_until
from tests.support.repo import BIN, Repo, run_bounded, text


@pytest.fixture
def built(tmp_path):
    """The file that gets a line each time the Python hook is built."""
    return tmp_path / "built"


@pytest.fixture(params=["made up", pytest.param("python", marks=pytest.mark.campaign)])
def hooks(request, repo, make_repo, built):
    """A repository that offers `count-lines`: one that is quickly built, and, in the campaign, a real one."""
    if request.param == "python":
        return hookrepos.python_hooks(make_repo, built)
    return hookrepos.made_up_hooks(repo, make_repo, built)


@pytest.fixture
def counting(repo, hooks):
    """A repository that is configured to run `count-lines`, with its shims installed and one file staged."""
    return prepared(repo, hooks)


def prepared(repo: Repo, hooks: Repo) -> Repo:
    setup(repo)
    configure(repo, yaml(hooks, "count-lines"))
    repo.install()
    empty_home(repo)
    (repo.common_dir / "gitseq" / "gitseq.lock").unlink()
    repo.write("a.txt", "one\n")
    repo.add()
    return repo


def times(built: Path) -> int:
    return len(built.read_text().splitlines()) if built.exists() else 0


def move_tag(hooks: Repo) -> "tuple[str, str]":
    """Make v1.0 another commit; (old, new)."""
    old = hooks.head()
    new = hooks.commit_file("notes.txt", "v1.0 is this now\n")
    hooks.git("tag", "-f", "v1.0")
    return old, new


def test_python_hook_is_installed_once_and_then_runs_without_a_network(repo, make_repo, built):
    counting = prepared(repo, hookrepos.python_hooks(make_repo, built))
    done = counting.commit(check=False)
    assert done.returncode == 0, text(done)
    assert b"Installing environment for" in done.stdout + done.stderr
    assert b"count-lines" in done.stdout + done.stderr
    counting.write("b.txt", "two\n")
    counting.add()
    again = counting.commit("-v", check=False, env=NO_NETWORK)
    assert again.returncode == 0, text(again)
    assert b"nstalling environment" not in again.stdout + again.stderr
    counting.write("c.txt", "TODO\n")
    counting.add()
    refused = counting.commit(check=False, env=NO_NETWORK)
    assert refused.returncode == 1
    assert b"with iniconfig and 1 files" in refused.stdout + refused.stderr
    assert times(built) == 1
    assert counting.status() == b"A  c.txt\n"  # and no gitseq.lock, for nobody asked for one
    assert stat.S_IMODE(os.stat(counting.env["GITSEQ_HOME"]).st_mode) == 0o700


def test_four_first_runs_at_once_install_once(counting, built, tmp_path):
    gate = tmp_path / "gate"
    gate.write_text("")
    env = {**counting.env, "BUILD_GATE": str(gate)}
    argv = [str(BIN / "gitseq"), "run", "--all-files"]
    runs = [
        subprocess.Popen(argv, cwd=counting.path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _run in range(4)
    ]
    try:
        wait_until(built.exists, 60)
        gate.unlink()
        told = [run.communicate(timeout=100)[0] for run in runs]
    finally:
        for run in runs:
            run.kill()
            run.wait()
    assert [run.returncode for run in runs] == [0] * 4, told
    assert times(built) == 1
    assert sum(b"Initializing environment" in one for one in told) == 1
    assert len(stored(counting, "clones")) == len(stored(counting, "environments")) == 1


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_installation_that_did_not_end_is_made_again(counting, built, tmp_path, signum):
    gate = tmp_path / "gate"
    gate.write_text("")
    env = {**counting.env, "BUILD_GATE": str(gate)}
    with spawned([str(BIN / "gitseq"), "run", "--all-files"], env=env, cwd=counting.path) as run:
        wait_until(built.exists, 60)
        run.send_signal(signum)
        run.wait(20)
        gate.unlink()
    if signum == signal.SIGINT:
        assert run.returncode == 130
        assert not stored(counting, "environments")
    done = counting.gitseq("run", "--all-files")
    assert done.returncode == 0, text(done)
    assert times(built) == 2
    assert not [path for path in stored(counting, "clones") if path.suffix]


def test_tag_that_has_moved_is_refused_until_it_is_accepted(counting, hooks):
    counting.gitseq("run", "--all-files", check=True)
    old, new = move_tag(hooks)
    counting.gitseq("run", "--all-files", check=True)  # what is in the store is what it meant
    empty_home(counting)
    done = counting.gitseq("run", "--all-files")
    assert done.returncode == 3
    told = done.stderr.decode()
    assert "the tag v1.0 of" in told
    assert old in told
    assert new in told
    assert f"gitseq update --repo {hooks.path}" in told
    accepted = counting.gitseq("update", "--repo", str(hooks.path))
    assert accepted.returncode == 0, text(accepted)
    assert f"v1.0 has moved: {old} -> {new}" in accepted.stdout.decode()
    counting.gitseq("run", "--all-files", check=True)


def test_lock_is_written_for_gitseq_toml_and_found_again_without_a_network(repo, hooks):
    setup(repo)
    repo.config(f'[[repo]]\nurl = "{hooks.path}"\nrev = "v1.0"\n[[repo.hook]]\nid = "count-lines"\nname = "count"\n')
    done = repo.gitseq("run", "--all-files")
    assert done.returncode == 0, text(done)
    assert b"count......" in done.stdout
    lock = repo.read("gitseq.lock").decode()
    assert f'url = "{hooks.path}"\nrev = "v1.0"\ncommit = "{hooks.head()}"\n' in lock
    hooks.commit_file("later.txt", "later\n")
    hooks.git("tag", "-f", "v1.0")
    for path in stored(repo, "revs"):
        path.unlink()
    (repo.common_dir / "gitseq" / "gitseq.lock").unlink(missing_ok=True)
    repo.write("gitseq.toml", repo.read("gitseq.toml") + b"\n")  # has to be compiled again
    repo.gitseq("run", "--all-files", env=NO_NETWORK, check=True)
    assert repo.read("gitseq.lock").decode() == lock


def test_empty_gitseq_lock_asks_for_the_lock_beside_a_pre_commit_configuration(counting, hooks):
    counting.write("gitseq.lock", "")
    counting.gitseq("run", "--all-files", check=True)
    assert hooks.head().encode() in counting.read("gitseq.lock")


def test_lock_that_makes_no_sense_is_told(counting):
    counting.write("gitseq.lock", "<<<<<<< ours\n")
    done = counting.gitseq("run", "--all-files")
    assert done.returncode == 2
    assert b"gitseq.lock cannot be read" in done.stderr


def test_environment_is_made_again_when_its_interpreter_is_another(repo, make_repo, built):
    setup(repo)
    repo.hook_script("node", "echo v20.0.0")
    program = "$npm_config_prefix/bin/shout"
    repo.hook_script("npm", f"echo built >>{built}; echo '#!/bin/sh' >{program}; chmod +x {program}")
    configure(repo, yaml(hookrepos.node_hooks(make_repo), "shout"))
    repo.gitseq("run", "--all-files", check=True)
    repo.gitseq("run", "--all-files", check=True)
    assert times(built) == 1
    repo.hook_script("node", "echo v22.0.0; exit")  # another program in its place
    repo.gitseq("run", "--all-files", check=True)
    assert times(built) == 2


def test_environment_is_made_again_when_its_interpreter_is_gone(repo, make_repo, built):
    setup(repo)
    counting = prepared(repo, hookrepos.made_up_hooks(repo, make_repo, built))
    counting.gitseq("run", "--all-files", check=True)
    (folder,) = stored(counting, "environments")
    (folder / "ready").write_bytes(b"1-1 /nowhere/python\0")
    counting.gitseq("run", "--all-files", check=True)
    assert times(built) == 2


def test_hook_without_files_does_not_refuse_for_what_cannot_be_installed(repo, make_repo, built):
    setup(repo)
    hooks = hookrepos.python_hooks(make_repo, built)
    more = "        files: \\.py$\n        language_version: python9.9\n"
    configure(repo, yaml(hooks, "count-lines", more=more))
    repo.install()
    repo.write("a.txt", "one\n")
    repo.add()
    passed = repo.commit(check=False)
    assert passed.returncode == 0, text(passed)
    repo.write("a.py", "one\n")
    repo.add()
    refused = repo.commit(check=False)
    assert refused.returncode == 1
    told = refused.stderr.decode()
    assert "python9.9" in told
    assert "GITSEQ_SKIP=count-lines" in told or "failed" in told
    skipped = repo.commit(check=False, env={"SKIP": "count-lines"})
    assert skipped.returncode == 0, text(skipped)


def test_repository_that_is_not_there_is_told_in_one_sentence(repo):
    setup(repo)
    configure(repo, yaml(str(repo.path / "nowhere"), "x"))
    done = repo.gitseq("run", "--all-files")
    assert done.returncode == 4
    assert b"nowhere at v1.0 could not be fetched" in done.stderr
    assert not stored(repo, "clones")


@pytest.mark.parametrize("rev", ["''", "'*'", "'v1.0:refs/heads/x'", "'+v1.0'", "'^v1.0'", "-x"])
def test_rev_that_is_a_refspec_is_none(counting, hooks, rev):
    configure(counting, yaml(str(hooks.path), "count-lines", rev=rev))
    done = counting.gitseq("run", "--all-files")
    assert done.returncode == 4
    assert " has no '" in text(done)
    assert not stored(counting, "clones")


def test_commands_to_type_next_are_quoted(repo):
    setup(repo)
    configure(repo, yaml("'/no where'", "x"))
    assert "git ls-remote '/no where'" in text(repo.gitseq("run", "--all-files"))


def test_try_repo_takes_a_changed_submodule_and_what_became_a_folder(counting, hooks, make_repo):
    inner = make_repo("inner")
    inner.commit_file("a.txt", "a\n")
    counting.env["GIT_ALLOW_PROTOCOL"] = "file"  # of which git clones no submodule by itself
    hooks.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub")
    hooks.write("was-a-file", "x\n")
    hooks.write("was-a-folder/x", "x\n")
    hooks.add()
    hooks.git("commit", "-q", "-m", "More")
    (hooks.path / "sub" / "a.txt").write_text("b\n")
    (hooks.path / "was-a-file").unlink()
    (hooks.path / "was-a-file").mkdir()
    hooks.write("was-a-file/x", "x\n")
    (hooks.path / "was-a-folder" / "x").unlink()
    (hooks.path / "was-a-folder").rmdir()
    hooks.write("was-a-folder", "x\n")
    hooks.git("add", "was-a-file", "was-a-folder")
    done = counting.gitseq("try-repo", str(hooks.path), "--all-files")
    assert done.returncode == 0, text(done)
    assert "uncommitted changes" in text(done)


def test_install_in_a_linked_work_tree_never_sees_the_commit_that_waits_for_it(counting, built):
    """`git commit` exports GIT_DIR there; a clone or a build that saw it would work on this repository."""
    linked = counting.worktree("linked", "linked")
    linked.write("l.txt", "one\n")
    linked.add()
    done = linked.commit(check=False)
    assert done.returncode == 0, text(done)  # the build of the hook fails when it sees GIT_DIR
    assert counting.git("config", "core.bare", check=False).stdout != b"true\n"
    assert linked.git("show", "--name-only", "--format=", "HEAD").stdout == b"l.txt\n"
    assert counting.git("fsck").returncode == 0


def test_env_lists_and_sweeps_what_nobody_uses(counting):
    done = counting.gitseq("install", "--environments")
    assert b"1 environment installed, already there: 0" in done.stdout, text(done)
    listed = json.loads(counting.gitseq("env", "list", "--json", check=True).stdout)
    (found,) = listed["environments"]
    language = "golang" if "go-hooks" in found["repo"] else "python"
    assert (found["language"], found["ready"], found["used_by"]) == (language, True, [str(counting.path)])
    assert counting.gitseq("env", "gc", check=True).stdout.startswith(b"0 repositories and 0 environments")
    again = counting.gitseq("env", "install", check=True, env=NO_NETWORK)
    assert b"0 environments installed, already there: 1" in again.stdout
    counting.git("rm", "-q", ".pre-commit-config.yaml")
    assert counting.gitseq("env", "gc", check=True).stdout.startswith(b"1 repository and 1 environment ")
    assert not stored(counting, "environments") + stored(counting, "clones") + stored(counting, "revs")


def test_try_repo_runs_what_is_not_committed_there(counting, hooks):
    hooks.write(".pre-commit-hooks.yaml", hookrepos.entry("tried", "script", "say.sh"))
    hooks.write("say.sh", "#!/bin/sh\necho tried with $#\n", mode=0o755)
    hooks.git("add", "say.sh")
    before = counting.status()
    done = counting.gitseq("try-repo", f"../{hooks.path.name}", "--all-files", "-v")
    assert done.returncode == 0, text(done)
    assert b"Using config:" in done.stdout
    assert b"tried with 3" in done.stdout
    assert counting.status() == before


def test_node_hook_is_installed_and_then_runs_without_a_network(repo, make_repo):
    if hookrepos.tool("npm") is None:
        pytest.skip("needs npm")
    setup(repo)
    configure(repo, yaml(hookrepos.node_hooks(make_repo), "shout"))
    repo.install()
    repo.write("a.txt", "one\n")
    repo.add()
    done = repo.commit(check=False)
    assert done.returncode == 0, text(done)
    repo.write("b.txt", "TODO\n")
    repo.add()
    refused = repo.commit(check=False, env=NO_NETWORK)
    assert refused.returncode == 1
    assert b"60000 1" in refused.stdout + refused.stderr  # its dependency was there, and one file


@pytest.mark.campaign
def test_local_hook_with_dependencies_needs_no_source(repo):
    setup(repo)
    command = "python -c 'import iniconfig, sys; print(iniconfig.__name__, sys.prefix)'"
    configure(repo, hookrepos.local("local", "python", command, "iniconfig") + "        verbose: true\n")
    done = repo.gitseq("run", "--all-files")
    assert done.returncode == 0, text(done)
    assert b"Installing environment for local." in done.stdout
    assert b"iniconfig " + repo.env["GITSEQ_HOME"].encode() in done.stdout


def test_hook_that_makes_repositories_does_not_hurt_the_one_it_checks(repo):
    """githooks(5): with GIT_DIR exported, as in a linked work tree, `git init` elsewhere would set core.bare here."""
    repo.config('[[hook]]\nid = "suite"\nrun = "make-repository"\ngit_env = "scrub"\nalways_run = true\n')
    script = 'cd "$(mktemp -d)" && git init -q made && test -d made/.git && test -z "$GIT_DIR"'
    repo.hook_script("make-repository", script)
    repo.install()
    linked = repo.worktree("linked", "linked")
    for tree in (linked, repo):
        tree.write("l.txt", "one\n")
        tree.add("l.txt")
        done = tree.commit("-a", check=False)
        assert done.returncode == 0, text(done)
    assert repo.git("config", "--get", "core.bare").stdout == b"false\n"
    assert repo.status() == linked.status() == b""


@pytest.mark.parametrize("named", ["cache", "./cache", "~/cache"])
def test_home_that_is_not_absolute_is_refused_and_nothing_is_made(counting, named):
    counting.env["GITSEQ_HOME"] = named
    verbs = ["run", "--all-files"], ["env", "list"], ["env", "gc"], ["env", "install"], ["install", "--environments"]
    for verb in verbs:
        done = counting.gitseq(*verb)
        assert done.returncode == 2, verb
        told = text(done)
        assert f"GITSEQ_HOME is not an absolute path: {named}" in told
        assert f'export GITSEQ_HOME="{"$HOME" if named[0] == "~" else "$PWD"}/cache"' in told
    assert counting.commit(check=False).returncode == 1  # all that git makes of a hook's exit code
    assert counting.status() == b"A  a.txt\n"


def test_relative_xdg_cache_home_is_ignored():
    env = {b"HOME": b"/home/me", b"XDG_CACHE_HOME": b"cache"}
    assert home(env) == (b"/home/me/.cache/gitseq" if sys.platform != "darwin" else b"/home/me/Library/Caches/gitseq")


@pytest.mark.parametrize(("first", "second", "fetches"), [("v1.0", "", 1), ("", "v1.0", 2), ("v1.0", "same", 2)])
def test_two_names_of_one_commit_may_be_fetched_at_once(repo, make_repo, monkeypatch, first, second, fetches):
    """Forced: the second begins when the first has fetched, and has not put it into its place yet."""
    setup(repo)
    hooks = hookrepos.offer(make_repo, "said", {"say.sh": "#!/bin/sh\n"}, hookrepos.entry("said", "script", "say.sh"))
    hooks.git("tag", "same")
    repo.commit_file(".pre-commit-config.yaml", yaml(hooks, "said", rev=second or hooks.head()))
    told: "list[str]" = []
    others: "list[subprocess.Popen[bytes]]" = []
    output = Path(repo.env["HOME"]) / "said-by-the-second"
    rename = os.rename

    def rename_late(source, target):
        if b"/clones/" in os.fsencode(target) and not others:
            with output.open("wb") as stream:
                argv = [str(BIN / "gitseq"), "run", "--all-files"]
                others.append(subprocess.Popen(argv, cwd=repo.path, env=repo.env, stdout=stream, stderr=stream))
            wait_until(lambda: others[0].poll() is not None or b"Waiting for another" in output.read_bytes(), 30)
        rename(source, target)

    monkeypatch.setattr(os, "rename", rename_late)
    env = {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()}
    fetch = provider(git_repo.discover(env, os.fsencode(repo.path)), env, lambda event: told.append(event.text))
    try:
        folder = fetch(str(hooks.path), first or hooks.head())
        assert others[0].wait(30) == 0, output.read_bytes()
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert [os.fsencode(path) for path in stored(repo, "clones")] == [folder]
    whole = "\n".join(told) + output.read_text()
    assert whole.count("Initializing environment") == fetches
    assert whole.count("Waiting for another gitseq: it fetches") == 1


def test_a_sweep_leaves_a_repository_that_offers_nothing_but_commands_of_the_system(repo, make_repo):
    setup(repo)
    hooks = hookrepos.offer(make_repo, "plain", {}, hookrepos.entry("plain", "system", "echo"))
    repo.commit_file(".pre-commit-config.yaml", yaml(hooks, "plain", rev=hooks.head()))
    assert repo.gitseq("run", "--all-files").returncode == 0
    assert repo.gitseq("env", "gc", check=True).stdout.startswith(b"0 repositories")
    assert len(stored(repo, "clones")) == 1


SWEPT_MEANWHILE = """
import subprocess, sys
from {module} import {owner}
from gitseq.cli.main import run
real = {owner}.{name}
def then(*given, **named):
    told = real(*given, **named)
    {owner}.{name} = real
    subprocess.run(["gitseq", "env", "gc"], check=True)
    return told
{owner}.{name} = then
sys.exit(run(["run", "--all-files"]))
"""
"""A run in which `gitseq env gc` comes right after a function was called for the first time."""


@pytest.mark.parametrize(
    ("module", "owner", "name", "is_noted"),
    [
        ("gitseq.engine.fetching", "Fetcher", "fetch", False),
        ("gitseq.config", "compiled", "load", False),
        ("gitseq.engine.environments", "Environments", "__init__", False),
        ("gitseq.engine", "fetching", "note_use", True),
    ],
)
def test_a_sweep_beside_a_run_takes_nothing_that_it_goes_on_to_use(repo, make_repo, module, owner, name, is_noted):
    setup(repo)
    offered = hookrepos.entry("said", "script", "say.sh")
    hooks = hookrepos.offer(make_repo, "said", {"say.sh": "#!/bin/sh\necho said\n"}, offered)
    repo.commit_file(".pre-commit-config.yaml", yaml(hooks, "said", rev=hooks.head()))
    program = SWEPT_MEANWHILE.format(module=module, owner=owner, name=name)
    done = run_bounded([sys.executable, "-c", program], env=repo.env, cwd=repo.path)
    assert done.returncode == 0, text(done)
    told = text(done)
    assert f"{'0 repositories' if is_noted else '1 repository'} and 0 environments removed" in told
    assert told.count("Initializing environment") == (1 if is_noted else 2)
    assert repo.gitseq("env", "gc", check=True).stdout.startswith(b"0 repositories")
    assert len(stored(repo, "clones")) == 1
