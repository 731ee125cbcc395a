import os

import pytest

from gitseq.ledger.tools import Tools


@pytest.fixture
def place(tmp_path):
    (tmp_path / "top").mkdir()
    (tmp_path / "bin").mkdir()
    return tmp_path


def script(path, text, mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def identity(place, *argv):
    env = {b"PATH": os.fsencode(place / "bin") + b":/usr/bin:/bin"}
    top = os.fsencode(place / "top")
    return Tools(top, env).identity([os.fsencode(word) for word in argv], top)


def test_a_tool_that_is_replaced_is_another(place):
    script(place / "bin" / "check", "#!/bin/sh\n")
    first = identity(place, "check")
    assert identity(place, "check") == first
    os.rename(place / "bin" / "check", place / "bin" / "old")
    script(place / "bin" / "check", "#!/bin/sh\n")
    assert identity(place, "check") != first


def test_a_tool_that_appears_earlier_on_path_is_another(place):
    assert identity(place, "true") != (script(place / "bin" / "true", "#!/bin/sh\n"), identity(place, "true"))[1]


def test_a_script_of_the_repository_is_known_by_content_in_every_work_tree(place, tmp_path):
    script(place / "top" / "check.sh", "#!/bin/sh\n")
    first = identity(place, "./check.sh")
    script(place / "top" / "check.sh", "#!/bin/sh\n")
    assert identity(place, "./check.sh") == first
    script(place / "top" / "check.sh", "#!/bin/sh\n:\n")
    assert identity(place, "./check.sh") != first


@pytest.mark.parametrize("argument", ["lib/check.py", "--config=lib/check.py"])
def test_a_file_named_by_an_argument_counts(place, argument):
    script(place / "top" / "lib/check.py", "1")
    first = identity(place, "sh", argument)
    script(place / "top" / "lib/check.py", "2")
    assert identity(place, "sh", argument) != first


def test_what_is_installed_for_the_interpreter_of_a_script_counts(place):
    venv = place / "venv"
    script(venv / "bin" / "python3", "")
    (venv / "pyvenv.cfg").write_text("")
    packages = venv / "lib" / "python3.11" / "site-packages"
    (packages / "tool-1.dist-info").mkdir(parents=True)
    script(venv / "bin" / "tool", f"#!{venv}/bin/python3\n")
    first = identity(place, str(venv / "bin" / "tool"))
    (packages / "tool-1.dist-info").rename(packages / "tool-2.dist-info")
    second = identity(place, str(venv / "bin" / "tool"))
    (packages / "plugin-1.dist-info").mkdir()
    assert len({first, second, identity(place, str(venv / "bin" / "tool"))}) == 3


def test_the_lock_file_of_node_modules_counts(place):
    script(place / "top" / "node_modules" / "lint" / "cli.js", "#!/usr/bin/env sh\n")
    (place / "top" / "node_modules" / ".bin").mkdir()
    os.symlink("../lint/cli.js", place / "top" / "node_modules" / ".bin" / "lint")
    first = identity(place, "node_modules/.bin/lint")
    (place / "top" / "node_modules" / ".package-lock.json").write_text("{}")
    assert identity(place, "node_modules/.bin/lint") != first


def test_the_interpreter_that_env_finds_counts(place):
    script(place / "bin" / "check", "#!/usr/bin/env interp\n")
    first = identity(place, "check")
    script(place / "bin" / "interp", "#!/bin/sh\n")
    assert identity(place, "check") != first


def test_a_missing_tool_has_an_identity_of_its_own(place):
    assert identity(place, "nowhere") != identity(place, "nowhere-else")


def test_a_word_that_names_no_file_says_nothing_about_the_tool(place):
    assert identity(place, "sh", "--strict", "nothing.py") == identity(place, "sh")


@pytest.mark.parametrize("line", ["#!", "#!/usr/bin/env -i", "#!/nowhere/interpreter"])
def test_a_script_that_nothing_can_run_is_known_by_itself(place, line):
    script(place / "bin" / "check", line + "\n")
    first = identity(place, "check")
    os.rename(place / "bin" / "check", place / "bin" / "old")
    script(place / "bin" / "check", line + "\n# changed\n")
    assert identity(place, "check") != first


def test_only_what_an_installation_writes_counts_for_an_interpreter(place):
    script(place / "venv/bin/python3", "")
    alone = identity(place, str(place / "venv/bin/python3"))
    packages = place / "venv/lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (packages / "__pycache__").mkdir()
    assert identity(place, str(place / "venv/bin/python3")) == alone
    (packages / "tool.egg-link").touch()
    assert identity(place, str(place / "venv/bin/python3")) != alone
