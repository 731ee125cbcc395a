"""The import graph of gitseq, drawn from the source: who may know whom (DESIGN section 2)."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import tomli

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gitseq"

MIDDLE = ("config", "git", "queue", "guard", "cage", "ledger", "builtin", "languages")
GROUND = frozenset({"", "errors", "model"})  # "" is gitseq/__init__.py: the version
BELOW_MIDDLE = GROUND | {"core", "host"}
MAY_IMPORT = {
    "": frozenset[str](),
    "errors": frozenset({""}),
    "model": frozenset({"", "errors"}),
    "core": GROUND | {"core"},
    "host": GROUND | {"host"},
    **{folder: BELOW_MIDDLE | {folder} for folder in MIDDLE},
    "engine": BELOW_MIDDLE | {*MIDDLE, "engine"},
    "ui": BELOW_MIDDLE | {"engine", "ui"},
    "cli": BELOW_MIDDLE | {*MIDDLE, "engine", "ui", "cli"},
    "boot": frozenset({"cli", "bundle"}),  # starts the hook entry, and knows nothing else of it
    "bundle": frozenset({"host"}),  # the other half of boot, which only a first run needs
}

HOST_ONLY = {"subprocess", "fcntl", "multiprocessing"}
BANNED_CALLS = {
    "os.environ",
    "os.environb",
    "os.chdir",
    "os.fork",
    "os.posix_spawn",
    "os.kill",
    "os.killpg",
    "subprocess",
    "fcntl",
    "time.sleep",
    "time.time",
    "time.monotonic",
    "sys.exit",
}


class Edge(NamedTuple):
    """One import statement."""

    source: str
    target: str
    line: int
    typing_only: bool

    def __str__(self) -> str:
        return f"{self.source} (line {self.line}) imports {self.target}"


def modules() -> "dict[str, Path]":
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def tier(module: str) -> str:
    """The folder, or the module at the top of the package, that a module belongs to."""
    return module.split(".")[1] if "." in module else ""


def is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def imports(tree: ast.AST, *, typing_only: bool = False) -> "Iterator[tuple[ast.Import | ast.ImportFrom, bool]]":
    """Every import statement below a node, those inside functions included, and whether only a type checker sees it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, typing_only
        elif isinstance(node, ast.If) and is_type_checking(node.test):
            for statement in node.body:
                yield from imports(ast.Module([statement], []), typing_only=True)
            for statement in node.orelse:
                yield from imports(ast.Module([statement], []), typing_only=typing_only)
        else:
            yield from imports(node, typing_only=typing_only)


def names(statement: "ast.Import | ast.ImportFrom", module: str, *, is_package: bool) -> "list[str]":
    """The dotted names an import statement loads; for `from package import module` that is the module."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    base = statement.module or ""
    if statement.level:
        parts = module.split(".")
        parts = parts[: len(parts) - statement.level + (1 if is_package else 0)]
        base = ".".join([*parts, base] if base else parts)
    return [f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in statement.names]


def edges_of(module: str, source: str, *, is_package: bool = False) -> "list[Edge]":
    return [
        Edge(module, name, statement.lineno, typing_only)
        for statement, typing_only in imports(ast.parse(source))
        for name in names(statement, module, is_package=is_package)
    ]


def all_edges() -> "list[Edge]":
    return [
        edge
        for module, path in sorted(MODULES.items())
        for edge in edges_of(module, path.read_text(), is_package=path.name == "__init__.py")
    ]


EDGES = all_edges()
INNER = [edge for edge in EDGES if edge.target.split(".")[0] == "gitseq"]


def offends_layer_law(edge: Edge) -> bool:
    return tier(edge.target) not in MAY_IMPORT.get(tier(edge.source), frozenset())


def cycle_in(graph: "dict[str, list[Edge]]") -> "list[Edge]":
    """The edges of one cycle, or []. Depth first; a node on the current path that is met again closes a cycle."""
    done: set[str] = set()

    def visit(node: str, path: "list[Edge]") -> "list[Edge]":
        for edge in graph.get(node, ()):
            on_path = [step.source for step in path] + [node]
            if edge.target in on_path:
                return [*path, edge][on_path.index(edge.target) :]
            if edge.target not in done and (found := visit(edge.target, [*path, edge])):
                return found
        done.add(node)
        return []

    for node in sorted(graph):
        if node not in done and (found := visit(node, [])):
            return found
    return []


def with_packages(edge: Edge) -> "list[Edge]":
    """An import of `a.b.c` also runs the packages `a` and `a.b`, unless the importer lies inside them."""
    parts = edge.target.split(".")
    packages = [".".join(parts[:end]) for end in range(1, len(parts))]
    outside = [name for name in packages if not f"{edge.source}.".startswith(f"{name}.")]
    return [edge, *(edge._replace(target=name) for name in outside)]


def graph_of(edges: "list[Edge]") -> "dict[str, list[Edge]]":
    graph: dict[str, list[Edge]] = {}
    for edge in edges:
        if not edge.typing_only:
            for step in with_packages(edge):
                graph.setdefault(step.source, []).append(step)
    return graph


def test_every_module_lies_in_a_folder_that_the_layer_law_knows():
    unknown = sorted(module for module in MODULES if tier(module) not in MAY_IMPORT)
    assert not unknown, f"no layer is known for: {unknown}"


@pytest.mark.parametrize("typing_only", [False, True], ids=["at run time", "for the type checker"])
def test_imports_run_down_the_layers_only(typing_only):
    wrong = [str(edge) for edge in INNER if edge.typing_only is typing_only and offends_layer_law(edge)]
    assert not wrong, "against the layer law of DESIGN section 2:\n" + "\n".join(wrong)


def test_no_import_cycle_even_by_imports_inside_functions():
    cycle = cycle_in(graph_of(INNER))
    assert not cycle, "import cycle:\n" + "\n".join(map(str, cycle))


def test_every_import_of_our_own_names_a_module_that_exists():
    missing = [str(edge) for edge in INNER if edge.target not in MODULES]
    assert not missing, "\n".join(missing)


def test_only_host_imports_processes_and_locks():
    wrong = [
        str(edge)
        for edge in EDGES
        if edge.target.split(".")[0] in HOST_ONLY and tier(edge.source) != "host" and not edge.typing_only
    ]
    assert not wrong, "side effects live in gitseq/host/:\n" + "\n".join(wrong)


def test_ruff_bans_the_calls_that_only_host_may_make():
    lint = tomli.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert set(lint["flake8-tidy-imports"]["banned-api"]) >= BANNED_CALLS
    assert {"TID", "T20"} <= set(lint["select"])
    exempt = {where for where, rules in lint["per-file-ignores"].items() if "TID251" in rules}
    assert {where for where in exempt if where.startswith("gitseq/")} == {"gitseq/host/*"}


def test_only_cli_sets_a_ban_aside_and_says_so_on_the_line():
    wrong = [
        f"{module}:{number}"
        for module, path in MODULES.items()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "noqa: TID251" in line and tier(module) != "cli"
    ]
    assert not wrong, f"TID251 set aside outside gitseq/cli: {wrong}"


# --- the drawing itself: without these a graph that sees nothing would pass everything above


def test_drawing_tells_run_time_from_typing_and_sees_inside_functions():
    source = """
TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine import SomeType
def late():
    import gitseq.model
"""
    seen = edges_of("gitseq.core.x", source)
    assert [(edge.target, edge.typing_only) for edge in seen] == [("gitseq.engine", True), ("gitseq.model", False)]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("gitseq.core.select", "gitseq.host.files"),
        ("gitseq.queue.lease", "gitseq.git.repo"),
        ("gitseq.host.files", "gitseq.core.stages"),
        ("gitseq.ui.lines", "gitseq.git.repo"),
        ("gitseq.model", "gitseq.core.stages"),
        ("gitseq.engine.run", "gitseq.ui.lines"),
        ("gitseq.ui.lines", "gitseq.cli.main"),
    ],
)
def test_upward_and_sideways_imports_are_refused(source, target):
    assert offends_layer_law(Edge(source, target, 1, typing_only=False))


def test_a_cycle_is_named_edge_by_edge():
    edges = [Edge("gitseq.a.x", "gitseq.a.y", 1, False), Edge("gitseq.a.y", "gitseq.a.x", 2, False)]
    assert cycle_in(graph_of(edges)) == edges


def test_relative_imports_are_resolved():
    assert edges_of("gitseq.git.call", "from ..host import procs")[0].target == "gitseq.host.procs"
    assert edges_of("gitseq.git", "from . import call", is_package=True)[0].target == "gitseq.git.call"
