"""Python source as a tree: whether it parses, and calls and imports that must not be there.

That a file parses is noted on it, so that neighbours parse it again only when they need its tree.
"""

import _ast
import os
import warnings

from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, MEBIBYTE, File, Finding, PerFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

_DEBUGGERS = frozenset(("bpdb", "ipdb", "pdb", "pdbr", "pudb", "pydevd_pycharm", "q", "rdb", "rpdb", "wdb"))

_DEBUGGER_PARTS = (b"breakpoint", b"pdb", b"pudb", b"rdb", b"wdb", b"pydevd_pycharm")
"""What every one of those names but `q`, and the call, has in it."""

_LITERALS = {"complex": "0j", "dict": "{}", "float": "0.0", "int": "0", "list": "[]", "str": "''", "tuple": "()"}


def _tree(file: File, content: bytes) -> "ast.Module":
    """The tree; raises SyntaxError. What `ast.parse` does, without the 8 ms that importing `ast` takes."""
    name = os.fsdecode(file.location)  # where the compiler finds the line to show with an error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree: "ast.Module" = compile(content, name, "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)  # type: ignore[assignment]
    file.parses = True
    return tree


class _Source(PerFile):
    """A check of Python source."""

    limit = 16 * MEBIBYTE


class Parses(_Source):
    """Finds what is no Python for the interpreter that runs this."""

    def check(self, file: File, content: bytes) -> Finding:
        """The compiler's reason."""
        if file.parses:
            return CLEAN
        try:
            _tree(file, content)
        except SyntaxError as error:
            import platform

            told = _told(error, file).replace(b"\n", b"\n    ")
            runs = f"{platform.python_implementation()} {platform.python_version()}".encode()
            return Finding(b"%s: failed parsing with %s:\n\n    %s\n" % (file.path, runs, told), 1)
        return CLEAN


class DebugStatements(_Source):
    """Finds imports of debuggers and calls of `breakpoint()`."""

    def check(self, file: File, content: bytes) -> Finding:
        """A line of output for each."""
        if file.parses and not _may_debug(content):
            return CLEAN
        try:
            tree = _tree(file, content)
        except SyntaxError as error:
            told = _told(error, file).replace(b"\n", b"\n\t")
            return Finding(b"%s - Could not parse ast\n\n\t%s\n\n" % (file.path, told), 1)
        if not _may_debug(content):
            return CLEAN
        lines = [b"%s:%d:%d: %s\n" % (file.path, *place, what.encode()) for place, what in _debugging(tree)]
        return Finding(b"".join(lines), 1) if lines else CLEAN


def _may_debug(content: bytes) -> bool:
    """Whether it is worth looking at the tree; beyond ASCII there are other ways to spell a name."""
    if not content.isascii() or any(part in content for part in _DEBUGGER_PARTS):
        return True
    import re

    return re.search(rb"\bq\b", content) is not None


def _debugging(tree: "ast.Module") -> "Iterator[tuple[tuple[int, int], str]]":
    for node in _walk(tree):
        if isinstance(node, _ast.Import):
            for alias in node.names:
                if alias.name in _DEBUGGERS:
                    yield (node.lineno, node.col_offset), f"{alias.name} imported"
        elif isinstance(node, _ast.ImportFrom):
            if node.module in _DEBUGGERS:
                yield (node.lineno, node.col_offset), f"{node.module} imported"
        elif isinstance(node, _ast.Call) and isinstance(node.func, _ast.Name) and node.func.id == "breakpoint":
            yield (node.lineno, node.col_offset), "breakpoint called"


class BuiltinLiterals(_Source):
    """Finds calls such as `dict()` where `{}` would do."""

    options = (
        Option(("--ignore",), "ignore", (), convert=lambda text: text.split(",")),
        Option(("--allow-dict-kwargs",), "allow_dict_kwargs", True, const=True, group="dict"),
        Option(("--no-allow-dict-kwargs",), "forbid_dict_kwargs", False, const=True, group="dict"),
    )

    def __init__(self, *, ignore: "list[str]", allow_dict_kwargs: bool, forbid_dict_kwargs: bool) -> None:
        self._literals = {name: literal for name, literal in _LITERALS.items() if name not in ignore}
        self._dict_kwargs = allow_dict_kwargs and not forbid_dict_kwargs

    def check(self, file: File, content: bytes) -> Finding:
        """A line of output for each."""
        lines = []
        for node in _walk(_tree(file, content), below_calls=False):
            if isinstance(node, _ast.Call) and self._is_literal(node):
                name = node.func.id  # type: ignore[attr-defined]
                told = f":{node.lineno}:{node.col_offset}: replace {name}() with {self._literals[name]}\n"
                lines.append(file.path + told.encode())
        return Finding(b"".join(lines), 1) if lines else CLEAN

    def _is_literal(self, call: "ast.Call") -> bool:
        if not isinstance(call.func, _ast.Name) or call.func.id not in self._literals:
            return False
        if call.func.id == "dict" and self._dict_kwargs and call.keywords:
            return False
        return not call.args


def _walk(tree: "ast.AST", *, below_calls: bool = True) -> "Iterator[ast.AST]":
    """Every node before those below it, in the order of the source; a tree of any depth."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if below_calls or not isinstance(node, _ast.Call):
            stack.extend(reversed(list(_children(node))))


def _children(node: "ast.AST") -> "Iterator[ast.AST]":
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            yield from (item for item in value if isinstance(item, _ast.AST))
        elif isinstance(value, _ast.AST):
            yield value


def _told(error: SyntaxError, file: File) -> bytes:
    """What Python prints of a syntax error, without the frames of our own code."""
    import traceback

    if error.filename is not None:
        error.filename = file.path.decode("utf-8", "surrogateescape")
    return "".join(traceback.format_exception_only(type(error), error)).encode("utf-8", "surrogateescape")
