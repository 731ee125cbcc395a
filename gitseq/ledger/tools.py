"""Who checks: what tells one version of a tool from the next, without asking the tool.

An executable is known by its place and stat; inside the repository by its content, so that all work trees agree. A
script with a `#!` line is known by itself and by its interpreter; a Python interpreter also by what is installed
beside it, a tool below `node_modules` by the lock file its installer leaves there. Arguments that name files (such
as `scripts/check.py`) count with their content.
"""

import os

from gitseq.core.ledger_keys import digest
from gitseq.host import files, procs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseq.host.env import Env

_LARGEST_SCRIPT = 4 << 20
"""Bytes; a larger file in the repository is known by its stat, as one outside is."""
_NODE_LOCKS = (b".package-lock.json", b".yarn-integrity", b".yarn-state.yml", b".modules.yaml")
_LINE = 512
_LEVELS = 4
"""So many interpreters of interpreters are followed."""


class Tools:
    """Answers for the commands of one run; what was looked at once is remembered."""

    def __init__(self, top: bytes, env: "Env") -> None:
        self._top = os.path.realpath(top)
        self._env = env
        self._known: dict[bytes, bytes] = {}

    def identity(self, argv: "Sequence[bytes]", folder: bytes) -> bytes:
        """What a command is now. `folder`: where it is started. A command that is not found has an identity, too."""
        path = procs.find_executable(argv[0], self._env.get(b"PATH", os.defpath.encode()), folder)
        if path is None:
            return digest(b"missing", argv[0])
        said = [self._of_executable(path, _LEVELS)]
        for word in argv[1:]:
            name = word[word.find(b"=") + 1 :] if word.startswith(b"-") else word
            place = os.path.join(folder, name)
            if name and os.path.isfile(place):
                said.append(self._of_file(place))
        return digest(*said)

    def _of_executable(self, path: bytes, levels: int) -> bytes:
        known = self._known.get(path)
        if known is None:
            said = [self._of_file(path), self._installed_around(path)]
            interpreter = self._interpreter(path) if levels else None
            if interpreter is not None:
                said.append(self._of_executable(interpreter, levels - 1))
            known = self._known[path] = digest(*said)
        return known

    def _of_file(self, path: bytes) -> bytes:
        """A file outside of the repository by place and stat; inside by its place there and content."""
        real = os.path.realpath(path)
        signature = files.signature(real)
        inside = real.startswith(self._top + b"/")
        if inside and signature is not None and signature[1] <= _LARGEST_SCRIPT:
            return digest(b"content", real[len(self._top) :], files.read(real) or b"", b"%o" % (signature[4] & 0o111))
        return digest(b"stat", path, real, repr(signature).encode())

    def _interpreter(self, path: bytes) -> "bytes | None":
        """What a script's `#!` line leads to, `env` looked through."""
        line = _first_line(path)
        if not line.startswith(b"#!"):
            return None
        words = line[2:].split()
        if not words:
            return None
        if os.path.basename(words[0]) != b"env":
            return words[0]
        name = next((word for word in words[1:] if not word.startswith(b"-") and b"=" not in word), None)
        if name is None:
            return words[0]
        return procs.find_executable(name, self._env.get(b"PATH", os.defpath.encode()), self._top)

    def _installed_around(self, path: bytes) -> bytes:
        """What is installed where a tool takes its code from."""
        real = os.path.realpath(path)
        said = []
        at = real.rfind(b"/node_modules/")
        if at >= 0:
            modules = real[: at + len(b"/node_modules")]
            said += [repr(files.signature(modules + b"/" + name)).encode() for name in _NODE_LOCKS]
        if os.path.basename(path).startswith((b"python", b"pypy")):
            prefix = os.path.dirname(os.path.dirname(path))
            said.append(repr(files.signature(prefix + b"/pyvenv.cfg")).encode())
            said += _distributions(prefix)
        return digest(*said)


def _distributions(prefix: bytes) -> "list[bytes]":
    """Name and stat of what is installed for an interpreter: a folder `*.dist-info` is made anew by each install."""
    said = []
    for folder in _package_folders(prefix):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            if name.endswith((b".dist-info", b".egg-info", b".egg-link", b".pth")):
                said += [name, repr(files.signature(folder + b"/" + name)).encode()]
    return said


def _package_folders(prefix: bytes) -> "list[bytes]":
    lib = prefix + b"/lib"
    try:
        versions = sorted(name for name in os.listdir(lib) if name.startswith((b"python", b"pypy")))
    except OSError:
        return []
    kinds = (b"site-packages", b"dist-packages")
    return [b"/".join((lib, version, kind)) for version in versions for kind in kinds]


def _first_line(path: bytes) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.readline(_LINE)
    except OSError:
        return b""
