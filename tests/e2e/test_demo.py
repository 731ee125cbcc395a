"""`make demo`, but for making the virtual environment: that one needs the network."""

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.support.repo import BIN

SCRIPT = Path(__file__).parents[2] / "docs" / "tutorial" / "demo.py"


@pytest.fixture(scope="module")
def demo():
    spec = importlib.util.spec_from_file_location("gitseq_demo", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_demo_shows_one_commit_that_passes_and_two_that_are_refused(demo, tmp_path, capsys):
    demo.show(BIN, tmp_path / "scratch")
    shown = capsys.readouterr().out
    assert shown.count("$ git commit") == 3
    assert shown.splitlines()[-1] == f"  cd {tmp_path / 'scratch'}"


def test_demo_notices_when_a_command_does_something_else(demo, tmp_path):
    terminal = demo.Terminal(tmp_path, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    with pytest.raises(demo.Unexpected, match="ended with 3 instead of 0"):
        terminal.run("sh", "-c", "exit 3")
    with pytest.raises(demo.Unexpected, match="did not say"):
        terminal.run("echo", "one", says=("two",))


def test_demo_runs_on_the_standard_library_alone(demo):
    imported = {
        line.split()[1].split(".")[0]
        for line in SCRIPT.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported <= sys.stdlib_module_names
