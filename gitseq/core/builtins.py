"""The hooks inside gitseq: their ids and what holds for each unless the user says otherwise.

Ids, names, filters and stages are those of the manifest of pre-commit-hooks 6.0.0, so that its README describes
these hooks too; the last three are our own. See docs/reference/builtin-hooks.md.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_COMMIT_PUSH_MANUAL = ("pre-commit", "pre-push", "manual")

_WINDOWS_NAMES = (
    r"(?i)((^|/)(CON|PRN|AUX|NUL|COM[\d¹²³]|LPT[\d¹²³])(\.|/|$)"
    r"|[<>:\"\\|?*\x00-\x1F]|/[^/]*[\.\s]/|[^/]*[\.\s]$)"
)

DEFAULTS: "dict[str, dict[str, Any]]" = {
    "check-added-large-files": {
        "name": "check for added large files",
        "description": "prevents giant files from being committed.",
        "stages": _COMMIT_PUSH_MANUAL,
    },
    "check-ast": {
        "name": "check python ast",
        "description": "simply checks whether the files parse as valid python.",
        "types": ("python",),
    },
    "check-builtin-literals": {
        "name": "check builtin type constructor use",
        "description": "requires literal syntax when initializing empty or zero python builtin types.",
        "types": ("python",),
    },
    "check-case-conflict": {
        "name": "check for case conflicts",
        "description": "checks for files that would conflict in case-insensitive filesystems.",
    },
    "check-docstring-first": {
        "name": "check docstring is first (deprecated)",
        "description": "checks a common error of defining a docstring after code.",
        "types": ("python",),
    },
    "check-executables-have-shebangs": {
        "name": "check that executables have shebangs",
        "description": "ensures that (non-binary) executables have a shebang.",
        "types": ("text", "executable"),
        "stages": _COMMIT_PUSH_MANUAL,
    },
    "check-illegal-windows-names": {
        "name": "check illegal windows names",
        "files": _WINDOWS_NAMES,
    },
    "check-json": {
        "name": "check json",
        "description": "checks json files for parseable syntax.",
        "types": ("json",),
    },
    "check-merge-conflict": {
        "name": "check for merge conflicts",
        "description": "checks for files that contain merge conflict strings.",
        "types": ("text",),
    },
    "check-shebang-scripts-are-executable": {
        "name": "check that scripts with shebangs are executable",
        "description": "ensures that (non-binary) files with a shebang are executable.",
        "types": ("text",),
        "stages": _COMMIT_PUSH_MANUAL,
    },
    "check-symlinks": {
        "name": "check for broken symlinks",
        "description": "checks for symlinks which do not point to anything.",
        "types": ("symlink",),
    },
    "check-toml": {
        "name": "check toml",
        "description": "checks toml files for parseable syntax.",
        "types": ("toml",),
    },
    "check-vcs-permalinks": {
        "name": "check vcs permalinks",
        "description": "ensures that links to vcs websites are permalinks.",
        "types": ("text",),
    },
    "check-xml": {
        "name": "check xml",
        "description": "checks xml files for parseable syntax.",
        "types": ("xml",),
    },
    "check-yaml": {
        "name": "check yaml",
        "description": "checks yaml files for parseable syntax.",
        "types": ("yaml",),
    },
    "debug-statements": {
        "name": "debug statements (python)",
        "description": "checks for debugger imports and py37+ `breakpoint()` calls in python source.",
        "types": ("python",),
    },
    "destroyed-symlinks": {
        "name": "detect destroyed symlinks",
        "description": "detects symlinks which are changed to regular files with a content of a path which that "
        "symlink was pointing to.",
        "types": ("file",),
        "stages": _COMMIT_PUSH_MANUAL,
    },
    "detect-aws-credentials": {
        "name": "detect aws credentials",
        "description": "detects *your* aws credentials from the aws cli credentials file.",
        "types": ("text",),
    },
    "detect-private-key": {
        "name": "detect private key",
        "description": "detects the presence of private keys.",
        "types": ("text",),
    },
    "double-quote-string-fixer": {
        "name": "fix double quoted strings",
        "description": "replaces double quoted strings with single quoted strings.",
        "types": ("python",),
    },
    "end-of-file-fixer": {
        "name": "fix end of files",
        "description": "ensures that a file is either empty, or ends with one newline.",
        "types": ("text",),
        "stages": _COMMIT_PUSH_MANUAL,
    },
    "file-contents-sorter": {
        "name": "file contents sorter",
        "description": "sorts the lines in specified files (defaults to alphabetical). you must provide list of target "
        "files as input in your .pre-commit-config.yaml file.",
        "files": "^$",
    },
    "fix-byte-order-marker": {
        "name": "fix utf-8 byte order marker",
        "description": "removes utf-8 byte order marker.",
        "types": ("text",),
    },
    "forbid-new-submodules": {
        "name": "forbid new submodules",
        "description": "prevents addition of new git submodules.",
        "types": ("directory",),
    },
    "forbid-submodules": {
        "name": "forbid submodules",
        "description": "forbids any submodules in the repository",
        "types": ("directory",),
    },
    "mixed-line-ending": {
        "name": "mixed line ending",
        "description": "replaces or checks mixed line ending.",
        "types": ("text",),
    },
    "name-tests-test": {
        "name": "python tests naming",
        "description": "verifies that test files are named correctly.",
        "files": r"(^|/)tests/.+\.py$",
    },
    "no-commit-to-branch": {
        "name": "don't commit to branch",
        "pass_filenames": False,
        "always_run": True,
    },
    "pretty-format-json": {
        "name": "pretty format json",
        "description": "sets a standard for formatting json files.",
        "types": ("json",),
    },
    "requirements-txt-fixer": {
        "name": "fix requirements.txt",
        "description": "sorts entries in requirements.txt.",
        "files": r"(requirements|constraints).*\.txt$",
    },
    "sort-simple-yaml": {
        "name": "sort simple yaml files",
        "description": "sorts simple yaml files which consist only of top-level keys, preserving comments and blocks.",
        "files": "^$",
    },
    "trailing-whitespace": {
        "name": "trim trailing whitespace",
        "description": "trims trailing whitespace.",
        "types": ("text",),
        "stages": _COMMIT_PUSH_MANUAL,
    },
    "forbid-pattern": {
        "name": "forbid pattern",
        "description": "fails for every line that matches a regular expression.",
        "types": ("text",),
    },
    "require-pattern": {
        "name": "require pattern",
        "description": "fails for every file in which a regular expression matches nothing.",
        "types": ("text",),
    },
    "conventional-commit": {
        "name": "conventional commit message",
        "description": "ensures that the commit message follows the Conventional Commits specification.",
        "stages": ("commit-msg",),
        "pass_filenames": False,
        "always_run": True,
    },
}
"""Id -> the keys of a hook that differ from the general defaults (`types` is then ("file",), `stages` all)."""

CONTENT_ONLY = frozenset(DEFAULTS) - {
    "check-case-conflict",  # looks at all names
    "check-illegal-windows-names",  # a file that is selected has failed
    "check-symlinks",  # looks at what the link points to
    "conventional-commit",
    "destroyed-symlinks",
    "detect-aws-credentials",  # depends on the user's own credentials
    "forbid-new-submodules",
    "forbid-submodules",
    "no-commit-to-branch",
}
"""Ids whose pass, for one file, depends on nothing but arguments, the file's name, mode and content, and the versions
of Python and of what parses it. A pass that does not is marked by `Finding.lasting`."""
