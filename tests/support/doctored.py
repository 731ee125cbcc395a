"""Asking the doctor, and typing what it says."""

import json
from typing import Any

from tests.support.repo import Repo, run_bounded, text

Findings = list[dict[str, Any]]


def ask(repo: Repo, *options: str, env: "dict[str, str] | None" = None) -> "dict[str, Any]":
    """The document of `gitseq doctor --json`."""
    done = repo.gitseq("doctor", "--json", *options, env=env)
    assert done.stdout, text(done)
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == document["exit_code"]
    return document


def found(document: "dict[str, Any]", check: str, severity: str = "") -> Findings:
    """The findings of one check that are more than fine."""
    bad = [one for one in document["findings"] if one["severity"] != "fine" and one["check"] == check]
    return [one for one in bad if severity in ("", one["severity"])]


def after_typing(repo: Repo, command: str, env: "dict[str, str] | None" = None) -> "dict[str, Any]":
    """The document after a command was typed, in the same shell: what it unsets there is unset."""
    script = f"{command}\nstatus=$?\n[ $status = 0 ] || exit 99\nexec gitseq doctor --json"
    done = run_bounded(["/bin/sh", "-c", script], env={**repo.env, **(env or {})}, cwd=repo.path)
    assert done.returncode != 99, f"`{command}` failed:\n{text(done)}"
    lines = done.stdout.decode()
    document: dict[str, Any] = json.loads(lines[lines.index("{\n") :])
    return document
