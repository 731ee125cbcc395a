"""The shim, sh between git and the engine: hands on every byte, survives a vanished interpreter, says one sentence."""

import os
import shutil
from pathlib import Path

import pytest

from gitseq.core.stages import GIT_STAGES, STAGES
from tests.support.repo import BIN, Repo, run_bounded, text
from tests.support.shim import ROOT, SHELLS, Shim, interpreter, library, missing

EVERY_BYTE = bytes(range(1, 256))
ODD_FOLDERS = {
    "quotes": b'it\'s "odd"',
    "dollar and backquote": b"$HOME `id` $(id)",
    "newline": b"new\nline\n",
    "backslash": b"back\\slash\\",
    "leading dash": b"-n",
    "invalid UTF-8": b"latin\xe9 \xff",
    "control characters": b"\x01\x7f\x81\x88",
    "placeholder": b"@STAGE@ @LIBRARY@",
}


@pytest.fixture(params=SHELLS.values(), ids=SHELLS)
def shell(request):
    if reason := missing(request.param):
        pytest.skip(reason)
    return request.param


@pytest.fixture
def folder(tmp_path) -> bytes:
    return os.fsencode(tmp_path)


@pytest.fixture
def shim(tmp_path, folder) -> Shim:
    return Shim(tmp_path, interpreter(folder + b"/venv/bin"), library(folder + b"/lib"))


def path_with(tmp_path: Path, script: str) -> str:
    """A PATH on which `gitseq` is this script."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gitseq").write_text(script)
    (programs / "gitseq").chmod(0o755)
    return f"{programs}:/usr/bin:/bin"


# --- what is handed on


def test_every_byte_of_every_argument_arrives(shim, shell, folder):
    arguments = [EVERY_BYTE, b"-c", b"--help", b"", b"a b", b"'\"$x`id`\\", b"two\nlines\n", b"*", b"~"]
    done = shim.run(*arguments, shell=shell)
    assert done.returncode == 0, text(done)
    hook = os.fsencode(shim.path)
    assert shim.argv == [b"-c", folder + b"/lib", hook, b"pre-commit", *arguments]


def test_standard_input_arrives_whole(shim, shell):
    sent = b"refs/heads/main " * 20_000 + EVERY_BYTE
    shim.run(shell=shell, stdin=sent)
    assert bytes.fromhex(shim.called["stdin"]) == sent


@pytest.mark.parametrize("code", [0, 1, 3, 75, 130])
def test_exit_code_of_the_engine_is_the_shims(shim, shell, code):
    assert shim.run(shell=shell, env={"SHIM_CODE": str(code)}).returncode == code


def test_interpreter_runs_isolated_and_without_site(shim, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('the folder of the hook was searched for modules')")
    done = shim.run(env={"PYTHONPATH": str(tmp_path), "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "/nowhere"})
    assert done.returncode == 0, text(done)
    assert (shim.called["isolated"], shim.called["no_site"], shim.called["third_party"]) == (1, 1, False)


@pytest.fixture(scope="module")
def gbk(tmp_path_factory) -> Path:
    """A folder for LOCPATH that holds the locale zh_CN.GBK."""
    if not shutil.which("localedef") or not Path("/usr/share/i18n/charmaps/GBK.gz").exists():
        pytest.skip("this machine cannot make a GBK locale")
    folder = tmp_path_factory.mktemp("locales")
    make = ["localedef", "-i", "zh_CN", "-f", "GBK", str(folder / "zh_CN.GBK")]
    made = run_bounded(make, env={"PATH": "/usr/bin:/bin", "HOME": str(folder)}, cwd=folder)
    assert (folder / "zh_CN.GBK").is_dir(), text(made)
    return folder


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", "zh_CN.GBK"])
def test_bytes_arrive_in_every_locale(shim, request, shell, locale):
    """Without -X utf8, Python decodes arguments as GBK with the C library and encodes them with its own tables."""
    env = {"LC_ALL": locale}
    if locale == "zh_CN.GBK":
        env["LOCPATH"] = str(request.getfixturevalue("gbk"))
    done = shim.run(EVERY_BYTE, shell=shell, env=env)
    assert done.returncode == 0, text(done)
    assert shim.argv[-1] == EVERY_BYTE


@pytest.mark.parametrize("odd", ODD_FOLDERS.values(), ids=ODD_FOLDERS)
def test_interpreter_and_library_are_found_under_odd_paths(tmp_path, folder, shell, odd):
    lib = library(folder + b"/lib" + odd)
    shim = Shim(tmp_path, interpreter(folder + b"/venv" + odd), lib)
    done = shim.run("x", shell=shell)
    assert done.returncode == 0, text(done)
    assert shim.argv[1] == lib


def test_git_calls_it_with_a_relative_path_from_the_top(repo: Repo, tmp_path, folder):
    hooks = repo.common_dir / "hooks"
    hooks.mkdir(exist_ok=True)
    record = {"SHIM_RECORD": str(hooks / "record.json")}
    shim = Shim(hooks, interpreter(folder + b"/venv"), library(folder + b"/lib"))
    (repo.path / "sub").mkdir()
    repo.git("commit", "--allow-empty", "-m", "x", cwd="sub", env=record)
    assert shim.argv[2:] == [b".git/hooks/pre-commit", b"pre-commit"]
    assert shim.called["cwd"] == str(repo.path)
    assert repo.git("commit", "--allow-empty", "-m", "y", check=False, env={**record, "SHIM_CODE": "1"}).returncode == 1


# --- switched off, and gone


def test_gitseq_0_runs_nothing(shim, shell):
    done = shim.run(shell=shell, env={"GITSEQ": "0", "SHIM_CODE": "1"})
    assert (done.returncode, text(done), shim.called) == (0, "", {})


@pytest.mark.parametrize("value", ["", "1", "00"])
def test_other_values_of_gitseq_switch_nothing_off(shim, value):
    shim.run(env={"GITSEQ": value})
    assert shim.called


@pytest.mark.parametrize("gone", ["venv", "lib"])
def test_a_vanished_installation_falls_back_to_gitseq_on_path(shim, shell, tmp_path, gone):
    (tmp_path / gone).rename(tmp_path / "elsewhere")
    path = path_with(tmp_path, '#!/bin/sh\nfor a in "$@"; do printf "<%s>" "$a"; done; cat; exit 3\n')
    done = shim.run("a b", "", "-n", "two\nlines", shell=shell, path=path, stdin=b"input")
    assert done.returncode == 3
    assert done.stdout == b"<hook><%b><pre-commit><a b><><-n><two\nlines>input" % os.fsencode(shim.path)
    assert done.stderr == b""


@pytest.mark.parametrize("stage", ["pre-commit", "pre-push", "post-checkout", "reference-transaction"])
@pytest.mark.parametrize("gone", ["venv", "lib"])
def test_with_nothing_left_to_start_it_says_one_sentence(tmp_path, folder, shell, gone, stage):
    shim = Shim(tmp_path, interpreter(folder + b"/venv"), library(folder + b"/lib"), stage)
    (tmp_path / gone).rename(tmp_path / "elsewhere")
    done = shim.run(shell=shell)
    assert done.returncode == (1 if STAGES[stage].refuses else 0)
    assert done.stdout == b""
    said = done.stderr.decode()
    assert said.count("\n") == 1
    assert {"venv": "venv/python3 is gone", "lib": "lib/gitseq is gone"}[gone] in said
    assert all(words in said for words in (stage, "pipx install gitseq && gitseq install", "GITSEQ=0", "--no-verify"))


def test_a_gitseq_on_path_whose_own_interpreter_is_gone_is_told_like_none(shim, shell, tmp_path):
    (tmp_path / "venv").rename(tmp_path / "elsewhere")
    path = path_with(tmp_path, f"#!{tmp_path}/venv/bin/python3\n")
    done = shim.run(shell=shell, path=path)
    assert done.returncode == 1
    assert "no working gitseq is on PATH" in text(done)


def test_an_interpreter_path_that_became_a_folder_is_gone(shim, shell, tmp_path):
    (tmp_path / "venv/bin/python3").unlink()
    (tmp_path / "venv/bin/python3").mkdir()
    assert "is gone" in text(shim.run(shell=shell))


@pytest.mark.parametrize("stage", [stage for stage in GIT_STAGES if not STAGES[stage].refuses])
def test_a_broken_shim_lets_git_go_on_where_git_does_not_stop(repo: Repo, stage):
    hooks = repo.common_dir / "hooks"
    hooks.mkdir(exist_ok=True)
    Shim(hooks, b"/nowhere/python3", b"/nowhere/lib", stage)
    env = {"PATH": ":".join(folder for folder in repo.env["PATH"].split(":") if folder != str(BIN))}
    repo.write("f", "x\n")
    repo.git("add", "f", env=env)
    repo.git("commit", "-m", "x", env=env)
    repo.git("commit", "--amend", "-m", "y", env=env)
    repo.git("checkout", "-b", "side", env=env)
    repo.git("merge", "main", env=env)
    assert repo.committed("f") == b"x\n"


def test_the_template_is_plain_posix_and_every_shell_parses_it(shell, tmp_path, folder):
    shim = Shim(tmp_path, b"/p'y", b"/l")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    assert run_bounded([*shell, "-n", str(shim.path)], env=env, cwd=tmp_path).stderr == b""
    assert (ROOT / "hooks/shim.sh").read_text().isascii()
