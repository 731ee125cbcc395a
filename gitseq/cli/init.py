"""`gitseq init`: a first gitseq.toml, with hooks for the tools that the tree gives away."""

import os
import re

from gitseq.cli.telling import say
from gitseq.config.reading import SEARCHED
from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem, Refused, UsageError
from gitseq.git import repo
from gitseq.host import files
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context

_NAME = b"gitseq.toml"
_IS_OURS = re.compile(rb"^\s*\[+\s*tool\s*\.\s*gitseq\b", re.MULTILINE)
_READ_AT_MOST = 1 << 20
_HEAD = """\
# gitseq.toml: the hooks of this repository, run one at a time, in this order.
# Every key: docs/reference/configuration.md. Check this file: gitseq validate. Start using it: gitseq install.
minimum_version = "0.1"

# Files that no hook should see (a regular expression, or { glob = ["vendor/**"] }):
# exclude = "^vendor/"
"""
_EXAMPLES = """examples:
  gitseq init && gitseq install
  gitseq init --agents              a section for agents in AGENTS.md, or in the CLAUDE.md that is there
  gitseq init --agents --remove     and without it again
"""
_EXAMPLE = r"""
# No tool was recognised in this tree, so here is a hook that always holds; write your own beside it.
[[hook]]
id = "whitespace"
name = "no conflict markers or trailing whitespace"
builtin = "forbid-pattern"
args = ['[ \t]+$', '^(<{7}|>{7}) ']
"""


class Tool(Record):
    """A tool we know, how it shows in a tree, and its hooks."""

    name: str
    signs: tuple[tuple[str, str], ...]
    """(file at the top of the work tree, pattern in its text): one of these gives the tool away."""
    hooks: str
    suffixes: tuple[str, ...] = ()
    """Without a sign, a file with such a name gives it away."""


def _hook(hook_id: str, run: str, *lines: str) -> str:
    return "\n".join(["[[hook]]", f'id = "{hook_id}"', f'run = "{run}"', *lines]) + "\n"


_PYTHON = 'types_or = ["python", "pyi"]'
_GO = 'files = "\\\\.go$"'
_RUST = 'files = "\\\\.rs$"'
_ALL = "pass_filenames = false"
_ON_PUSH = 'stages = ["pre-push"]'

TOOLS = (
    Tool(
        "ruff",
        (("pyproject.toml", r"^\[tool\.ruff|[\"']ruff\b"), ("ruff.toml", ""), (".ruff.toml", "")),
        _hook("ruff", "ruff check --fix", _PYTHON) + "\n" + _hook("ruff-format", "ruff format", _PYTHON),
    ),
    Tool("black", (("pyproject.toml", r"^\[tool\.black\]"),), _hook("black", "black", _PYTHON)),
    Tool(
        "mypy",
        (("pyproject.toml", r"^\[tool\.mypy\]"), ("mypy.ini", ""), ("setup.cfg", r"^\[mypy\]")),
        _hook("mypy", "mypy .", _PYTHON, _ALL),
    ),
    Tool(
        "prettier",
        (
            ("package.json", r'"prettier"\s*:'),
            *((name, "") for name in (".prettierrc", ".prettierrc.json", ".prettierrc.yaml", ".prettierrc.yml")),
            *((name, "") for name in ("prettier.config.js", "prettier.config.mjs", ".prettierrc.toml")),
        ),
        _hook("prettier", "npx --no-install prettier --write --ignore-unknown", 'types = ["text"]'),
    ),
    Tool(
        "eslint",
        (
            ("package.json", r'"eslint"\s*:'),
            *((name, "") for name in ("eslint.config.js", "eslint.config.mjs", ".eslintrc.json", ".eslintrc.js")),
        ),
        _hook("eslint", "npx --no-install eslint --fix", 'types_or = ["javascript", "jsx", "ts", "tsx"]'),
    ),
    Tool(
        "go",
        (("go.mod", ""),),
        _hook("gofmt", "gofmt -l -w", _GO) + "\n" + _hook("go-vet", "go vet ./...", _GO, _ALL),
    ),
    Tool(
        "cargo",
        (("Cargo.toml", ""),),
        _hook("cargo-fmt", "cargo fmt", _RUST, _ALL)
        + "\n"
        + _hook("cargo-clippy", "cargo clippy --all-targets -- -D warnings", _RUST, _ALL),
    ),
    Tool(
        "shellcheck",
        ((".shellcheckrc", ""),),
        _hook("shellcheck", "shellcheck", 'types = ["shell"]'),
        suffixes=(".sh", ".bash"),
    ),
    Tool(
        "make test", (("Makefile", r"^test\s*:"),), _hook("make-test", "make test", _ALL, _ON_PUSH, "always_run = true")
    ),
)


def configure(parser: "argparse.ArgumentParser") -> None:
    """Options of the verb."""
    parser.add_argument("--dry-run", "--stdout", action="store_true", help="print it, write nothing")
    parser.add_argument("--agents", action="store_true", help="instead: tell coding agents in AGENTS.md and CLAUDE.md")
    parser.add_argument("--remove", action="store_true", help="with --agents: take that section out again")
    parser.epilog = _EXAMPLES


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Write a starter for the tools found, or print it. Raises Refused rather than touch a file that is there."""
    top = repo.discover(context.env, context.cwd).top
    if options.agents or options.remove:
        return _agents(options, top)
    if not options.dry_run:
        _refuse_to_shadow(top)
    found = [tool for tool in TOOLS if _shows(tool, top)]
    text = starter(found)
    if options.dry_run:
        say(text)
        return 0
    _write_new(os.path.join(top, _NAME), text.encode())
    told = ", ".join(tool.name for tool in found) or "no tool it knows"
    say(f"wrote {_NAME.decode()} (found: {told})\nnext: gitseq install\n")
    return 0


def _agents(options: "argparse.Namespace", top: bytes) -> int:
    from gitseq.cli import agents

    if not options.agents:
        raise UsageError("--remove goes with --agents", hint="gitseq init --agents --remove")
    return agents.remove(top) if options.remove else agents.write(top, dry_run=options.dry_run)


def _refuse_to_shadow(top: bytes) -> None:
    """A new gitseq.toml would come before the configuration that is there, whose hooks then ran no more."""
    for name in SEARCHED:
        content = files.read(os.path.join(top, name))
        if name == _NAME or content is None or (name == b"pyproject.toml" and not _IS_OURS.search(content)):
            continue
        raise Refused(
            f"there is a configuration already, and gitseq uses it as it stands: {name.decode()}",
            kept="Nothing was written: a gitseq.toml would come before it, and its hooks would run no more.",
            hint="To use it: gitseq install. To see what init would write: gitseq init --dry-run",
        )


def starter(found: "list[Tool]") -> str:
    """The text of a gitseq.toml with the hooks of these tools."""
    return _HEAD + ("".join(f"\n# {tool.name}\n{tool.hooks}" for tool in found) or _EXAMPLE)


def _shows(tool: Tool, top: bytes) -> bool:
    for name, pattern in tool.signs:
        content = files.read(os.path.join(top, name.encode()))
        text = (content or b"")[:_READ_AT_MOST].decode("utf-8", "replace")
        if content is not None and re.search(pattern, text, re.MULTILINE):
            return True
    return bool(tool.suffixes) and any(os.fsdecode(name).endswith(tool.suffixes) for name in _names(top))


def _names(top: bytes) -> "list[bytes]":
    """Names at the top and one folder below; deeper would take long in a large tree."""
    found = []
    with os.scandir(top) as entries:
        for entry in entries:
            found.append(entry.name)
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(b"."):
                found += _listed(entry.path)
    return found


def _listed(folder: bytes) -> "list[bytes]":
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _write_new(path: bytes, content: bytes) -> None:
    """After this returns, or dies, a file that was at `path` before is as it was. Raises Refused when there is one."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        name = os.path.basename(path).decode()
        raise Refused(
            f"there is a {name} already",
            kept="It was not touched.",
            hint="To use it: gitseq install. To see what init would write: gitseq init --dry-run",
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with open(fd, "wb") as stream:
            stream.write(content)
    except OSError as error:
        files.remove(path)  # half of a configuration would be refused by every run
        raise _unwritable(path, error) from None


def _unwritable(path: bytes, error: OSError) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"{printable(path)} cannot be written: {error.strerror}",
        kept="Nothing was changed.",
        hint="Make the folder writable for you, or make room, and try again. To see the text: gitseq init --dry-run",
    )
