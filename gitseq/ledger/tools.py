"""Who checks: what tells one version of a tool from the next, without asking the tool.

An executable is known by its place and stat; inside the repository by its content, so that all work trees agree. A
script with a `#!` line is known by itself and by its interpreter; a Python interpreter also by what is installed
beside it, a tool below `node_modules` by the lock file its installer leaves there. Arguments that name files (such
as `scripts/check.py`, `-csetup.cfg`, `@options` and `-m tools.check`) count with their content; of a shell script so
does every word that names a file, and every command that it may start.
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
_WORD = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+@%-"
_BETWEEN_WORDS = bytes(byte if byte in _WORD or byte > 127 else 32 for byte in range(256))
_TRAMPOLINE = b"'''exec'"
"""The second line of a script whose interpreter has too long a name, or one with blanks, for a `#!` line (pip, uv)."""
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
        path = self._on_path(argv[0], folder)
        if path is None:
            return digest(b"missing", argv[0])
        said = [self._of_executable(path, _LEVELS)]
        for number, word in enumerate(argv[1:]):
            said += [self.file(place) for place in _places(argv[number], word, folder)]
        return digest(*said)

    def script(self, text: bytes, folder: bytes) -> bytes:
        """What a shell script starts and reads now, as far as its words tell."""
        said = []
        for word in sorted(set(text.translate(_BETWEEN_WORDS).split())):
            place = os.path.join(folder, word)
            if os.path.isfile(place):
                said.append(self.file(place))
            elif b"/" not in word and (found := self._on_path(word, folder)) is not None:
                said.append(self._of_executable(found, _LEVELS))
        return digest(*said)

    def _on_path(self, name: bytes, folder: bytes) -> "bytes | None":
        return procs.find_executable(name, self._env.get(b"PATH", os.defpath.encode()), folder)

    def _of_executable(self, path: bytes, levels: int) -> bytes:
        known = self._known.get(path)
        if known is None:
            said = [self.file(path), self._installed_around(path)]
            interpreter = self._interpreter(path) if levels else None
            if interpreter is not None:
                said.append(self._of_executable(interpreter, levels - 1))
            known = self._known[path] = digest(*said)
        return known

    def file(self, path: bytes) -> bytes:
        """A file outside of the repository by place and stat; inside by its place there and content."""
        real = os.path.realpath(path)
        signature = files.signature(real)
        inside = real.startswith(self._top + b"/")
        if inside and signature is not None and signature[1] <= _LARGEST_SCRIPT:
            return digest(b"content", real[len(self._top) :], files.read(real) or b"", b"%o" % (signature[4] & 0o111))
        return digest(b"stat", path, real, repr(signature).encode())

    def _interpreter(self, path: bytes) -> "bytes | None":
        """What a script's `#!` line leads to, `env` looked through."""
        line, second = _first_lines(path)
        if not line.startswith(b"#!"):
            return None
        if second.startswith(_TRAMPOLINE) and b"python" in second:
            return os.path.join(os.path.dirname(os.path.realpath(path)), b"python")
        words = line[2:].split()
        if not words:
            return None
        if os.path.basename(words[0]) != b"env":
            return words[0]
        name = next((word for word in words[1:] if not word.startswith(b"-") and b"=" not in word), None)
        if name is None:
            return words[0]
        return self._on_path(name, self._top)

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
            said += [part for place in (prefix, *self._outer_prefixes(prefix)) for part in _distributions(place)]
        return digest(*said)

    def _outer_prefixes(self, prefix: bytes) -> "list[bytes]":
        """Where else an interpreter looks: Debian's /usr/local, the user's own folder; an environment only if told."""
        settings = [line.partition(b"=") for line in (files.read(prefix + b"/pyvenv.cfg") or b"").splitlines()]
        said = {name.strip(): value.strip() for name, _is, value in settings}
        if said and said.get(b"include-system-site-packages", b"").lower() != b"true":
            return []
        base = os.path.dirname(said[b"home"]) if b"home" in said else prefix
        user = self._env.get(b"PYTHONUSERBASE") or self._env.get(b"HOME", b"") + b"/.local"
        return [base, base + b"/local", user]


def _places(before: bytes, word: bytes, folder: bytes) -> "list[bytes]":
    """The files that an argument names; `before` is the one in front of it."""
    names = [word]
    if word.startswith((b"-", b"@")):
        names = [word[word.find(b"=") + 1 :], word[1 if word[:1] == b"@" else 2 :]]
    if before == b"-m" or word.startswith(b"-m"):
        module = names[-1].replace(b".", b"/")
        names += [module, module + b".py", module + b"/__init__.py"]
    places = [os.path.join(folder, name) for name in names if name]
    return [file for place in places for file in (place, place + b"/__main__.py") if os.path.isfile(file)]


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


def _first_lines(path: bytes) -> "tuple[bytes, bytes]":
    try:
        with open(path, "rb") as stream:
            return stream.readline(_LINE), stream.readline(_LINE)
    except OSError:
        return b"", b""
