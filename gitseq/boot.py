"""Starts the hook entry with all of its modules loaded from one file.

The hot path is some fifty small modules, because a folder is a responsibility; found, checked and read one by one
they cost 4.5 ms more than out of one file (whole interpreter 23.7 against 19.2 ms; a commit with one no-op hook in 200
files 1.35 against 1.27 times prek, interleaved).
So after a run that had to import them one by one, their code is put into `__pycache__/hot.<tag>.bin` beside the
.pyc files it was made from, and trusted exactly as those are: it counts only while every source file still has the
size and mtime it was made from. Missing, old, torn or not writable: the modules are imported as usual.
"""

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    Part = tuple[bool, int, int, CodeType]
    """Is it a package, its source's mtime in ns and size, its code."""

_FORMAT = 1
_HERE = os.path.dirname(__file__)
_PATH = os.path.join(_HERE, "__pycache__", f"hot.{sys.implementation.cache_tag}.bin")


class _Finder:
    """Finds the modules of the bundle; everything else is left to the finders behind it."""

    def __init__(self, parts: "dict[str, Part]", make_spec: "type[ModuleSpec]") -> None:
        self._parts = parts
        self._make_spec = make_spec

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> "ModuleSpec | None":
        part = self._parts.get(name)
        if part is None:
            return None
        spec = self._make_spec(name, self, origin=_source(name, part[0]), is_package=part[0])  # type: ignore[arg-type]
        spec.has_location = True
        if part[0]:
            spec.submodule_search_locations = [os.path.dirname(_source(name, True))]
        return spec

    def create_module(self, _spec: "ModuleSpec") -> None:
        return None

    def exec_module(self, module: "ModuleType") -> None:
        exec(self._parts[module.__name__][3], module.__dict__)  # noqa: S102 - what an importer is for


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
    parts = _load()
    if parts is not None:
        sys.meta_path.insert(0, _Finder(parts, type(__spec__)))
    sys.meta_path.append(_SiteFinder())
    from gitseq.cli import hook

    code = hook.main()
    if parts is None:
        _store()
    os._exit(code)  # nothing is left to clean up, and tearing down the interpreter costs milliseconds


def _source(name: str, is_package: bool) -> str:
    path = os.path.join(_HERE, *name.split(".")[1:])
    return os.path.join(path, "__init__.py") if is_package else path + ".py"


def _load() -> "dict[str, Part] | None":
    """The parts, if every one of them was made from the source that lies there now."""
    try:
        with open(_PATH, "rb") as stream:
            form, magic, parts = marshal.loads(stream.read())  # noqa: S302 - trusted as the .pyc beside it
        if (form, magic) != (_FORMAT, sys.version):
            return None
        for name, (is_package, mtime, size, _code) in parts.items():
            st = os.stat(_source(name, is_package))
            if (st.st_mtime_ns, st.st_size) != (mtime, size):
                return None
    except (OSError, ValueError, EOFError, TypeError):
        return None
    found: dict[str, Part] = parts
    return found


def _store() -> None:
    """Write the parts this run has used, for the next one; that it may not be writable is no matter."""
    from gitseq.host import files

    parts: dict[str, Part] = {}
    try:
        for name, module in sys.modules.items():
            if name.startswith("gitseq.") and name != __name__:
                is_package = hasattr(module, "__path__")
                st = os.stat(_source(name, is_package))
                parts[name] = (is_package, st.st_mtime_ns, st.st_size, module.__spec__.loader.get_code(name))  # type: ignore[union-attr]
        files.ensure_dir(os.path.dirname(_PATH))
        files.write_whole(_PATH, marshal.dumps((_FORMAT, sys.version, parts)), mode=0o644)
    except (OSError, ValueError, AttributeError):
        return
