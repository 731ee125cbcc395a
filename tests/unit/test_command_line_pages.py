"""What is told of the command line - help, man page, reference, variables - is what it is."""

import importlib.util
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import tomli

from gitseq.cli import described, main

ROOT = Path(__file__).parents[2]
VERBS = {verb.name: verb for verb in described.verbs()}


def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_and_man_page_are_those_of_the_parsers():
    pages = generator()
    assert pages.PAGE.read_text() == pages.page(), "the command line has changed: make pages"
    assert pages.MANUAL.read_text() == pages.manual(), "the command line has changed: make pages"


def test_what_is_offered_to_other_managers_is_what_there_is():
    pages = generator()
    assert pages.OFFER.read_text() == pages.offer(), "the built-in hooks have changed: make pages"


@pytest.mark.parametrize("tool", [["groff", "-man", "-ww", "-Tutf8", "-z"], ["mandoc", "-T", "lint", "-W", "error"]])
def test_man_page_is_one(tool):
    if shutil.which(tool[0]) is None:
        pytest.skip(f"there is no {tool[0]} here")
    done = subprocess.run([*tool, str(generator().MANUAL)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_man_page_and_console_script_are_in_the_wheel():
    wheel = tomli.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["shared-data"] == {"docs/reference/gitseq.1": "share/man/man1/gitseq.1"}
    assert wheel["shared-scripts"] == {"bin/gitseq": "gitseq"}


def examples(verb):
    """The command lines in the text below a verb's options."""
    lines = [re.sub(r"^[Ee]xample: +", "  ", line) for line in VERBS[verb].epilog.splitlines()]
    lines = [re.split(r"\s{2,}|(?<!-) {1,}#", line.strip())[0] for line in lines if line.startswith("  ")]
    commands = [part.strip() for line in lines for part in re.split(r"&&|\||>", line)]
    return [command for command in commands if command.startswith("gitseq ")]


@pytest.mark.parametrize("verb", sorted(name for name in VERBS if " " not in name))
def test_help_of_a_verb_has_an_example_that_can_be_typed(verb):
    assert any(command.split()[1] == verb for command in examples(verb)), "its --help has no example"
    for command in examples(verb):
        words = shlex.split(command)[1:]
        main.parser([words[0]]).parse_args(words)


def test_every_option_and_argument_has_a_line_of_help():
    bare = [
        f"{verb.name} {one.flags or one.value}" for verb in VERBS.values() for one in verb.arguments if not one.help
    ]
    assert not bare


def test_every_variable_that_the_code_knows_is_in_the_reference():
    files = [*(ROOT / "gitseq").rglob("*.py"), *(ROOT / "hooks").glob("*.sh")]
    code = "".join(path.read_text() for path in files)
    known = set(re.findall(r"\bGITSEQ_[A-Z]+(?:_[A-Z]+)*\b", code))
    told = set(re.findall(r"`(GITSEQ_[A-Z_]+)`", (ROOT / "docs/reference/environment.md").read_text()))
    assert not known - told


def test_verbs_with_a_dash_are_modules_with_an_underscore():
    for verb in main.VERBS:
        assert (ROOT / "gitseq/cli" / f"{verb.replace('-', '_')}.py").is_file()
