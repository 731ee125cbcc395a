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


def shim_template() -> bytes:
    """The text of hooks/shim.sh: inside the package when installed from a wheel, beside it in a checkout."""
    for folder in (_PACKAGE + b"/_hooks", library() + b"/hooks"):
        text = files.read(folder + b"/shim.sh")
        if text is not None:
            return text
    raise EnvironmentProblem(
        "this installation of gitseq is not whole: its shim template is missing",
        hint="Install it anew: pipx reinstall gitseq",
    )


def cache_bytecode() -> bool:
    """Compile the modules of ours that have no bytecode beside them; False when some cannot be kept there.

    uv does not compile what it installs, and a hook that may not write there would compile anew at each commit. The
    place is spelt out because a shim's `-I` ignores the PYTHONPYCACHEPREFIX which importlib would follow here.
    """
    import py_compile

    kept = True
    for folder, _folders, names in os.walk(os.fsdecode(_PACKAGE)):
        for name in names:
            if not name.endswith(".py"):
                continue
            compiled = os.path.join(folder, "__pycache__", f"{name[:-3]}.{sys.implementation.cache_tag}.pyc")
            if os.path.exists(compiled):
                continue
            try:
                py_compile.compile(os.path.join(folder, name), cfile=compiled, doraise=True)
            except (OSError, py_compile.PyCompileError):
                kept = False
    return kept


def stamps(folder: str, packages: "tuple[str, ...]") -> "list[Signature | None]":
    """What tells one version of the modules in a folder of ours, and of packages beside us, from the next."""
    own = os.path.join(_PACKAGE, folder.encode())
    modules = sorted(name for name in os.listdir(own) if name.endswith(b".py"))
    beside = [os.path.join(library(), package.encode(), b"__init__.py") for package in packages]
    return [files.signature(path) for path in (*(os.path.join(own, name) for name in modules), *beside)]
