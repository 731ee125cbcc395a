"""What the hot path needs of `os`: in the bundle, `import os` means this module (see `gitseq.bundle`).

Importing `os` takes 1.8 ms, a fifth of what an interpreter takes to start, mostly for abstract classes that nothing on
the hot path looks at. System calls are the very same objects here; what is written out gives the answers of `os`
(tests/unit/test_light_os.py); all else is fetched from `os` when it is asked for.
"""

import sys
from posix import *  # noqa: F403 - whatever it has on this system
from posix import _exit as _exit
from posix import environ as environb  # noqa: F401 - bytes, as this process was started with

from gitseq.host import light_path as path  # noqa: F401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

del environ  # noqa: F821 - bytes as well, which is not what `os.environ` has

SEEK_SET = 0
SEEK_END = 2
devnull = "/dev/null"
defpath = "/bin:/usr/bin"
_CODING = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()


def fsencode(name: "str | bytes") -> bytes:
    """A path as bytes."""
    return name if isinstance(name, bytes) else name.encode(*_CODING)


def fsdecode(name: "str | bytes") -> str:
    """A path as text."""
    return name if isinstance(name, str) else name.decode(*_CODING)


def __getattr__(name: str) -> "Any":
    return getattr(__import__("os"), name)
