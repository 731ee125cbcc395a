"""This installation of gitseq: which interpreter runs it, where it lies, what it brings along.

Paths are left as they were found, symbolic links unresolved: a virtual environment's `bin/python` is kept pointing at
a living interpreter by whoever made it (pipx, uv, Homebrew), while what it resolves to today (a Cellar or patch-version
folder, a cache that links into site-packages) is gone after the next upgrade.
"""

import os
import sys

from gitseq.errors import EnvironmentProblem
from gitseq.host import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.files import Signature

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(os.fsencode(__file__))))


def interpreter() -> bytes:
    """The absolute path of the interpreter that runs us. EnvironmentProblem when Python does not know it."""
    path = os.path.abspath(os.fsencode(sys.executable or ""))
    if not sys.executable or not os.access(path, os.X_OK):
        raise EnvironmentProblem(
            "Python does not know its own path, so no shim could start it",
            hint="Run gitseq by its console script: pipx install gitseq && gitseq install",
        )
    return path


def library() -> bytes:
    """The folder that holds the package `gitseq`: site-packages, or a checkout."""
    return os.path.dirname(_PACKAGE)


def template(name: bytes) -> bytes:
    """The text of a file of hooks/: inside the package when installed from a wheel, beside it in a checkout."""
    for folder in (_PACKAGE + b"/_hooks", library() + b"/hooks"):
        text = files.read(folder + b"/" + name)
        if text is not None:
            return text
    raise EnvironmentProblem(
        "this installation of gitseq is not whole: its template of scripts is missing",
        hint="Install it anew: pipx reinstall gitseq",
    )


def cache_bytecode() -> bool:
    """Compile the modules of ours that have no bytecode beside them; False when some cannot be kept there.

    uv does not compile what it installs, and a hook that may not write there would compile anew at each commit. The
    place is spelt out because a shim's `-I` ignores the PYTHONPYCACHEPREFIX which importlib would follow here.
    """
    import py_compile

    def compile_one(source: str, compiled: str) -> bool:
        try:
            return py_compile.compile(source, cfile=compiled, doraise=True) is not None
        except (OSError, py_compile.PyCompileError):
            return False

    kept = True
    for source, compiled in without_bytecode():
        kept = compile_one(source, compiled) and kept
    return kept


def without_bytecode() -> "list[tuple[str, str]]":
    """(source, where its bytecode would be) of the modules of ours that have none."""
    found = []
    for folder, _folders, names in os.walk(os.fsdecode(_PACKAGE)):
        for name in names:
            compiled = os.path.join(folder, "__pycache__", f"{name[:-3]}.{sys.implementation.cache_tag}.pyc")
            if name.endswith(".py") and not os.path.exists(compiled):
                found.append((os.path.join(folder, name), compiled))
    return found


def may_make(path: str) -> bool:
    """Whether a file could be made there, with the folders that are missing."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return os.access(folder, os.W_OK | os.X_OK)


def keeps_bundle() -> bool:
    """Whether what `gitseq.boot` loads at a hook's start is kept in one file, or can be."""
    bundle = os.path.join(os.fsdecode(_PACKAGE), "__pycache__", f"hot.{sys.implementation.cache_tag}.bin")
    return os.path.exists(bundle) or may_make(bundle)


def base_interpreter() -> bytes:
    """The interpreter below any virtual environment that runs us: what another environment is made from."""
    return os.fsencode(getattr(sys, "_base_executable", "") or sys.executable)


def stamps(folder: str, packages: "tuple[str, ...]") -> "list[Signature | None]":
    """What tells one version of the modules in a folder of ours, and of packages beside us, from the next."""
    own = os.path.join(_PACKAGE, folder.encode())
    modules = sorted(name for name in os.listdir(own) if name.endswith(b".py"))
    beside = [os.path.join(library(), package.encode(), b"__init__.py") for package in packages]
    return [files.signature(path) for path in (*(os.path.join(own, name) for name in modules), *beside)]
