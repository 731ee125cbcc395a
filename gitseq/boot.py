"""Starts the hook entry with all of its modules loaded from one file.

The hot path is some seventy small modules, because a folder is a responsibility; found, opened, checked and read one
by one they cost a third more than out of one file (docs/explanation/hot-path.md has the figures). So after a run that
had to import one of them the usual way, their code is put into `__pycache__/hot.<tag>.bin` beside the .pyc files it
was made from, and trusted exactly as those are: a module's code counts only while its source has the size and mtime
it was made from. Missing, old, torn or not writable: the modules are imported as usual.
"""

import gc
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    Part = tuple[bool, int, int, bytes]
    """Is it a package, its source's mtime in ns and size, its code as marshal writes it."""

_FORMAT = 2
_HERE = os.path.dirname(__file__)
_PATH = os.path.join(_HERE, "__pycache__", f"hot.{sys.implementation.cache_tag}.bin")


class _Finder:
    """Finds the modules of the bundle that are still true; everything else is left to the finders behind it."""

    def __init__(self, parts: "dict[str, Part]", make_spec: "type[ModuleSpec]") -> None:
        self._parts = parts
        self._make_spec = make_spec
        self.is_whole = bool(parts)
        """Whether every module of ours was found here."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> "ModuleSpec | None":
        if not name.startswith("gitseq."):
            return None
        part = self._parts.get(name)
        if part is None or _stamp(name, part[0]) != part[1:3]:
            self.is_whole = False
            return None
        spec = self._make_spec(name, self, origin=_source(name, part[0]), is_package=part[0])  # type: ignore[arg-type]
        spec.has_location = True
        if part[0]:
            spec.submodule_search_locations = [os.path.dirname(_source(name, True))]
        return spec

    def create_module(self, _spec: "ModuleSpec") -> None:
        return None

    def exec_module(self, module: "ModuleType") -> None:
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102 - what an importer is for

    def get_code(self, name: str) -> "CodeType":
        code: CodeType = marshal.loads(self._parts[name][3])  # noqa: S302 - trusted as the .pyc beside it
        return code


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
    gc.disable()  # a run is short and makes few cycles; walking its modules again and again costs 1.5 ms
    finder = _set_up()
    from gitseq.cli import hook

    _end(finder, hook.main())


def wrapper() -> None:
    """What a wrapper calls: `sys.argv` is ['-c', library, start folder, path of the command, arguments ...]."""
    finder = _set_up()
    from gitseq.cli import wrapped

    _end(finder, wrapped.main())


def _set_up() -> _Finder:
    finder = _Finder(_load(), type(__spec__))
    sys.meta_path.insert(0, finder)
    sys.meta_path.append(_SiteFinder())
    return finder


def _end(finder: _Finder, code: int) -> None:
    if not finder.is_whole:
        _store()
    os._exit(code)  # nothing is left to clean up, and tearing down the interpreter costs milliseconds


def _source(name: str, is_package: bool) -> str:
    path = os.path.join(_HERE, *name.split(".")[1:])
    return os.path.join(path, "__init__.py") if is_package else path + ".py"


def _stamp(name: str, is_package: bool) -> "tuple[int, int]":
    """What tells one version of a source from the next: mtime in ns and size."""
    try:
        st = os.stat(_source(name, is_package))
    except OSError:
        return 0, 0
    return st.st_mtime_ns, st.st_size


def _load() -> "dict[str, Part]":
    """What an earlier run has stored; empty when there is nothing to be used."""
    try:
        with open(_PATH, "rb") as stream:
            form, version, parts = marshal.loads(stream.read())  # noqa: S302 - trusted as the .pyc beside it
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    found: dict[str, Part] = parts if (form, version) == (_FORMAT, sys.version) else {}
    return found


def _store() -> None:
    """Write the code this run has used, for the next one; that it may not be writable is no matter.

    Not after a run that had to compile its plan: what that took, the next one does not need.
    """
    if "gitseq.config.build" in sys.modules:
        return
    from gitseq.host import files

    parts: dict[str, Part] = {}
    try:
        for name, module in sys.modules.items():
            if name.startswith("gitseq.") and name != __name__:
                is_package = hasattr(module, "__path__")
                code = module.__spec__.loader.get_code(name)  # type: ignore[union-attr]
                parts[name] = (is_package, *_stamp(name, is_package), marshal.dumps(code))
        files.ensure_dir(os.path.dirname(_PATH))
        kept = {name: part for name, part in _load().items() if part[1:3] == _stamp(name, part[0])}
        files.write_whole(_PATH, marshal.dumps((_FORMAT, sys.version, {**kept, **parts})), mode=0o644)
    except (OSError, ValueError, AttributeError):
        return
