"""Which settings start many workers."""

import pytest

from gitseq.core import parallel


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-q -n auto", "-n auto"),
        ("-n4", "-n 4"),
        ("-nauto -q", "-n auto"),
        ("--numprocesses=8", "--numprocesses 8"),
        ("--numprocesses logical", "--numprocesses logical"),
        ("-n 4 -n 0", ""),
        ("-n0", ""),
        ("-n", ""),
        ("--no-header -nothing", ""),
        ("", ""),
    ],
)
def test_workers_of_pytest(words, expected):
    assert parallel.pytest_workers(words.split()) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-j8", "-j8"),
        ("-j 8", "-j"),
        ("-j", "-j"),
        ("--jobs=4", "--jobs=4"),
        ("kj8", "kj8"),
        ("-j1", ""),
        ("-j 1", ""),
        ("--jobs=1", ""),
        ("k", ""),
        ("k -- PROJECT=j8", ""),
        ("JOBS=j", ""),
        ("", ""),
    ],
)
def test_jobs_of_make(words, expected):
    assert parallel.make_jobs(words.split()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\ttrue\nMAKEFLAGS += -j4\n", "MAKEFLAGS += -j4"),
        ("export MAKEFLAGS := --jobs=2", "export MAKEFLAGS := --jobs=2"),
        ("MAKEFLAGS = -k -j", "MAKEFLAGS = -k -j"),
        ("MAKEFLAGS += --no-print-directory", ""),
        ("MY_MAKEFLAGS = -j4", ""),
        ("# MAKEFLAGS += -j4", ""),
    ],
)
def test_jobs_that_a_makefile_sets(text, expected):
    assert parallel.makefile_jobs(text) == expected


@pytest.mark.parametrize(
    ("tool", "words", "expected"),
    [
        ("cargo", "cargo test", False),
        ("cargo", "cargo test -j1", True),
        ("cargo", "cargo test --jobs 2", True),
        ("jest", "npx jest", False),
        ("jest", "npx jest --maxWorkers=2", True),
        ("jest", "npx jest -i", True),
        ("jest", "npx jest --watch", False),
    ],
)
def test_tools_that_take_all_processors_unless_told(tool, words, expected):
    assert parallel.is_limited(tool, words.split()) is expected
