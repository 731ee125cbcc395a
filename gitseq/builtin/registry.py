"""Finds the check behind an id and hands it its arguments; only the module that is needed is imported."""

import sys

from gitseq.core.builtins import DEFAULTS
from gitseq.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseq.builtin.base import Check

_PLACES = {
    "check-added-large-files": "files:AddedLargeFiles",
    "check-ast": "python:Parses",
    "check-builtin-literals": "python:BuiltinLiterals",
    "check-case-conflict": "repository:CaseConflict",
    "check-docstring-first": "tokens:DocstringFirst",
    "check-executables-have-shebangs": "files:ExecutablesHaveShebangs",
    "check-illegal-windows-names": "files:IllegalWindowsNames",
    "check-json": "data:Json",
    "check-merge-conflict": "markers:MergeConflict",
    "check-shebang-scripts-are-executable": "files:ShebangScriptsAreExecutable",
    "check-symlinks": "files:Symlinks",
    "check-toml": "data:Toml",
    "check-vcs-permalinks": "patterns:Permalinks",
    "check-xml": "data:Xml",
    "check-yaml": "data:Yaml",
    "debug-statements": "python:DebugStatements",
    "destroyed-symlinks": "repository:DestroyedSymlinks",
    "detect-aws-credentials": "markers:AwsCredentials",
    "detect-private-key": "markers:PrivateKey",
    "double-quote-string-fixer": "tokens:SingleQuotes",
    "end-of-file-fixer": "text:EndOfFile",
    "file-contents-sorter": "sorting:FileContents",
    "fix-byte-order-marker": "text:ByteOrderMark",
    "forbid-new-submodules": "repository:NewSubmodules",
    "forbid-submodules": "files:Submodules",
    "mixed-line-ending": "text:MixedLineEnding",
    "name-tests-test": "files:TestNames",
    "no-commit-to-branch": "repository:NoCommitToBranch",
    "pretty-format-json": "prettyjson:PrettyJson",
    "requirements-txt-fixer": "sorting:Requirements",
    "sort-simple-yaml": "sorting:SimpleYaml",
    "trailing-whitespace": "text:TrailingWhitespace",
    "forbid-pattern": "patterns:ForbidPattern",
    "require-pattern": "patterns:RequirePattern",
    "conventional-commit": "message:ConventionalCommit",
}


def prepare(name: str, index: bytes) -> None:
    """Import a check, and what it needs for some file of this index."""
    if name in _PLACES:
        _kind(_PLACES[name]).prepare(index)


def load(name: str, args: "Sequence[str]") -> "Check":
    """The check behind an id, with its arguments. Raises ConfigError for an id or argument that nobody knows."""
    place = _PLACES.get(name)
    if place is None:
        raise ConfigError(f"there is no built-in hook {name!r}", hint=f"The built-in hooks are: {', '.join(DEFAULTS)}.")
    return _kind(place).of(name, args)


def _kind(place: str) -> "type[Check]":
    module, _, kind = place.partition(":")
    module = "gitseq.builtin." + module
    __import__(module)  # `importlib` takes longer to load than what it is to import
    found: "type[Check]" = getattr(sys.modules[module], kind)
    return found
