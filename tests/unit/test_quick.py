import argparse
import itertools

import pytest

from gitseq.cli import main, quick

FLAGS = ["-a", "--fail-fast", "--no-cache", "--no-wait", "--show-diff-on-failure", "-v"]


@pytest.mark.parametrize("number", [0, 1, 2, len(FLAGS)])
def test_it_understands_what_argparse_understands(number):
    for flags in itertools.combinations(FLAGS, number):
        for what in ([], ["pre-push"], ["ruff", "mypy"]):
            arguments = ["run", *flags, *what]
            ours = quick.options(arguments)
            assert ours is not None
            assert argparse.Namespace(**vars(ours)) == main._parse(arguments)


@pytest.mark.parametrize(
    "command", [["--", "make", "test"], ["make", "--jobs", "2"], ["--", "-odd"], ["make", "--", "a"]]
)
def test_it_understands_a_command_as_argparse_does(command):
    ours, theirs = vars(quick.options(["exec", *command])), vars(main._parse(["exec", *command]))
    words = [one.pop("command") for one in (ours, theirs)]
    assert ours == theirs
    first, second = (one[1:] if one[:1] == ["--"] else one for one in words)
    assert first == second == [word for number, word in enumerate(command) if number or word != "--"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["exec"],
        ["exec", ""],
        ["exec", "--wait", "5m", "--", "make"],
        ["run", "--files", "a"],
        ["run", "--help"],
        ["run", "-av"],
        ["run", "--", "a"],
        ["run", "--no-cach"],
        ["list"],
        [],
    ],
)
def test_everything_else_is_left_to_argparse(arguments):
    assert quick.options(arguments) is None
