"""Every finding of `gitseq doctor`, forced in a real repository and seen; and gone when what it says was typed."""

import json
import os
import shutil
import signal
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitseq.host import memory
from tests.faults.cage import usable_python
from tests.support.caged import NOBODY
from tests.support.doctored import after_typing, ask, found
from tests.support.procs import alive, pid_from, spawned, wait_until
from tests.support.repo import BIN, Repo, isolated_env, run_bounded, text

TWO_STAGES = """
[[hook]]
id = "ok"
run = "true"
stages = ["pre-commit", "commit-msg"]
"""
ROOT = Path(__file__).parents[2]
ROOT_USER = os.geteuid() == 0


@pytest.fixture
def healthy(repo: Repo) -> Repo:
    """Configured, installed, nothing wrong."""
    repo.config(TWO_STAGES)
    repo.install()
    return repo


def shim(repo: Repo) -> Path:
    return repo.path / ".git/hooks/pre-commit"


def replaced(repo: Repo, name: str, value: str) -> None:
    """The shim with another interpreter (gitseq_python) or library (gitseq_library)."""
    lines = shim(repo).read_text().splitlines(keepends=True)
    shim(repo).write_text("".join(f"{name}='{value}'\n" if line.startswith(name + "=") else line for line in lines))


def test_a_healthy_repository_has_nothing_wrong(healthy):
    done = healthy.gitseq("doctor")
    assert done.returncode == 0, text(done)
    assert "Nothing is wrong." in text(done)
    assert "containment by" in text(done)
    document = ask(healthy)
    assert not [one for one in document["findings"] if one["severity"] != "fine"]


def test_looking_changes_nothing(healthy):
    healthy.gitseq("run", "--all-files", check=True)
    shim(healthy).chmod(0o644)
    before = tree_of(healthy.path)
    assert healthy.gitseq("doctor").returncode == 1
    assert tree_of(healthy.path) == before


def tree_of(folder: Path) -> "dict[str, tuple[int, bytes]]":
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mode, path.read_bytes()) for path in files}


# --- findings with a command: (name, what is done to a healthy repository, finding, severity) --------------------


def _uninstall(repo: Repo) -> None:
    repo.gitseq("uninstall", check=True)


def _remove_shim(repo: Repo) -> None:
    shim(repo).unlink()


def _foreign(repo: Repo) -> None:
    shim(repo).write_text("#!/bin/sh\necho mine\n")


def _foreign_with_legacy(repo: Repo) -> None:
    _foreign(repo)
    shim(repo).with_suffix(".legacy").write_text("#!/bin/sh\necho older\n")


def _not_executable(repo: Repo) -> None:
    shim(repo).chmod(0o644)


def _interpreter_gone(repo: Repo) -> None:
    replaced(repo, "gitseq_python", "/nonexistent/python")


def _library_gone(repo: Repo) -> None:
    replaced(repo, "gitseq_library", "/nonexistent/library")


def _another_gitseq(repo: Repo) -> None:
    other = repo.path.parent / "other library"
    (other / "gitseq").mkdir(parents=True)
    (other / "gitseq/boot.py").touch()
    replaced(repo, "gitseq_library", str(other))


def _older_shim(repo: Repo) -> None:
    shim(repo).write_text(shim(repo).read_text() + "# as it was\n")


def _hooks_off(repo: Repo) -> None:
    repo.git("config", "core.hooksPath", "/dev/null")


def _husky(repo: Repo) -> None:
    repo.git("config", "core.hooksPath", ".husky/_")
    repo.gitseq("install", check=True)


def _no_configuration(repo: Repo) -> None:
    (repo.path / "gitseq.toml").unlink()


def _unstaged(repo: Repo) -> None:
    repo.write("gitseq.toml", TWO_STAGES + "\n# more\n")


def _untracked(repo: Repo) -> None:
    repo.git("rm", "-q", "--cached", "gitseq.toml")


def _index_lock(repo: Repo) -> None:
    repo.foreign_lock(age=3600)


def _writable_plan(repo: Repo) -> None:
    repo.gitseq("run", check=True)
    for plan in (repo.path / ".git/gitseq/plan").iterdir():
        plan.chmod(0o666)


def _crash(repo: Repo) -> None:
    repo.gitseq("run", check=True)
    (repo.path / ".git/gitseq/crash-1-2.txt").write_text("a report")


FORCED: "list[tuple[Callable[[Repo], None], str, str]]" = [
    (_uninstall, "shims", "problem"),
    (_remove_shim, "shim-missing", "problem"),
    (_foreign, "shim-foreign", "problem"),
    (_foreign_with_legacy, "shim-foreign", "problem"),
    (_not_executable, "shim-not-executable", "problem"),
    (_interpreter_gone, "shim-stale", "problem"),
    (_library_gone, "shim-stale", "problem"),
    (_another_gitseq, "shim-of-another", "advice"),
    (_older_shim, "shim-stale", "advice"),
    (_hooks_off, "hooks-path", "problem"),
    (_husky, "hooks-path", "advice"),
    (_no_configuration, "configuration", "problem"),
    (_unstaged, "configuration-unstaged", "problem"),
    (_untracked, "configuration-untracked", "advice"),
    (_index_lock, "index-lock", "problem"),
    (_writable_plan, "plans", "advice"),
    (_crash, "crash", "advice"),
]


@pytest.mark.parametrize(("force", "check", "severity"), FORCED, ids=lambda value: getattr(value, "__name__", None))
def test_doctors_advice_works(healthy, force, check, severity):
    force(healthy)
    document = ask(healthy)
    (finding,) = found(document, check, severity)
    assert document["exit_code"] == (1 if severity == "problem" else 0)
    assert finding["why"]
    assert not found(after_typing(healthy, finding["command"]), check)


@pytest.mark.parametrize(
    ("env", "check", "severity"),
    [
        ({"GITSEQ": "0"}, "switched-off", "problem"),
        ({"GITSEQ_SKIP": "ok"}, "skipped", "advice"),
        ({"SKIP": "ok"}, "skipped", "advice"),
        ({"MAKEFLAGS": "-j8"}, "parallel", "advice"),
        ({"MAKEFLAGS": "kj8"}, "parallel", "advice"),
        ({"PYTEST_ADDOPTS": "-n auto"}, "parallel", "advice"),
        (
            {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": "/nowhere/hooks"},
            "hooks-path",
            "problem",
        ),
    ],
    ids=lambda value: next(iter(value.items())) if isinstance(value, dict) else None,
)
def test_doctors_advice_on_the_environment_works(healthy, env, check, severity):
    (finding,) = found(ask(healthy, env=env), check, severity)
    assert not found(after_typing(healthy, finding["command"], env), check)


def test_doctors_advice_on_a_global_hooks_path_works(repo, tmp_path):
    repo.config(TWO_STAGES)
    shared = tmp_path / "shared hooks"
    (tmp_path / "gitconfig").write_text(f'[core]\n\thooksPath = "{shared}"\n')
    env = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    (finding,) = found(ask(repo, env=env), "hooks-path", "problem")
    after = after_typing(repo, finding["command"], env)
    assert after["exit_code"] == 0
    assert not shared.exists()


# --- what a person has to do by hand -----------------------------------------------------------------------------


def hook(extra: str) -> str:
    return f"[[hook]]\nid = 'x'\n{extra}\n"


def test_doctors_advice_on_tools_works(healthy):
    healthy.config(hook("run = 'no-such-tool --check'"))
    (finding,) = found(ask(healthy), "tool-missing", "problem")
    assert "no-such-tool" in finding["todo"]
    script = Path(healthy.hook_script("no-such-tool", "true\n"))
    assert not found(ask(healthy), "tool-missing")
    script.unlink()
    healthy.config(hook("run = './tools/check'"))
    healthy.write("tools/check", "#!/bin/sh\n", 0o644)
    (finding,) = found(ask(healthy), "tool-not-executable", "problem")
    after = after_typing(healthy, finding["todo"].partition(" (")[0])
    assert not found(after, "tool-not-executable")


def test_a_tool_is_looked_for_as_the_engine_does(healthy):
    """On the PATH that the hook is given, and from the folder it runs in."""
    healthy.write("pkg/tools/check", "#!/bin/sh\n", 0o755)
    healthy.config(hook("run = 'tools/check'\nroot = 'pkg'"))
    assert not found(ask(healthy), "tool-missing")
    healthy.config(hook(f"run = 'check'\nenv = {{ PATH = '{healthy.path}/pkg/tools' }}"))
    assert not found(ask(healthy), "tool-missing")
    healthy.config(hook("run = 'sh -c true'\nenv = { PATH = '/nonexistent' }"))
    assert found(ask(healthy), "tool-missing")


def test_doctors_advice_on_memory_works(healthy):
    larger = (memory.total() >> 20) * 2
    healthy.config(hook(f"run = 'true'\nmemory = '{larger}MiB'\nmin_free_memory = '{larger}MiB'"))
    document = ask(healthy)
    (cap,) = found(document, "memory-cap", "advice")
    assert found(document, "memory-gate", "problem")
    enough = cap["todo"].split('"')[1]
    healthy.config(hook(f"run = 'true'\nmemory = '{enough}'\nmin_free_memory = '1MiB'"))
    document = ask(healthy)
    assert not found(document, "memory-cap")
    assert not found(document, "memory-gate")


@pytest.mark.parametrize(
    ("name", "content", "mended"),
    [
        ("pytest.ini", "[pytest]\naddopts = -q -n auto\n", "[pytest]\naddopts = -q -n 0\n"),
        ("tox.ini", "[pytest]\naddopts = -n4\n", "[pytest]\naddopts = -q\n"),
        ("setup.cfg", "[tool:pytest]\naddopts = --numprocesses=8\n", "[tool:pytest]\naddopts = --no-header\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = ['-n', '4']\n", "[tool.pytest.ini_options]\n"),
        ("Makefile", "MAKEFLAGS += -j4\nall:\n", "MAKEFLAGS += -j1\nall:\n"),
        (".cargo/config.toml", "[build]\njobs = 8\n", "[build]\njobs = 1\n"),
        ("package.json", '{"jest": {"maxWorkers": "50%"}}', '{"jest": {"maxWorkers": 1}}'),
        ("gitseq.toml", hook("run = 'sh -c pytest -n auto'"), hook("run = 'sh -c pytest -n 0'")),
        ("gitseq.toml", hook("run = 'make -j8 check'"), hook("run = 'make check'")),
        ("gitseq.toml", hook("run = 'sh jest'"), hook("run = 'sh jest --runInBand'")),
        ("gitseq.toml", hook("shell = true\nrun = 'cargo test'"), hook("shell = true\nrun = 'cargo test -j 1'")),
    ],
    ids=lambda value: value.split("\n")[0][:30],
)
def test_doctors_advice_on_workers_works(healthy, name, content, mended):
    healthy.write(name, content)
    (finding,) = found(ask(healthy), "parallel", "advice")
    assert finding["todo"]
    healthy.write(name, mended)
    assert not found(ask(healthy), "parallel")


def test_a_configuration_that_is_not_sound_is_a_problem_until_it_is(healthy):
    healthy.write("gitseq.toml", "[[hook]]\nid = 'x'\nentry = 'true'\n")
    (finding,) = found(ask(healthy), "configuration", "problem")
    assert "did you mean `run`" in finding["what"] + finding["why"]
    healthy.write("gitseq.toml", TWO_STAGES)
    assert ask(healthy)["exit_code"] == 0


def test_a_local_overlay_is_told(healthy):
    overlay = healthy.write("gitseq.local.toml", "[[hook]]\nid = 'ok'\nrun = 'false'\n")
    (finding,) = found(ask(healthy), "overlay", "advice")
    assert "gitseq.local.toml changes ok" in finding["what"]
    os.unlink(overlay)
    assert not found(ask(healthy), "overlay")


def test_a_git_that_is_too_old_or_missing_is_told(healthy, tmp_path):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    old = bin_ / "git"
    old.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && echo \'git version 2.20.1\' && exit\nexec {shutil.which("git")} "$@"\n'
    )
    old.chmod(0o755)
    path = {"PATH": f"{bin_}:{healthy.env['PATH']}"}
    (finding,) = found(ask(healthy, env=path), "git", "problem")
    assert "git 2.20.1 is too old" in finding["what"]
    none = ask(healthy, env={"PATH": "/nonexistent"})
    assert found(none, "git", "problem")
    assert not found(ask(healthy), "git")


# --- what runs leave ---------------------------------------------------------------------------------------------


@pytest.fixture
def dead_run(healthy, sequencer):
    """A run that was killed while its hook had a daemon and b.txt's unstaged change was hidden."""
    gate = sequencer.gate("in hook")
    pid_file = healthy.path.parent / "daemon"
    body = f"setsid sleep 300 & echo $! > {pid_file}\n{gate.shell}sleep 60"
    healthy.commit_file("b.txt", "b\n")
    healthy.config(hook(f"shell = true\nrun = '''\n{body}'''"))
    healthy.write("a.txt", "a\n")
    healthy.add()
    healthy.write("b.txt", "unstaged\n")
    with spawned([str(BIN / "gitseq"), "run"], env=healthy.env, cwd=healthy.path) as run:
        gate.wait_reached()
        run.kill()
        run.wait(20)
    daemon = pid_from(pid_file)
    yield healthy
    healthy.gitseq("reap")
    wait_until(lambda: not alive(daemon), 5, "the end of the daemon")


def test_doctors_advice_on_a_dead_run_works(dead_run):
    document = ask(dead_run)
    (orphan, *_), (guard,), (lease,) = (found(document, check) for check in ("orphan", "guard", "lease"))
    assert "sleep 300" in orphan["what"]
    assert "b.txt" in guard["why"]
    assert (orphan["severity"], guard["severity"], lease["severity"]) == ("problem", "problem", "advice")
    after = after_typing(dead_run, guard["command"])
    assert not found(after, "guard")
    assert (dead_run.path / "b.txt").read_text() == "unstaged\n"
    after = after_typing(dead_run, orphan["command"])
    assert not found(after, "orphan")
    assert not found(after, "lease")


def test_fix_mends_what_a_dead_run_left_and_says_so(dead_run):
    document = ask(dead_run, "--fix")
    assert not [check for check in ("orphan", "guard", "lease") if found(document, check)]
    assert document["exit_code"] == 0, document["findings"]
    assert (dead_run.path / "b.txt").read_text() == "unstaged\n"
    told = "\n".join(document["mended"])
    assert "brought back what was hidden" in told
    assert "ended" in told


def test_fix_leaves_to_a_person_what_takes_judgement(dead_run):
    """Somebody wrote to the hidden file: both versions are precious, so `recover` has to be asked for."""
    dead_run.write("b.txt", "written after the death\n")
    document = ask(dead_run, "--fix")
    assert document["exit_code"] == 1
    assert found(document, "guard", "problem")
    assert (dead_run.path / "b.txt").read_text() == "written after the death\n"
    dead_run.gitseq("recover")
    (kept,) = found(ask(dead_run), "kept", "advice")
    assert "set aside" in kept["what"]


def test_doctors_advice_on_another_work_tree_works(dead_run):
    other = dead_run.worktree("other tree", "other")
    (finding,) = found(ask(other), "guard", "problem")
    assert not found(after_typing(other, finding["command"]), "guard")
    assert (dead_run.path / "b.txt").read_text() == "unstaged\n"


def test_fix_renews_stale_shims_and_drops_plans_that_are_not_believed(healthy):
    _interpreter_gone(healthy)
    _writable_plan(healthy)
    document = ask(healthy, "--fix")
    assert document["exit_code"] == 0
    assert len(document["mended"]) == 2
    assert not found(document, "plans")
    healthy.write("a.txt", "a\n")
    healthy.add()
    assert healthy.commit().returncode == 0


def test_fix_installs_nothing_where_nothing_was_installed(repo):
    repo.config(TWO_STAGES)
    assert ask(repo, "--fix")["exit_code"] == 1
    assert not shim(repo).exists()


def test_fix_leaves_a_live_run_and_its_queue_alone(healthy, sequencer):
    gate = sequencer.gate("in hook")
    healthy.commit_file("b.txt", "b\n")
    healthy.config(hook(f"shell = true\nrun = '''\n{gate.shell}'''"))
    healthy.write("a.txt", "a\n")
    healthy.add()
    healthy.write("b.txt", "unstaged\n")
    command = [str(BIN / "gitseq"), "run"]
    with spawned(command, env=healthy.env, cwd=healthy.path) as run:
        gate.wait_reached()
        document = ask(healthy, "--fix")
        assert not [one for one in document["findings"] if one["check"] in ("guard", "orphan", "lease", "tickets")]
        assert (healthy.path / "b.txt").read_text() == "b\n"
        gate.release()
        assert run.wait(20) == 0
    assert (healthy.path / "b.txt").read_text() == "unstaged\n"


def test_doctors_advice_on_the_queue_works(healthy, sequencer):
    gate = sequencer.gate("held")
    holder = [str(BIN / "gitseq"), "exec", "--", "sh", "-c", gate.shell]
    waiter = [str(BIN / "gitseq"), "exec", "--", "true"]

    with spawned(holder, env=healthy.env, cwd=healthy.path) as held:
        gate.wait_reached()
        with spawned(waiter, env=healthy.env, cwd=healthy.path) as one:
            wait_until(lambda: _waiting(healthy) == 1, what="the waiter in line")
            os.kill(one.pid, signal.SIGSTOP)
            (finding,) = found(ask(healthy), "stopped", "problem")
            assert not found(after_typing(healthy, finding["command"]), "stopped")
            one.kill()
            one.wait(10)
        (finding,) = found(ask(healthy), "tickets", "advice")
        gate.release()
        held.wait(20)
    assert not found(after_typing(healthy, finding["command"]), "tickets")


def _waiting(repo: Repo) -> int:
    return len(json.loads(repo.gitseq("status", "--json").stdout)["waiting"])


def test_a_copied_repository_is_told_and_harmless(healthy, sequencer, tmp_path):
    gate = sequencer.gate("held")
    with spawned([str(BIN / "gitseq"), "exec", "--", "sh", "-c", gate.shell], env=healthy.env, cwd=healthy.path) as run:
        gate.wait_reached()
        shutil.copytree(healthy.path, tmp_path / "copy", symlinks=True)
        copy = Repo(tmp_path / "copy", healthy.env)
        (finding,) = found(ask(copy), "lease", "advice")
        assert "copied" in finding["what"]
        assert not found(after_typing(copy, finding["command"]), "lease")
        assert run.poll() is None
        gate.release()
        run.wait(20)


# --- the disk and its files --------------------------------------------------------------------------------------


@pytest.mark.skipif(not ROOT_USER, reason="only root can give files away")
def test_doctors_advice_on_files_of_another_user_works(healthy):
    healthy.gitseq("run", check=True)
    state = healthy.path / ".git/gitseq"
    os.chown(next((state / "plan").iterdir()), 65534, 65534)
    (finding,) = found(ask(healthy), "owner", "problem")
    assert not found(after_typing(healthy, finding["command"]), "owner")


@pytest.fixture
def open_folder():
    """A folder that every user can reach. Those of pytest are closed anew by each session that begins meanwhile."""
    if not ROOT_USER:
        pytest.skip("only root can be somebody else")
    folder = Path(tempfile.mkdtemp(prefix="gitseq-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def of_nobody(open_folder):
    """A repository of another user, with a place for global settings of ours."""
    repo = Repo.init(open_folder / "repo", isolated_env(open_folder / "home"))
    repo.config(TWO_STAGES)
    repo.install()
    repo.gitseq("run", check=True)
    give_away(repo)
    repo.env["GIT_CONFIG_GLOBAL"] = str(open_folder / "gitconfig")
    return repo


def give_away(repo: Repo) -> None:
    for path in (repo.path, *repo.path.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def as_nobody(env: "dict[str, str]", library: str, cwd: Path, *options: str) -> "Callable[[], dict[str, Any]]":
    """Asks the doctor as an ordinary user, with the gitseq in that library."""
    python = usable_python()
    if python is None or shutil.which("setpriv") is None:
        pytest.skip("needs setpriv and a Python for everyone")
    code = "import sys; from gitseq.cli.main import run; sys.exit(run(['doctor', '--json']))"
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    def asked() -> "dict[str, Any]":
        way = [*user, python, *options, "-c", code]
        done = run_bounded(way, env={**env, "PYTHONPATH": library}, cwd=cwd)
        assert done.stdout, text(done)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    return asked


def test_root_in_another_users_repository_is_told_that_git_refuses_and_what_it_spoils(of_nobody):
    document = ask(of_nobody)
    (finding,) = found(document, "git-refuses", "problem")
    assert found(document, "root", "advice")
    after = after_typing(of_nobody, finding["command"])
    assert not found(after, "git-refuses")
    of_nobody.write("gitseq.toml", TWO_STAGES + "\n# another\n")
    of_nobody.gitseq("run", "--all-files")
    (finding,) = found(ask(of_nobody), "owner", "problem")
    assert "such as" in finding["what"]
    assert not found(after_typing(of_nobody, finding["command"]), "owner")


def test_an_ordinary_user_is_told_what_root_left_in_the_way(of_nobody):
    asked = as_nobody(of_nobody.env, f"{ROOT}:{sysconfig.get_path('purelib')}", of_nobody.path, "-B")
    document = asked()
    assert not found(document, "owner")
    assert [one for one in document["findings"] if one["check"] == "containment"]
    state = of_nobody.path / ".git/gitseq"
    os.chown(state / "journal/journal.jsonl", 0, 0)
    (finding,) = found(asked(), "owner", "problem")
    assert finding["command"].startswith("sudo chown -R ")
    assert os.system(finding["command"].removeprefix("sudo ")) == 0
    assert not found(asked(), "owner")
    os.chown(state, 0, 0)
    assert found(asked(), "not-writable", "problem")


@pytest.mark.skipif(not ROOT_USER, reason="needs to mount")
def test_a_full_disk_is_told(healthy, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=20m,nr_inodes=500 none '{small}' 2>/dev/null"):
        pytest.skip("nothing can be mounted here")
    try:
        healthy.git("clone", "-q", str(healthy.path), str(small / "repo"))
        document = ask(Repo(small / "repo", healthy.env))
        assert found(document, "disk-space", "problem")
        assert found(document, "inodes", "problem")
    finally:
        os.system(f"umount '{small}'")


def test_locks_are_tried_out(healthy, tmp_path):
    """Once where there is no flock, once where it lets everybody in."""
    for name, body, severity in (
        ("none", "def _no(*_): raise OSError(38, 'no flock here')", "advice"),
        ("sham", "def _no(*_): return None", "problem"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "usercustomize.py").write_text(f"import fcntl\n{body}\nfcntl.flock = _no\n")
        (folder / "sitecustomize.py").write_text("import usercustomize\n")
        (finding,) = found(ask(healthy, env={"PYTHONPATH": str(folder)}), "flock", severity)
        assert finding["todo"]
    assert not found(ask(healthy), "flock")


# --- outside, and for programs -----------------------------------------------------------------------------------


def test_outside_a_repository_the_machine_is_looked_at_and_the_exit_code_is_4(repo, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    done = repo.gitseq("doctor", cwd=outside)
    assert done.returncode == 4
    assert "containment by" in text(done)
    assert "only the machine was looked at" in text(done)
    done = repo.gitseq("doctor", "--json", cwd=outside)
    assert done.returncode == 4
    assert b'"repository": null' in done.stdout


def test_advice_alone_does_not_fail(healthy):
    done = healthy.gitseq("doctor", env={"MAKEFLAGS": "-j8"})
    assert done.returncode == 0
    assert "1 piece of advice" in text(done)


def test_text_tells_what_why_and_what_to_type(healthy):
    _not_executable(healthy)
    done = healthy.gitseq("doctor", "--color", "never")
    lines = done.stdout.decode().splitlines()
    at = lines.index("PROBLEM  the shim for pre-commit is not executable")
    assert lines[at + 1 : at + 3] == [
        "         Git ignores a hook that is not executable, with a hint at most.",
        "         type: gitseq install pre-commit",
    ]
    assert lines[-1].endswith("Some can be mended by: gitseq doctor --fix")


def test_an_installation_that_may_not_be_written_is_told_until_it_is_compiled(open_folder):
    library = open_folder / "library"
    shutil.copytree(ROOT / "gitseq", library / "gitseq", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "hooks", library / "hooks")
    asked = as_nobody(isolated_env(open_folder / "home"), str(library), Path("/"))
    document = asked()
    (finding,) = found(document, "bytecode", "advice")
    assert found(document, "bundle", "advice")
    assert os.system(finding["todo"].partition(": ")[2]) == 0
    assert not found(asked(), "bytecode")
