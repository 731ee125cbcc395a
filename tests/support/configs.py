"""Configurations in a folder, without a repository: compiled directly, or through the file of the compiled plan."""

import os
from collections.abc import Callable
from pathlib import Path

from gitseq.config import kept, load
from gitseq.errors import ConfigError
from gitseq.model import Plan

VALID = """\
minimum_version = "0.1"
default_stages = ["pre-commit", "pre-push"]
fail_fast = false
files = ""
exclude = { glob = ["vendor/**"] }

[[hook]]
id = "ruff"
alias = "lint"
name = "ruff check"
run = "ruff check --fix"
types_or = ["python", "pyi"]
exclude_types = ["symlink"]
files = "^src/"
exclude = "_pb2\\\\.py$"
stages = ["pre-commit"]
pass_filenames = 20
always_run = false
env = { A = "1" }
git_env = "scrub"
root = "src/"
skip_on = ["merge"]
groups = ["lint"]
log_file = "ruff.log"
fixes = "fail"
daemons = "kill"

[[hook]]
id = "message"
shell = true
run = '''
grep -q . "$1"
'''
stages = ["commit-msg"]
"""


def where(folder: Path, env: "dict[bytes, bytes] | None" = None, explicit: "bytes | None" = None) -> kept.Where:
    """The configuration that lies in a folder."""
    return kept.Where(os.fsencode(folder), env or {}, explicit)


def compiled(
    folder: Path,
    env: "dict[bytes, bytes] | None" = None,
    explicit: "bytes | None" = None,
    fetch: "Callable[[str, str], bytes] | None" = None,
) -> Plan:
    """The plan of the configuration in a folder, made anew."""
    return load.compile_plan(where(folder, env, explicit), fetch).plan


def problem(folder: Path, text: "str | bytes", name: str = "gitseq.toml") -> ConfigError:
    """What is told about a configuration that cannot be."""
    error = refusal(folder, text, name)
    assert error is not None, "this was taken for a configuration"
    return error


def refusal(folder: Path, text: "str | bytes", name: str = "gitseq.toml") -> "ConfigError | None":
    """What is told about a file; None when it is a configuration."""
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    try:
        compiled(folder)
    except ConfigError as error:
        return error
    return None


def told(error: ConfigError) -> str:
    """All the lines of an error, as they are shown."""
    return "\n".join(error.lines())
