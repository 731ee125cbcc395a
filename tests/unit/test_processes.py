"""How processes are told to a person."""

import pytest

from gitseq.core.processes import typed

BOOT = b"import sys; sys.path.append(sys.argv[1]); from gitseq.boot import %s; %s()"
SHIM = [b"/opt/my venv/bin/python3.12", b"-I", b"-S", b"-X", b"utf8", b"-c"]


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        ([*SHIM, BOOT % (b"main", b"main"), b"/a b", b".git/hooks/pre-push", b"pre-push", b"origin", b"url"],
         [b"gitseq", b"hook", b"pre-push", b"origin", b"url"]),
        ([*SHIM, BOOT % (b"wrapper", b"wrapper"), b"/a b", b".", b"/bin/make", b"-j2"],
         [b"gitseq", b"exec", b"--", b"/bin/make", b"-j2"]),
        ([b"/venv/bin/python", b"/venv/bin/gitseq", b"run"], [b"gitseq", b"run"]),
        ([b"/usr/bin/gitseq", b"run"], [b"gitseq", b"run"]),
    ],
)  # fmt: skip
def test_ours_are_told_as_they_would_be_typed(argv, shown):
    assert typed(argv) == shown


@pytest.mark.parametrize(
    "argv",
    [[], [b""], [b"ls", b"/x/gitseq"], [b"python3"], [b"python3", b"-c"], [b"python3", b"-c", b"1"]],
)  # fmt: skip
def test_others_are_told_as_they_are(argv):
    assert typed(argv) == argv
