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
    "arguments",
    [
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
