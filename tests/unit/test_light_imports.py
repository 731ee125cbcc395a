"""What each entry point may load. Every module costs start-up time (DESIGN section 2), so a new one must be listed."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from gitseq.cli.main import VERBS
from tests.support.procs import python

ROOT = Path(__file__).parents[2]

HOT_STDLIB = {
    # os and what it is made of
    *("os", "posix", "posixpath", "genericpath", "stat", "_stat", "abc", "_abc", "_collections_abc", "os.path"),
    # small C modules, under a millisecond each
    *(
        "errno",
        "fcntl",
        "gc",
        "select",
        "time",
        "marshal",
        "_sre",
        "_struct",
        "_blake2",
        "_ctypes",
        "_signal",
        "_json",
        "resource",
    ),
    # what -S leaves to be loaded by the first decode of a path or an argument
    *("codecs", "_codecs", "encodings", "encodings.aliases", "encodings.utf_8", "encodings.ascii", "io", "_io"),
}
"""All that may be loaded between the shim and the first hook, beside gitseq's own modules."""

HOT_ENTRIES = ["gitseq.boot", "gitseq.cli.hook", "gitseq.config.compiled", "gitseq.cli.engage"]

THIRD_PARTY_FOR_HELP: "dict[str, set[str]]" = {}
"""Third-party packages that a verb may load to print its help; a verb not named here may load none."""

SHARES_WITH = {
    "uninstall": {"gitseq.cli.install"},
    "try-repo": {"gitseq.cli.run"},
    "unwrap": {"gitseq.cli.wrap"},
}
"""Verbs that are two sides of one thing; no other verb loads another."""

SLOW_STDLIB = {"asyncio", "importlib.metadata", "inspect", "logging", "multiprocessing", "unittest", "urllib.request"}


def modules_after(code: str, paths: "list[str]") -> "set[str]":
    """The names in `sys.modules` after the code ran in a fresh, bare interpreter."""
    script = f"import sys\nsys.path[:0] = {paths!r}\n{code}\nsys.stderr.write(repr(sorted(sys.modules)))\n"
    done = subprocess.run(python(script), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return set(json.loads(done.stderr.decode().replace("'", '"')))


def bare() -> "set[str]":
    """What this interpreter loads by itself; differs between Python versions."""
    return modules_after("", [])


def help_modules(verb: str) -> "set[str]":
    code = f"""
from gitseq.cli.main import run
sys.stdout = open("/dev/null", "w")
try:
    code = run([{verb!r}, "--help"])
except SystemExit as end:
    code = end.code
assert code == 0, code
"""
    return modules_after(code, [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])


def third_party(modules: "set[str]") -> "set[str]":
    known = {*sys.stdlib_module_names, "gitseq", "__main__"}
    return {top for top in (name.split(".")[0] for name in modules) if top not in known}


@pytest.mark.parametrize("entry", [*HOT_ENTRIES, "gitseq.cli.wrapped"])
def test_hot_entry_loads_nothing_that_is_not_listed(entry):
    loaded = modules_after(f"import {entry}", [str(ROOT)])
    assert entry in loaded
    extra = {name for name in loaded - bare() - HOT_STDLIB if name.split(".")[0] != "gitseq"}
    assert not extra, f"`import {entry}` also loads {sorted(extra)}"


@pytest.mark.parametrize("entry", HOT_ENTRIES)
def test_hot_entry_loads_no_verb_and_no_display(entry):
    loaded = modules_after(f"import {entry}", [str(ROOT)])
    verbs = {f"gitseq.cli.{verb}" for verb in VERBS} | {"gitseq.cli.main", "gitseq.ui.live"}
    assert not loaded & verbs


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_of_a_verb_loads_no_third_party_package(verb):
    loaded = help_modules(verb)
    extra = third_party(loaded) - THIRD_PARTY_FOR_HELP.get(verb, set())
    assert not extra, f"`gitseq {verb} --help` loads {sorted(extra)}"
    assert not loaded & SLOW_STDLIB, f"`gitseq {verb} --help` loads {sorted(loaded & SLOW_STDLIB)}"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_of_a_verb_does_not_load_the_other_verbs(verb):
    others = {f"gitseq.cli.{other}" for other in VERBS if other != verb} - SHARES_WITH.get(verb, set())
    loaded = help_modules(verb) & others
    assert not loaded, f"`gitseq {verb} --help` loads {sorted(loaded)}"


def test_probe_sees_what_is_loaded():
    """Without this, a probe that saw nothing would pass everything above."""
    assert {"json", "re"} <= modules_after("import json", []) - bare() - HOT_STDLIB
