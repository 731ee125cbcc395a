"""Holds a `.pre-commit-config.yaml` against pre-commit's schema: what it would refuse, and what it would warn of."""

import re

from gitseq.config import foreign_keys as keys
from gitseq.config import yaml_file
from gitseq.config.explain import Findings, on_one_line, one_of, whole_file
from gitseq.core.builtins import DEFAULTS
from gitseq.core.stages import LEGACY_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gitseq.config.explain import Document
    from gitseq.config.lines import Path

LOCAL, META, BUILTIN = "local", "meta", "builtin"
OWN = (LOCAL, META, BUILTIN)
"""What may stand where others name a repository."""
META_NAMES = {
    "check-hooks-apply": "Check hooks apply to the repository",
    "check-useless-excludes": "Check for useless excludes",
    "identity": "identity",
}

_TOP_KEYS = (
    "repos",
    "default_install_hook_types",
    "default_language_version",
    "default_stages",
    "files",
    "exclude",
    "fail_fast",
    "minimum_pre_commit_version",
    "ci",
)
_REPO_KEYS = ("repo", "rev", "hooks")
_SLASHES = (r"[\\/]", r"[\/]", r"[/\\]")


def check(document: "Document") -> "list[str]":
    """What pre-commit would warn of. Raises ConfigError unless every value of the file is one that it would take."""
    checker = _Checker(document)
    checker.check()
    return checker.warnings


class _Checker:
    def __init__(self, document: "Document") -> None:
        self._document = document
        self._data = document.data
        self._findings = Findings()
        self.warnings: list[str] = []

    def check(self) -> None:
        """See the function of this name."""
        wanted = self._data.get("minimum_pre_commit_version")
        if reason := keys.too_new(wanted):  # its other keys may be ones that we cannot know
            line = self._document.line(("minimum_pre_commit_version",))
            raise whole_file(self._document.name, reason, line=line)
        self._check_top()
        repos = self._data.get("repos", [])
        for index, repo in enumerate(repos if isinstance(repos, list) else []):
            self._check_repo(repo, ("repos", index))
        self._findings.raise_any()

    def _check_top(self) -> None:
        rules: "dict[str, Callable[[Any], Any]]" = {
            "minimum_pre_commit_version": keys.version,
            "default_install_hook_types": keys.array(keys.among(keys.STAGES[:-1])),
            "default_language_version": _versions,
            "default_stages": keys.stages,
            "files": keys.regex,
            "exclude": keys.regex,
            "fail_fast": keys.flag,
            "ci": _map,
            "repos": keys.array(_map),
        }
        self._require(self._data, ("repos",), ())
        for key, rule in rules.items():
            if key in self._data:
                self._hold(rule, self._data[key], (key,))
        self._warn_unknown(self._data, _TOP_KEYS, "at root")
        for key in ("files", "exclude"):
            self._warn_slashes(
                self._data.get(key), f"The top-level {key!r} field", f"the slashes in the top-level {key!r} field"
            )
        self._warn_stages(self._data.get("default_stages"), "top-level `default_stages`")

    def _check_repo(self, repo: "Any", path: "Path") -> None:
        if not isinstance(repo, dict):
            return  # told already
        self._require(repo, ("repo", "hooks"), path)
        url = repo.get("repo")
        if "repo" in repo:
            self._hold(keys.text, url, (*path, "repo"))
        if not isinstance(url, str):
            return
        self._warn_unknown(repo, _REPO_KEYS, f"on {on_one_line(url)}")
        self._check_rev(repo, url, path)
        hooks = repo.get("hooks", [])
        self._hold(keys.array(_map), hooks, (*path, "hooks"))
        for index, hook in enumerate(hooks if isinstance(hooks, list) else []):
            if isinstance(hook, dict):
                self._check_hook(hook, url, (*path, "hooks", index))

    def _check_rev(self, repo: "dict[str, Any]", url: str, path: "Path") -> None:
        if url in OWN:
            if "rev" in repo and url != BUILTIN:
                self._findings.add(self._document, (*path, "rev"), f"must be absent when repo is {url}")
            return
        self._require(repo, ("rev",), path)
        if "rev" in repo:
            self._hold(keys.text, repo["rev"], (*path, "rev"))
        rev = repo.get("rev")
        if isinstance(rev, str) and "." not in rev and not re.match(r"^[a-fA-F0-9]+$", rev):
            self.warnings.append(
                f"The 'rev' field of repo {url!r} appears to be a mutable reference (moving tag / branch).  "
                "Mutable references are never updated after first install and are not supported.  "
                "Hint: `gitseq update` often fixes this."
            )

    def _check_hook(self, hook: "dict[str, Any]", url: str, path: "Path") -> None:
        if reason := keys.too_new(hook.get("minimum_pre_commit_version")):
            self._findings.add(self._document, (*path, "minimum_pre_commit_version"), reason)
            return
        self._require(hook, keys.NEEDED if url == LOCAL else ("id",), path)
        for key, rule in keys.KEYS.items():
            if key in hook:
                self._hold(rule, hook[key], (*path, key))
        if url == META:
            self._check_meta(hook, path)
        elif url == BUILTIN and isinstance(hook.get("id"), str) and hook["id"] not in DEFAULTS:
            self._findings.add(self._document, (*path, "id"), one_of(hook["id"], DEFAULTS))
        self._warn_of_hook(hook)

    def _check_meta(self, hook: "dict[str, Any]", path: "Path") -> None:
        name = hook.get("id")
        if isinstance(name, str) and name not in META_NAMES:
            self._findings.add(self._document, (*path, "id"), one_of(name, META_NAMES))
        if "entry" in hook:
            self._findings.add(self._document, (*path, "entry"), "'entry' cannot be overridden")
        if hook.get("language", "unsupported") != "unsupported":
            self._findings.add(self._document, (*path, "language"), "cannot be overridden")

    def _require(self, table: "dict[str, Any]", needed: "tuple[str, ...]", path: "Path") -> None:
        for key in needed:
            if key not in table:
                self._findings.add(self._document, path, f"Missing required key: {key}")

    def _hold(self, rule: "Callable[[Any], Any]", value: "Any", path: "Path") -> None:
        for part, reason in rule(value):
            self._findings.add(self._document, (*path, *part), reason)

    # --- what pre-commit warns of

    def _warn_unknown(self, table: "dict[str, Any]", known: "tuple[str, ...]", where: str) -> None:
        extra = sorted(on_one_line(str(key)) for key in table if key not in known)
        if extra:
            self.warnings.append(f"Unexpected key(s) present {where}: {', '.join(extra)}")

    def _warn_of_hook(self, hook: "dict[str, Any]") -> None:
        name = hook.get("id")
        if not isinstance(name, str):
            return
        for key in ("files", "exclude"):
            field = f"{key!r} field in hook {name!r}"
            self._warn_slashes(hook.get(key), f"The {field}", f"slashes in the {field}")
        self._warn_stages(hook.get("stages"), f"hook id `{on_one_line(name)}`")

    def _warn_slashes(self, pattern: "Any", field: str, inside: str) -> None:
        if not isinstance(pattern, str):
            return
        if "/*" in pattern:
            self.warnings.append(f"{field} is a regex, not a glob -- matching '/*' probably isn't what you want here")
        for slash in _SLASHES:
            if slash in pattern:
                self.warnings.append(
                    f"pre-commit normalizes {inside} to forward slashes, so you can use / instead of {slash}"
                )

    def _warn_stages(self, stages: "Any", whose: str) -> None:
        if not isinstance(stages, list):
            return
        legacy = [stage for stage in stages if isinstance(stage, str) and stage in LEGACY_NAMES]
        if legacy:
            self.warnings.append(
                f"{whose} uses deprecated stage names ({', '.join(legacy)}) which will be removed in a future "
                f"version.  write: {', '.join(keys.stages_of(legacy))}"
            )


def _map(value: "Any") -> "Iterator[tuple[Path, str]]":
    if not isinstance(value, dict):
        yield (), f"must be a map, not {yaml_file.kind_of(value)}"


def _versions(value: "Any") -> "Iterator[tuple[Path, str]]":
    if not isinstance(value, dict):
        yield (), f"must be a map, not {yaml_file.kind_of(value)}"
        return
    for name, version in value.items():
        if name not in keys.LANGUAGES:
            yield (name,), one_of(name, sorted(keys.LANGUAGES))
        else:
            for _part, reason in keys.text(version):
                yield (name,), reason
