"""Coverage by branch of the folders that must have all of it, measured across processes: `make coverage`.

By the tests of single modules, of faults and of races, and where those would be fakes (shells that complete, git in
each mode of `commit`) by the end-to-end tests that ask the real thing. What only the others come upon nobody asserts.

Hooks cannot be measured as they are: the shim starts Python with `-I -S`, so that nothing (coverage neither) is loaded
beside gitseq. So the suite runs in a copy of the tree, with an environment of its own, in which every interpreter is
started without `-S`; there coverage measures each process from its start to its end, `os._exit` and SIGTERM included.
What a process that is killed with SIGKILL had done is not seen.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

WHOLE = ("core", "queue", "cage", "guard", "ledger")
"""Folders of gitseq/ that are covered by branch, whole."""

TESTS = (
    "tests/unit",
    "tests/faults",
    "tests/races",
    *(f"tests/e2e/test_{name}.py" for name in ("completion", "wrap", "fixes", "after_death")),
)
"""What covers them."""

_BARE = {"hooks": " -I -S ", "tests": '"-I", "-S", '}
"""How an interpreter without `site` is started, by where that is written."""

_LEAVE, _LEAVE_HEARD = "posix._exit(", "__import__('os')._exit("
"""The end that coverage hears of."""

_REPLY = '    replies.write(json.dumps(reply) + "\\n")\n'
_SAVED = "    import coverage; measured = coverage.Coverage.current(); measured and measured.save()\n"
"""Agents of the queue end by SIGKILL, as those they stand for do; in the copy they save after every statement."""

_CHILD = "    command = [*argv, "
_CHILD_MEASURED = (
    '    env = {**{name: value for name, value in os.environb.items() if name.startswith(b"COVERAGE_")}, **env}\n'
)
"""What they start with an environment that the test chose is measured as well."""

_ENVIRONMENT = '        "GIT_CONFIG_NOSYSTEM": "1",\n'
_HANDED_ON = '        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},\n'
"""Tests run in an environment of their own; in the copy it says also where the figures go."""

LEFT_OUT = {
    "tests/races/test_wakeups.py": "follows each instruction with a trace function of its own, as coverage does",
    "tests/unit/test_light_imports.py": "asserts what a bare interpreter loads, and here none is bare",
    "tests/e2e/test_light_run.py": "asserts what a bare interpreter loads, and here none is bare",
    "tests/e2e/test_ledger.py::test_a_commit_without_cached_hooks_loads_nothing_of_the_ledger": (
        "asserts what a bare interpreter loads, and here none is bare"
    ),
    "tests/e2e/test_bundle.py": "runs edited copies of gitseq, and `site` would find the one that is measured first",
    "tests/e2e/test_shim.py::test_interpreter_runs_isolated_and_without_site": "asserts that none has `site`",
    "tests/races/test_queue_nesting.py::test_two_runs_that_wait_for_each_other": (
        "asserts a time, and measuring makes it many times as long"
    ),
    "tests/races/test_queue_turns.py::test_no_wait_gets_a_free_lease_although_somebody_looks_all_the_time": (
        "asserts a time within which a look at the queue ends, and measuring makes it many times as long"
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the copy there, and use it again next time")
    parser.add_argument("--add", action="store_true", help="add to the figures that --keep kept")
    options, pytest_arguments = parser.parse_known_args()
    if options.keep:
        return _measure(options.keep.resolve(), pytest_arguments, options.add)
    with tempfile.TemporaryDirectory(prefix="gitseq-coverage-") as folder:
        return _measure(Path(folder), pytest_arguments)


def _measure(copy: Path, pytest_arguments: "list[str]", add: bool = False) -> int:
    """Run these folders' own tests, or what is selected, and report; not 0 when a test or branch is missing."""
    _copy_tree(copy)
    python = _environment(copy)
    for relative, text in _BARE.items():
        _replace(copy / relative, text, text.replace(" -S", "").replace('"-S", ', ""))
    _replace(copy / "gitseq/boot.py", _LEAVE, _LEAVE_HEARD)
    _replace(copy / "tests/support/agents.py", _REPLY, _SAVED + _REPLY)
    _replace(copy / "tests/support/agents.py", _CHILD, _CHILD_MEASURED + _CHILD)
    _replace(copy / "tests/support/repo.py", _ENVIRONMENT, _ENVIRONMENT + _HANDED_ON)
    coverage = [str(python), "-m", "coverage"]
    if not add:
        subprocess.run([*coverage, "erase"], cwd=copy, check=True)
    left_out = [f"--deselect={name}" for name in LEFT_OUT]
    selected = pytest_arguments or TESTS
    tests = subprocess.run(
        [*coverage, "run", "-m", "pytest", "-m", "not campaign", *left_out, *selected], cwd=copy, check=False
    )
    subprocess.run([*coverage, "combine", "--quiet", "--append"], cwd=copy, check=True)
    folders = ",".join(f"gitseq/{name}/*" for name in WHOLE)
    report = subprocess.run([*coverage, "report", f"--include={folders}", "--fail-under=100"], cwd=copy, check=False)
    return tests.returncode or report.returncode


def _copy_tree(copy: Path) -> None:
    """What git would commit of this work tree, edits included."""
    for relative in _files():
        target = copy / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / relative, target, follow_symlinks=False)


def _files() -> "Iterator[str]":
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return (name for name in os.fsdecode(listed.stdout).split("\0") if name and (ROOT / name).is_file())


def _environment(copy: Path) -> Path:
    """The interpreter of the copy's own environment: the installed `gitseq` must be the copy's."""
    python = copy / ".venv/bin/python"
    ready, asked = copy / ".venv/.ready", copy / "pyproject.toml"
    if not ready.exists() or ready.stat().st_mtime < asked.stat().st_mtime:
        subprocess.run([sys.executable, "-m", "venv", str(copy / ".venv")], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", ".[dev]"]
        subprocess.run([str(python), *install], cwd=copy, check=True)
        ready.touch()
    return python


def _replace(where: Path, old: str, new: str) -> None:
    """Replace a text in a file, or in all programs of a folder; SystemExit when nothing has it any more."""
    files = [file for kind in ("*.py", "*.sh") for file in where.rglob(kind)] if where.is_dir() else [where]
    holding = [file for file in files if old in file.read_text() and file.name != Path(__file__).name]
    if not holding:
        raise SystemExit(f"{where} does not have {old!r} any more: adapt {Path(__file__).name}")
    for file in holding:
        file.write_text(file.read_text().replace(old, new))


if __name__ == "__main__":
    sys.exit(main())
