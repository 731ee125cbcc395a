"""`host.libc` calls what there is, and says so when there is nothing."""

import subprocess
import sys

import pytest

from gitseq.host import libc

GROW = """
import resource, sys
from gitseq.host import libc
if sys.argv[1:]:
    libc.keep_freed(16 << 20, 4 << 20)
def portion():
    return [bytes(300_000) for _ in range(8)]
portion()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    portion()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(*arguments):
    return int(subprocess.run([sys.executable, "-c", GROW, *arguments], check=True, capture_output=True).stdout)


def test_a_function_that_nobody_has_is_nowhere_and_answers_nothing():
    assert libc.address("no_such_function_anywhere") == 0
    assert libc.call("no_such_function_anywhere", 1) is None


def test_a_function_is_called_with_its_arguments():
    assert libc.call("abs", -7) == 7


def test_without_the_module_that_calls_it_there_is_no_function(monkeypatch):
    monkeypatch.setattr(libc, "_addresses", {})
    monkeypatch.setitem(sys.modules, "_ctypes", None)
    assert libc.call("abs", -7) is None


@pytest.mark.skipif(not libc.address("gnu_get_libc_version"), reason="other C libraries keep what they like")
def test_memory_that_was_freed_is_not_asked_of_the_kernel_again():
    assert _faults("keep") * 10 < _faults()
