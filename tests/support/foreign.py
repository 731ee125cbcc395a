"""`.pre-commit-config.yaml` in a folder, and repositories that offer hooks, without git."""

import os
from pathlib import Path
from typing import Any

import yaml

from gitseq.config import kept, load
from gitseq.errors import ConfigError, EnvironmentProblem
from gitseq.model import Plan

CONFIG = ".pre-commit-config.yaml"
MANIFEST = ".pre-commit-hooks.yaml"


class Offers:
    """Stands where repositories are fetched: folders with a manifest, by url."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.fetched: list[tuple[str, str]] = []

    def add(self, url: str, hooks: "list[dict[str, Any]] | str") -> Path:
        """Let a repository offer hooks; the path of its manifest."""
        folder = self._folder / url.replace("/", "_").replace(":", "_")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).write_text(hooks if isinstance(hooks, str) else yaml.safe_dump(hooks))
        return folder / MANIFEST

    def fetch(self, url: str, rev: str) -> bytes:
        """What `compile_plan` asks."""
        self.fetched.append((url, rev))
        folder = self._folder / url.replace("/", "_").replace(":", "_")
        if not folder.exists():
            raise EnvironmentProblem(f"cannot be fetched: {url}")
        return os.fsencode(folder)


def read(folder: Path, config: "dict[str, Any] | str", offers: "Offers | None" = None, name: str = CONFIG) -> Plan:
    """The plan of a configuration, written into `folder` and compiled."""
    (folder / name).write_text(config if isinstance(config, str) else yaml.safe_dump(config, sort_keys=False))
    where = kept.Where(os.fsencode(folder), {}, None)
    return load.compile_plan(where, offers.fetch if offers is not None else None).plan


def refused(folder: Path, config: "dict[str, Any] | str", offers: "Offers | None" = None) -> str:
    """What is told about a configuration that cannot be."""
    try:
        read(folder, config, offers)
    except ConfigError as error:
        return "\n".join(error.lines())
    raise AssertionError("this was taken for a configuration")


def local(**keys: "Any") -> "dict[str, Any]":
    """A configuration of one local hook."""
    hook = {"id": "a", "name": "A", "entry": "true", "language": "system", **keys}
    return {"repos": [{"repo": "local", "hooks": [hook]}]}


def remote(url: str = "https://example.com/tools", rev: str = "v1.0", **keys: "Any") -> "dict[str, Any]":
    """A configuration of one hook of a repository."""
    return {"repos": [{"repo": url, "rev": rev, "hooks": [{"id": "lint", **keys}]}]}
