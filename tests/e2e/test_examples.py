"""The files of docs/examples, executed as far as that can be done here.

Not done here: a workflow on GitHub's and a pipeline on GitLab's own machines, and building the images; their commands
are run in a clone, and their structure is checked instead.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.repo import BIN, Repo, text

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/examples"
INSTALL = "python -m pip install gitseq"
REFUSES_BAD = '[[hook]]\nid = "no-bad"\nshell = true\nrun = "! grep -l bad \\"$@\\""\nfiles = "txt$"\n'


@pytest.fixture
def project(repo):
    """A repository whose main branch is clean and whose branch `topic` adds a bad file."""
    repo.config(REFUSES_BAD)
    repo.commit_file("good.txt", "good\n")
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit_file("more.txt", "good too\n")
    return repo


def shell(script, repo, **env):
    """What a CI server does with a script: sh (or bash) that stops at the first failure."""
    return subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=repo.path,
        env={**repo.env, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


def turns(repo):
    journal = repo.common_dir / "gitseq/journal/journal.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [entry["argv"] for entry in map(json.loads, lines) if entry["event"] == "exec-end"]


# --- GitHub

WORKFLOW = yaml.safe_load((EXAMPLES / "github/gitseq.yml").read_text())
CONTEXTS = {"github", "env", "matrix", "runner", "hashFiles"}


def test_workflow_has_the_structure_of_one():
    """In the place of actionlint, whose package on PyPI downloads a binary from elsewhere."""
    assert set(WORKFLOW) <= {"name", True, "permissions", "jobs", "env"}  # YAML 1.1 reads `on` as true
    assert set(WORKFLOW[True]) <= {"pull_request", "push"}
    for job in WORKFLOW["jobs"].values():
        assert {"runs-on", "steps"} <= set(job)
        assert set(job) <= {"runs-on", "steps", "timeout-minutes", "strategy", "env", "needs", "if", "permissions"}
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            assert set(step) <= {"name", "uses", "with", "run", "env", "if", "id"}
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])


def test_workflow_s_expressions_name_what_there_is():
    source = (EXAMPLES / "github/gitseq.yml").read_text()
    inside = " ".join(re.sub(r"'[^']*'", "", found) for found in re.findall(r"\$\{\{(.*?)\}\}", source))
    names = re.findall(r"(?<![\w.])([A-Za-z]+)(?=[.(])", inside)
    assert set(names) <= CONTEXTS
    (job,) = WORKFLOW["jobs"].values()
    assert set(re.findall(r"matrix\.([a-z]+)", source)) == set(job["strategy"]["matrix"]) - {"include"}
    cached = next(step["with"]["path"] for step in job["steps"] if step.get("uses", "").startswith("actions/cache@"))
    assert cached.split() == [job["env"]["GITSEQ_HOME"], ".git/gitseq/ledger"]


@pytest.mark.parametrize("content", ["good\n", "bad\n"])
@pytest.mark.parametrize("event", ["pull_request", "push"])
def test_workflow_s_commands_find_what_is_bad(project, event, content):
    base = project.git("rev-parse", "main").stdout.decode().strip()
    project.commit_file("last.txt", content)
    (job,) = WORKFLOW["jobs"].values()
    codes = []
    for step in job["steps"]:
        if step.get("run", INSTALL) == INSTALL:
            continue
        condition = step["if"].replace("github.event_name", repr(event))
        if eval(condition):
            codes.append(shell(step["run"], project, BASE=base, CI="true").returncode)
    assert codes == [int(content == "bad\n")]


# --- GitLab

PIPELINE = yaml.safe_load((EXAMPLES / "gitlab/.gitlab-ci.yml").read_text())


def test_pipeline_has_the_structure_of_one():
    known = {"image", "variables", "cache", "rules", "before_script", "script", "after_script", "artifacts"}
    for job in PIPELINE.values():
        assert "script" in job
        assert set(job) <= known
        assert all(isinstance(line, str) for key in ("before_script", "script", "after_script") for line in job[key])
        assert all(isinstance(value, str) for value in job["variables"].values())


@pytest.mark.parametrize("merge_request", [True, False])
def test_pipeline_s_commands_find_what_is_bad_and_keep_the_ledger(project, merge_request):
    base = project.git("rev-parse", "main").stdout.decode().strip()
    env = {"CI": "true", "GITSEQ_LOG": "gitseq-journal.jsonl"}
    if merge_request:
        env["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = base
    (job,) = PIPELINE.values()
    assert job["before_script"][0] == INSTALL
    for script in ("\n".join(job["before_script"][1:]), *job["script"], *job["after_script"]):
        done = shell(script, project, **env)
        assert done.returncode == 0, done.stderr
    assert (project.path / ".cache/ledger").is_dir()
    project.commit_file("last.txt", "bad\n")
    assert shell(job["script"][0], project, **env).returncode == 1


# --- containers

DOCKERFILE = (EXAMPLES / "docker/Dockerfile").read_text()
COMPOSE = yaml.safe_load((EXAMPLES / "docker/compose.yaml").read_text())


def stages():
    """Stage -> its instructions, each as (word, rest)."""
    found = {}
    for line in DOCKERFILE.replace("\\\n", " ").splitlines():
        if line.startswith("FROM "):
            base, name = re.fullmatch(r"FROM (\S+) AS (\S+)", line).groups()
            found[name] = [("FROM", base)]
        elif line and not line.startswith("#"):
            found[name].append(tuple(line.split(" ", 1)))
    return found


def test_production_has_nothing_of_gitseq():
    assert list(stages()) == ["base", "development", "production"]
    assert "gitseq" not in str(stages()["production"] + stages()["base"])
    assert stages()["production"][0] == stages()["development"][0] == ("FROM", "base")


def test_commands_of_the_images_are_sh_and_json():
    for instructions in stages().values():
        for word, rest in instructions:
            if word == "RUN":
                assert subprocess.run(["sh", "-n", "-c", rest], check=False).returncode == 0
            if word == "CMD":
                assert json.loads(rest)


def test_development_s_command_runs_the_hooks(project):
    (command,) = [json.loads(rest) for word, rest in stages()["development"] if word == "CMD"]
    done = subprocess.run(command, cwd=project.path, env=project.env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.campaign
def test_what_the_image_installs_works_in_a_clean_environment(project, tmp_path):
    """The wheel of this checkout in the place of the published one: console script, man page, shims and wrappers."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv/bin/python")
    (install,) = [rest for word, rest in stages()["development"] if word == "RUN" and "pip install" in rest]
    command = install.replace("python", python, 1).replace(" gitseq", f" {ROOT}")
    subprocess.run(["sh", "-e", "-c", command], check=True, timeout=600)
    assert (tmp_path / "venv/share/man/man1/gitseq.1").is_file()
    env = {**project.env, "PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin"}
    clean = Repo(project.path, env)
    for words in (["--version"], ["install"], ["run", "--all-files"], ["wrap", "true"], ["completion", "bash"]):
        done = subprocess.run(["gitseq", *words], cwd=clean.path, env=env, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, (words, done.stderr)
    wrapped = [str(clean.common_dir / "gitseq/bin/true")]
    assert subprocess.run(wrapped, cwd=clean.path, env=env, timeout=60, check=False).returncode == 0
    assert len(turns(clean)) == 1


def test_compose_file_builds_stages_that_exist_and_keeps_hooks_below_the_container_s_limits():
    for name, service in COMPOSE["services"].items():
        if "build" in service:
            assert service["build"]["target"] in stages(), name
    hooks = COMPOSE["services"]["hooks"]
    assert set(COMPOSE["volumes"]) == {"gitseq"}
    memory = re.search(r":-(\d+)GiB", hooks["environment"]["GITSEQ_MEMORY"])[1]
    assert int(memory) < int(hooks["mem_limit"].removesuffix("g"))
    processes = re.search(r":-(\d+)", hooks["environment"]["GITSEQ_PROCESSES"])[1]
    assert int(processes) < hooks["pids_limit"]
    assert COMPOSE["services"]["test"]["extends"] == {"service": "hooks"}


def test_compose_file_is_one_to_docker():
    asked = ["docker", "compose", "version"]
    if shutil.which("docker") is None or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("there is no `docker compose` here")
    asked = ["docker", "compose", "-f", str(EXAMPLES / "docker/compose.yaml"), "config", "--quiet"]
    assert subprocess.run(asked, capture_output=True, timeout=60, check=False).returncode == 0


def test_limits_of_the_env_file_hold(project):
    project.write(".env", (EXAMPLES / "docker/.env").read_text())
    assert shell("set -a; . ./.env; set +a; gitseq run --all-files", project).returncode == 0
    project.write(".env", "GITSEQ_TIMEOUT=100ms\n")
    project.config('[[hook]]\nid = "slow"\nrun = "sleep 20"\npass_filenames = false\n')
    done = shell("set -a; . ./.env; set +a; gitseq run --all-files", project)
    assert done.returncode == 1
    assert b"timeout" in done.stdout + done.stderr


# --- make and pytest


@pytest.fixture
def with_make(repo):
    if shutil.which("make") is None:
        pytest.skip("there is no make here")
    repo.write("Makefile", (EXAMPLES / "make/Makefile").read_text())
    repo.hook_script("ruff", "echo linted")
    repo.hook_script("python", f'exec "{sys.executable}" "$@"')
    repo.write("test_it.py", "def test_it():\n    assert True\n")
    repo.write("pytest.ini", (EXAMPLES / "make/pytest.ini").read_text())
    return repo


def test_targets_of_the_makefile_take_one_turn_together(with_make):
    done = shell("make check", with_make)
    assert done.returncode == 0, done.stderr
    assert b"linted" in done.stdout
    assert b"1 passed" in done.stdout
    assert turns(with_make)[-1][-2:] == ["lint", "test"]  # what ran inside of it ended before


def test_targets_run_as_ever_without_gitseq(with_make):
    assert shell("make lint", with_make, GITSEQ="0").returncode == 0
    assert turns(with_make) == []


def test_pytest_takes_its_turn_by_itself(with_make):
    with_make.write("conftest.py", (EXAMPLES / "make/conftest.py").read_text())
    for argv, code in (([], 0), (["-k", "not it"], 5)):
        pytest_itself = [sys.executable, "-m", "pytest", "-q", *argv]
        done = subprocess.run(
            pytest_itself, cwd=with_make.path, env=with_make.env, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert (b"1 passed" in done.stdout) is (code == 0)
    assert len(turns(with_make)) == 2
    assert turns(with_make)[-1][-2:] == ["-k", "not it"]


# --- secrets


def test_a_scanner_that_finds_something_refuses_the_commit(repo):
    repo.hook_script("gitleaks", "case $* in *--staged*) ! git diff --cached | grep -q SECRET ;; *) exit 9 ;; esac")
    repo.config((EXAMPLES / "secrets/gitseq.toml").read_text())
    repo.install()
    repo.write("a", "fine\n")
    repo.add("a")
    repo.commit()
    repo.write("a", "SECRET\n")
    repo.add("a")
    assert repo.commit(check=False).returncode == 1


def test_each_scanner_has_caps_of_its_own(repo):
    repo.config((EXAMPLES / "secrets/gitseq.toml").read_text().replace('timeout = "2m"', 'timeout = "200ms"'))
    repo.hook_script("gitleaks", "sleep 30")
    done = repo.gitseq("run")
    assert done.returncode == 1
    assert "gitleaks" in text(done)
    assert "timeout" in text(done)
    hooks = {
        hook["id"]: hook for hook in json.loads(repo.gitseq("list", "--format", "json", check=True).stdout)["hooks"]
    }
    assert set(hooks) == {"gitleaks", "trufflehog"}


def test_this_file_runs_what_it_says_it_runs():
    assert (BIN / "gitseq").exists()
    assert sorted(str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*") if path.is_file()) == [
        "docker/.env",
        "docker/Dockerfile",
        "docker/compose.yaml",
        "github/gitseq.yml",
        "gitlab/.gitlab-ci.yml",
        "make/Makefile",
        "make/conftest.py",
        "make/pytest.ini",
        "secrets/gitseq.toml",
    ]
