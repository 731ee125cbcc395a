"""Writes the file from which `boot` links the modules of the hot path.

A group is a module and all it imports when it is loaded, as the sources say it; what functions import while they run
is left to the import system. In the bundle, code goes without docstrings and annotations, which nothing on the hot
path looks at (they are a fifth of what would have to be read), and with a light `os`.
"""

import ast
import marshal
import os
import sys

from gitseq.host import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

    Stamp = tuple[str, int, int]


_HERE = os.path.dirname(__file__)


def store(path: str, mark: "tuple[int, str]", heads: "tuple[str, ...]", stamp: "Callable[[str], Stamp]") -> None:
    """Write the bundle anew, a group for each head; where it may not be written, hooks start without one."""
    owners = dict.fromkeys(name for name in sys.modules if name == "gitseq" or not name.startswith("gitseq."))
    table, groups = [], []
    folder = os.path.dirname(path)
    try:
        files.ensure_dir(folder)
        if not os.access(folder, os.W_OK):
            return  # an installation of the system's: every hook would spend half a second on what nobody can keep
        for name in heads:
            group = _Group(name, owners, stamp)
            group.add(name)
            groups.append(marshal.dumps(tuple(group.code)))
            table.append((name, tuple(group.needed), tuple(group.stamps), len(groups[-1])))
        head = marshal.dumps((mark, tuple(table)))
        files.write_whole(path, b"".join((len(head).to_bytes(4, "little"), head, *groups)), mode=0o644)
    except (OSError, SyntaxError, ValueError):
        return


class _Group:
    """Modules in the order in which they need one another."""

    def __init__(self, head: str, owners: "dict[str, str | None]", stamp: "Callable[[str], Stamp]") -> None:
        self._head = head
        self._owners = owners
        """The group that each module is in, so far; None for all that is not ours."""
        self._stamp = stamp
        self.needed: "dict[str, None]" = {}
        """The groups that this one builds on, in the order in which it asks for them."""
        self.stamps: "list[Stamp]" = []
        self.code: "list[tuple[str, bool, CodeType]]" = []

    def add(self, name: str) -> None:
        """Add what a module needs, then the module, unless it is there already; a name that is no module is none."""
        owner = self._owners.get(name)
        if owner is not None and owner != self._head:
            self.needed[owner] = None
        source = None if name in self._owners else _source(name)
        if source is None:
            return
        self._owners[name] = self._head
        self.add(name.rpartition(".")[0])
        self.stamps.append(self._stamp(source))  # before it is read: if it is saved meanwhile, the bundle is untrue
        with open(source, "rb") as stream:
            tree = ast.fix_missing_locations(_Lean().visit(ast.parse(stream.read())))
        for needed in _imports(tree):
            self.add(needed)
        code = compile(tree, source, "exec", dont_inherit=True, optimize=2)
        self.code.append((name, source.endswith("__init__.py"), code))


class _Lean(ast.NodeTransformer):
    """Takes away what only a reader and a type checker look at, and what of `os` nothing here needs."""

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        if ast.unparse(node) == "import os":
            return ast.ImportFrom("gitseq.host", [ast.alias("light_os", "os")], 0)
        if ast.unparse(node) == "import stat":
            return ast.Import([ast.alias("_stat", "stat")])  # its half in C
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        node.annotation = ast.Constant("")  # that there is one is what makes a field of a Record
        return node

    def visit_If(self, node: ast.If) -> "ast.AST | list[ast.stmt]":
        self.generic_visit(node)
        return node.orelse if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node


def _imports(tree: ast.Module) -> "Iterator[str]":
    """What of ours is imported when a module is loaded: by statements at its top, and in `try` and `if` there."""
    for statement in _at_load(tree.body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            yield statement.module
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


def _at_load(body: "list[ast.stmt]") -> "Iterator[ast.stmt]":
    for statement in body:
        if isinstance(statement, ast.If | ast.Try):
            yield from _at_load(statement.body)
        else:
            yield statement


def _source(name: str) -> "str | None":
    """The file of a module of ours; None for a name that is none."""
    head, *rest = name.split(".")
    if head != "gitseq":
        return None
    path = os.path.join(_HERE, *rest)
    found = (os.path.join(path, "__init__.py"), path + ".py")
    return next((candidate for candidate in found if os.path.isfile(candidate)), None)
