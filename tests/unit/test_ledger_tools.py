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


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("lint.cfg", ["-clint.cfg"]),
        ("options", ["@options"]),
        ("tools/check.py", ["-m", "tools.check"]),
        ("tools/check.py", ["-mtools.check"]),
        ("tools/check/__main__.py", ["-m", "tools.check"]),
        ("tools/check/__init__.py", ["-m", "tools.check"]),
        ("tools/check/__main__.py", ["tools/check"]),
    ],
)
def test_a_file_counts_however_an_argument_names_it(place, file, words):
    script(place / "top" / file, "1")
    first = identity(place, "sh", *words)
    script(place / "top" / file, "2")
    assert identity(place, "sh", *words) != first


def of_script(place, text):
    env = {b"PATH": os.fsencode(place / "bin") + b":/usr/bin:/bin"}
    top = os.fsencode(place / "top")
    return Tools(top, env).script(text, top)


@pytest.mark.parametrize("file", ["bin/check", "top/tools/check.sh"])
def test_what_a_shell_script_starts_counts(place, file):
    script(place / file, "#!/bin/sh\n")
    text = b"if check; then exec './tools/check.sh' \"$@\"; fi"
    first = of_script(place, text)
    assert of_script(place, text) == first
    script(place / file, "#!/bin/sh\n: changed\n")
    assert of_script(place, text) != first


def test_what_is_installed_counts_for_a_script_whose_interpreter_has_too_long_a_name(place):
    venv = place / "venv"
    (venv / "lib/python3.11/site-packages").mkdir(parents=True)
    script(venv / "bin/python", "")
    script(venv / "bin/tool", f"#!/bin/sh\n'''exec' '{venv}/bin/python' \"$0\" \"$@\"\n' '''\n")
    first = identity(place, str(venv / "bin/tool"))
    (venv / "lib/python3.11/site-packages/plugin-1.dist-info").mkdir()
    assert identity(place, str(venv / "bin/tool")) != first


@pytest.mark.parametrize(
    "where", ["usr/local/lib/python3.11/dist-packages", "home/.local/lib/python3.11/site-packages"]
)
@pytest.mark.parametrize(("kind", "counts"), [("system", True), ("open", True), ("closed", False)])
def test_what_is_installed_outside_of_an_environment_counts_where_it_is_seen(place, where, kind, counts):
    script(place / "usr/bin/python3", "")
    script(place / "venv/bin/python3", "")
    told = f"home = {place}/usr/bin\ninclude-system-site-packages = {'true' if kind == 'open' else 'false'}\n"
    (place / "venv/pyvenv.cfg").write_text(told)
    python = os.fsencode(place / ("usr" if kind == "system" else "venv") / "bin/python3")

    def now():
        return Tools(os.fsencode(place / "top"), {b"HOME": os.fsencode(place / "home")}).identity([python], b"/")

    first = now()
    (place / where / "plugin-1.dist-info").mkdir(parents=True)
    assert (now() != first) is counts


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
