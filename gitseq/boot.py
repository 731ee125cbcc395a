"""Starts hooks, wrappers, `gitseq run` and `exec` with their modules linked from one file.

The hot path is some seventy small modules, because a folder is a responsibility. Found, checked, read and imported one
by one they cost more than all that they do (docs/explanation/hot-path.md has the figures). So `bundle` writes their
code, in the order in which they need one another, into `__pycache__/hot.<tag>.bin` beside the .pyc files, and here it
is executed in that order, without the import system. It is trusted exactly as those files are: it counts only while
every source has the size and mtime it was made from. Missing, old, torn or not writable: modules are imported as usual.
"""

import gc
import marshal
import posix  # not `os`, see gitseq.host.light_os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    Stamps = tuple[tuple[str, int, int], ...]
    """Source, mtime in ns and size of each module of a group."""
    Groups = dict[str, tuple[tuple[str, ...], Stamps, memoryview]]
    """Of each: the groups it builds on, what has to be unchanged, and the marshalled code."""
    Code = tuple[tuple[str, bool, CodeType], ...]
    """Name, whether it is a package, and code of each, in the order in which they need one another."""

_MARK = (7, sys.version)
"""Of the format and of the interpreter; a bundle with another is not used."""
_HOOK, _ENGINE = "gitseq.cli.hook", "gitseq.cli.engage"
_VERBS = {"exec": "gitseq.cli.exec", "run": "gitseq.cli.run"}
_HEADS = (
    _HOOK,
    "gitseq.config.compiled",
    *("gitseq.engine.request", "gitseq.host.terminal", "gitseq.core.colour"),
    _ENGINE,
    "gitseq.ui.entries",
    "gitseq.git.content",
    "gitseq.engine.cached",
    "gitseq.engine.inside",
    "gitseq.builtin.text",
    "gitseq.builtin.files",
    "gitseq.builtin.markers",
    "gitseq.builtin.data",
    *("gitseq.cli.main", "gitseq.cli.configuration", "gitseq.cli.perform", "gitseq.ui.live"),
    *_VERBS.values(),
)
"""Modules that are loaded together with all they import: what finds the repository, its plan, what is asked
of us and by whom, what runs it, what writes that down; what git knows of the files, what has passed before, and the
hooks of our own that most people have; and what reads a command line, runs hooks by hand, and a command in its turn. A
module that several import is in the first of their groups: what a run by hand needs before the engine is not in that of
the engine, which is loaded while git compares."""
_OBJECTS = 50_000
"""So many are made before the garbage collector walks them: walking its modules again and again, after each 700, costs
a commit 1.5 ms, and a run on all files a tenth. Never would be too seldom for a live line that is drawn for an hour."""
_PATH = f"{__file__.rpartition('/')[0]}/__pycache__/hot.{sys.implementation.cache_tag}.bin"


class _Linker:
    """Stands before the import system, and answers for the heads of the groups whose sources are unchanged."""

    def __init__(self, groups: "Groups", make_spec: "type[ModuleSpec]") -> None:
        self._groups = groups
        self._make_spec = make_spec
        self.is_whole = len(groups) == len(_HEADS)
        """Whether every group was found to be true so far."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> "ModuleSpec | None":
        """The spec of a head, or of the package around it, which is imported first."""
        for head in _HEADS:
            if name in (head, head.rpartition(".")[0]) and self.link(head):
                return sys.modules[name].__spec__
        return None

    def stand_aside(self) -> None:
        """Leave all to the import system."""
        self._groups.clear()

    def create_module(self, spec: "ModuleSpec") -> "ModuleType":
        return sys.modules[spec.name]

    def exec_module(self, module: "ModuleType") -> None:
        """It was, when it was linked."""

    def link(self, head: str) -> bool:
        """Load a group, and before it those that it builds on; False when it has to be imported as usual."""
        if head in self._groups:
            needed, stamps, packed = self._groups.pop(head)
            modules = _unpacked(packed) if all(map(self.link, needed)) and _are_true(stamps) else None
            if modules is None:
                self._groups.clear()
                self.is_whole = False
                return False
            for name, is_package, code in modules:
                if name not in sys.modules:  # imported by itself before its group was wanted: two of it would differ
                    self._execute(name, is_package, code)
        return head in sys.modules

    def _execute(self, name: str, is_package: bool, code: "CodeType") -> None:
        module = type(sys)(name)
        spec = module.__spec__ = self._make_spec(name, self, origin=code.co_filename, is_package=is_package)  # type: ignore[arg-type]
        parent, _, leaf = name.rpartition(".")
        module.__file__ = code.co_filename
        module.__package__ = name if is_package else parent
        if is_package:
            spec.submodule_search_locations = module.__path__ = [code.co_filename.rpartition("/")[0]]
        sys.modules[name] = module
        exec(code, module.__dict__)  # noqa: S102 - what an importer is for
        setattr(sys.modules[parent], leaf, module)


class _SiteFinder:
    """The last finder: a third-party package that is wanted after all, on a rare path, is worth what `-S` saved.

    In an environment whose packages do not lie beside gitseq (an editable install) only `site` knows where they are.
    """

    def __init__(self) -> None:
        self._tried = False

    def find_spec(self, name: str, path: object = None, _target: object = None) -> "ModuleSpec | None":
        if self._tried or path is not None:
            return None
        self._tried = True
        import importlib.util
        import site

        site.main()
        return importlib.util.find_spec(name)


def main() -> None:
    """What a shim calls: `sys.argv` is ['-c', library, path of the hook, stage, git's arguments ...]."""
    linker = _linked(_HOOK)
    from gitseq.cli import hook

    _leave(hook.main(), linker)


def wrapper() -> None:
    """What a wrapper calls: `sys.argv` is ['-c', library, start folder, path of the command, arguments ...]."""
    _linked(_ENGINE)
    from gitseq.cli import wrapped

    posix._exit(wrapped.main())


def by_hand() -> None:
    """What the console script calls for `gitseq run` and `exec`; the other verbs are imported as usual."""
    linker = _linked(_VERBS[sys.argv[1]])
    from gitseq.cli import main

    _leave(main.run(sys.argv[1:]), linker)


def _linked(head: str) -> _Linker:
    gc.set_threshold(_OBJECTS)
    linker = _Linker(_load(), type(__spec__))
    sys.meta_path.insert(0, linker)
    if "site" not in sys.modules:
        sys.meta_path.append(_SiteFinder())
    if any(name.startswith("gitseq.") and name != __name__ for name in sys.modules):
        linker.stand_aside()  # somebody's `sitecustomize` was here first: executed anew, a module would be two
    linker.link(head)
    return linker


def _leave(code: int, linker: _Linker) -> None:
    if not linker.is_whole:
        from gitseq import bundle

        bundle.store(_PATH, _MARK, _HEADS, _stamp)
    posix._exit(code)  # nothing is left to clean up, and tearing down the interpreter costs milliseconds


def _stamp(source: str) -> "tuple[str, int, int]":
    """What tells one version of a source from the next. Raises OSError."""
    st = posix.stat(source)
    return source, st.st_mtime_ns, st.st_size


def _are_true(stamps: "Stamps") -> bool:
    try:
        return all(_stamp(known[0]) == known for known in stamps)
    except OSError:
        return False


def _unpacked(packed: memoryview) -> "Code | None":
    """The modules of a group; None when a power cut has left something else in their place."""
    try:
        modules: Code = marshal.loads(packed)  # noqa: S302 - trusted as the .pyc files beside it
    except (ValueError, EOFError, TypeError):
        return None
    return modules


def _load() -> "Groups":
    """The groups an earlier run has stored; empty when there is nothing to be used.

    They lie one behind the other after a table of them, and are read once and copied never.
    """
    try:
        fd = posix.open(_PATH, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            content = memoryview(posix.read(fd, posix.fstat(fd).st_size))
        finally:
            posix.close(fd)
        begin = 4 + int.from_bytes(content[:4], "little")
        mark, table = marshal.loads(content[4:begin])  # noqa: S302 - trusted as the .pyc files beside it
        if mark != _MARK or begin + sum(size for *_, size in table) != len(content):
            return {}
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    groups: Groups = {}
    for head, needed, stamps, size in table:
        groups[head] = needed, stamps, content[begin : begin + size]
        begin += size
    return groups
