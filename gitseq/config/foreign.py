"""What a `.pre-commit-config.yaml` means: its hooks laid over what their repositories offer.

The hooks come out as the tables of a gitseq.toml, so that a local overlay and everything after it treat both alike;
what gitseq.toml has no key for travels beside, in `Table.beyond`.
"""

import os
import re
import shlex

from gitseq.config import foreign_keys as keys
from gitseq.config import manifest
from gitseq.config.explain import Findings, nearest, on_one_line, shown, whole_file
from gitseq.config.foreign_check import BUILTIN as BUILTIN
from gitseq.config.foreign_check import LOCAL as LOCAL
from gitseq.config.foreign_check import META as META
from gitseq.config.foreign_check import META_NAMES, OWN, check
from gitseq.config.meaning import Table
from gitseq.core.builtins import DEFAULTS
from gitseq.core.fastpath import answered
from gitseq.core.installing import names_no_stage
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from gitseq.config.explain import Document
    from gitseq.config.lines import Path

    Fetch = Callable[[str, str], bytes]
    """(url, rev) -> the folder of that repository, checked out at that rev. Raises GitseqError."""
    Content = Callable[[bytes], "bytes | None"]
    """Path of a file -> what it holds, noting that the plan stands on it; None when it is missing."""

META_LANGUAGE = "meta"
"""Of the hooks about the configuration itself: they are started by `languages.meta`."""


class Foreign(Record):
    """A whole file, read."""

    top: "dict[str, Any]"
    """Keys of gitseq.toml that hold for all hooks."""
    hooks: "list[Table]"
    warnings: tuple[str, ...] = ()
    """What pre-commit, too, would warn of at each run."""
    notices: tuple[str, ...] = ()
    """What it says nothing of."""
    install_stages: tuple[str, ...] = ()


def read(document: "Document", fetch: "Fetch | None", content: "Content", *, answers: bool = False) -> Foreign:
    """All of a file, with what its repositories offer. Raises ConfigError that tells all problems; what `fetch` raises.

    Repositories are asked only when the file itself is sound. `answers`: built-in hooks take the place of those of
    pre-commit-hooks, and for these the repository is not asked at all.
    """
    reader = _Reader(document, fetch, content, check(document))
    reader.answers = answers
    return reader.made()


def as_written(document: "Document") -> "list[dict[str, Any]]":
    """The hooks of a file with what it says of each, and nothing that their repositories would add."""
    reader = _Reader(document, None, lambda _path: None, check(document))
    return [reader.whole(hook, repo["repo"]) for repo in document.data["repos"] for hook in repo["hooks"]]


class _Reader:
    """Makes the hooks of a sound file."""

    def __init__(self, document: "Document", fetch: "Fetch | None", content: "Content", warnings: "list[str]") -> None:
        self._document = document
        self._data = document.data
        self._fetch = fetch
        self._content = content
        self._findings = Findings()
        self._warnings = warnings
        self._notices: list[str] = []
        self.answers = False

    def made(self) -> Foreign:
        """All of it."""
        top: dict[str, Any] = {key: self._data[key] for key in ("files", "exclude", "fail_fast") if key in self._data}
        top["exclude"] = excluding(top.get("exclude", "^$"))
        tables: list[Table] = []
        for index, repo in enumerate(self._data["repos"]):
            tables += self._hooks_of(repo, ("repos", index))
        self._findings.raise_any()
        return Foreign(
            top,
            tables,
            tuple(dict.fromkeys(self._warnings)),
            tuple(dict.fromkeys(self._notices)),
            tuple(self._data.get("default_install_hook_types", ())) or self._stages_meant(tables),
        )

    def _stages_meant(self, tables: "list[Table]") -> "tuple[str, ...]":
        """The stages that somebody who wrote this file has in mind, each once.

        A repository that offers a hook names all the stages it could run in; of these, pre-commit alone is meant.
        """
        meant: "dict[str, None]" = {}
        for table in tables:
            _repos, repo, _hooks, hook = table.home[1]
            stages = table.values["stages"]
            written = "stages" in self._data["repos"][repo]["hooks"][hook] or list(stages) == self._default_stages()
            named = stages if written and not names_no_stage(tuple(stages)) else ()
            meant.update(dict.fromkeys(named or [stage for stage in stages if stage == "pre-commit"] or stages))
        return tuple(meant)

    def _hooks_of(self, repo: "dict[str, Any]", path: "Path") -> "Iterator[Table]":
        url = repo["repo"]
        if not repo["hooks"]:
            return
        if url in OWN:
            for index, hook in enumerate(repo["hooks"]):
                here = (*path, "hooks", index)
                self._warn_unknown_keys(url, hook["id"], manifest.unknown_keys(hook))
                yield self._table(self.whole(hook, url), here)
            return
        if self.answers and all(is_answered(url, hook) for hook in repo["hooks"]):
            for index, hook in enumerate(repo["hooks"]):
                here = (*path, "hooks", index)
                self._warn_unknown_keys(url, hook["id"], manifest.unknown_keys(hook))
                yield self._table(self.whole(hook, BUILTIN), here)
            return
        folder, offer = self._offer(url, repo["rev"], path)
        for index, hook in enumerate(repo["hooks"]):
            here = (*path, "hooks", index)
            if self.answers and is_answered(url, hook):
                yield self._table(self.whole(hook, BUILTIN), here)
            elif hook["id"] not in offer.hooks:
                self._findings.add(self._document, (*here, "id"), _absent(hook["id"], url, offer))
            else:
                extra = {*manifest.unknown_keys(hook), *offer.unknown[hook["id"]]}
                self._warn_unknown_keys(url, hook["id"], extra)
                made = merged(offer.hooks[hook["id"]], hook)
                yield self._table(made, here, source=os.fsdecode(folder), repo=f"{url}@{repo['rev']}")

    def _warn_unknown_keys(self, url: str, name: str, extra: "Iterable[str]") -> None:
        told = ", ".join(on_one_line(key) + nearest(key, keys.KEYS) for key in sorted(extra))
        if told:
            self._warnings.append(f"Unexpected key(s) present on {on_one_line(url)} => {on_one_line(name)}: {told}")

    def whole(self, hook: "dict[str, Any]", url: str) -> "dict[str, Any]":
        """A hook with defaults for what the file does not say; of a repository's hook, nothing is known."""
        if url == META:
            return self._meta(hook)
        if url == BUILTIN:
            offer = {"name": hook["id"], "entry": hook["id"], **DEFAULTS[hook["id"]]}
            hook = {**offer, **hook, "language": BUILTIN}
        elif url != LOCAL:
            hook = {"name": hook["id"], "types": [], **hook}
        return manifest.with_defaults(hook)

    def _offer(self, url: str, rev: str, path: "Path") -> "tuple[bytes, manifest.Offer]":
        if self._fetch is None:
            line = self._document.line((*path, "repo"))
            raise whole_file(self._document.name, f"repo {on_one_line(url)} cannot be fetched here", line=line)
        folder, offer = offered(url, rev, self._fetch, self._content)
        if offer.legacy_stages:
            names = ", ".join(offer.legacy_stages)
            self._notices.append(f"repo `{on_one_line(url)}` uses deprecated stage names ({names})")
        return folder, offer

    def _meta(self, hook: "dict[str, Any]") -> "dict[str, Any]":
        name = hook["id"]
        own = os.path.basename(self._document.name)
        config = own if own.startswith(".pre-commit-config.") else ".pre-commit-config.yaml"
        told = {"verbose": True} if name == "identity" else {"files": f"^{re.escape(config)}$"}
        offer = {"name": META_NAMES[name], "entry": name, **told}
        return {**manifest.with_defaults({**offer, **hook}), "language": META_LANGUAGE}

    def _table(self, hook: "dict[str, Any]", path: "Path", *, source: str = "", repo: str = "") -> Table:
        """A hook with all of its keys as the table of a gitseq.toml."""
        version = hook["language_version"]
        if version == "default":
            version = self._language_versions().get(hook["language"], "default")
        hook = {**hook, "language_version": version, "stages": hook["stages"] or self._default_stages()}
        self._refuse_environment(hook, path)
        table = Table(self._document, path, values_of(hook, self._problem_at((*path, "entry"))))
        table.beyond = {**beyond_of(hook), "source": source, "repo": repo}
        return table

    def _problem_at(self, path: "Path") -> "Callable[[str], None]":
        return lambda reason: self._findings.add(self._document, path, reason)

    def _language_versions(self) -> "dict[str, str]":
        given = self._data.get("default_language_version", {})
        return {keys.language_of(name): version for name, version in given.items()}

    def _default_stages(self) -> "list[str]":
        return keys.stages_of(self._data.get("default_stages", keys.STAGES))

    def _refuse_environment(self, hook: "dict[str, Any]", path: "Path") -> None:
        language = hook["language"]
        if language not in keys.WITHOUT_ENVIRONMENT and language not in (META_LANGUAGE, BUILTIN):
            return
        for key, default in (("language_version", "default"), ("additional_dependencies", [])):
            if hook[key] != default:
                self._findings.add(
                    self._document,
                    (*path, key),
                    f"The hook `{hook['id']}` specifies `{key}` but is using language `{language}` which does not "
                    "install an environment.  Perhaps you meant to use a specific language?",
                )


def is_answered(url: str, hook: "dict[str, Any]") -> bool:
    """Whether a built-in hook is what the user would get; not of one that is installed or started in another way."""
    changed = ("entry", "language", "language_version", "additional_dependencies")
    return answered(url, hook["id"]) and not any(key in hook for key in changed)


# --- also of use for `[[repo]]` in gitseq.toml ----------------------------------------------------


def offered(url: str, rev: str, fetch: "Fetch", content: "Content") -> "tuple[bytes, manifest.Offer]":
    """The folder of a repository and what it offers there. Raises ConfigError, and what `fetch` raises."""
    folder = fetch(url, rev)
    name = f"{on_one_line(url)}@{on_one_line(rev)}: {os.fsdecode(manifest.FILE)}"
    data = content(os.path.join(folder, manifest.FILE))
    if data is None:  # a `gitseq env gc` may have come in between: nobody has noted yet that it is used
        folder = fetch(url, rev)
        data = content(os.path.join(folder, manifest.FILE))
    if data is None:
        raise whole_file(name, "there is no such file, so this repository offers no hooks")
    return folder, manifest.parse(data, name)


def merged(offer: "dict[str, Any]", wanted: "dict[str, Any]") -> "dict[str, Any]":
    """What a manifest says of a hook, overlaid key by key with what the configuration says; lists are replaced."""
    return manifest.normal({**offer, **{key: value for key, value in wanted.items() if key in keys.KEYS}})


def values_of(hook: "dict[str, Any]", problem: "Callable[[str], None]") -> "dict[str, Any]":
    """The keys of gitseq.toml that say what a whole hook of pre-commit's says. A command that cannot be one is told."""
    alike = ("alias", "files", "exclude", "types", "types_or", "exclude_types", "stages", "pass_filenames")
    more = ("always_run", "fail_fast", "verbose", "log_file", "description", "id")
    values = {key: hook[key] for key in (*alike, *more)}
    values["exclude"] = excluding(hook["exclude"])
    values["name"] = "".join(char if char >= " " and char != "\x7f" else " " for char in hook["name"])
    if hook["language"] == BUILTIN:
        return {**values, "builtin": hook["id"], "args": hook["args"]}
    argv: "tuple[str, ...]" = ()
    try:
        argv = argv_of(hook)
    except ValueError as error:
        problem(f"cannot be split into words: {str(error).lower()}")
    if argv[:1] in ((), ("",)) and hook["language"] not in ("fail", "pygrep"):
        problem("names no command")
    of_the_language = ("language", "language_version", "additional_dependencies")
    return {**values, "run": shlex.join(argv), **{key: hook[key] for key in of_the_language}}


def excluding(pattern: str) -> str:
    """A pattern of files to leave out in our spelling: '' finds every name in pre-commit, and means none to us."""
    return pattern or "(?:)"


def argv_of(hook: "dict[str, Any]") -> "tuple[str, ...]":
    """The command of a hook without files; for pygrep its options and the pattern. ValueError for unbalanced quotes."""
    if hook["language"] == "fail":
        return (hook["entry"],)
    if hook["language"] == "pygrep":
        return (*hook["args"], hook["entry"])
    return (*shlex.split(hook["entry"]), *hook["args"])


def beyond_of(hook: "dict[str, Any]") -> "dict[str, Any]":
    """The fields of a `model.Hook` that gitseq.toml has no key for."""
    if hook["language"] == BUILTIN:
        return {"builtin": hook["id"], "argv": tuple(hook["args"])}
    return {} if hook["stages"] else {"stages": ()}  # default_stages is empty; left out, it would be pre-commit


def _absent(name: str, url: str, offer: "manifest.Offer") -> str:
    near = nearest(name, offer.hooks)
    return (
        f"`{shown(name)}` is not present in repository {on_one_line(url)}{near}.  "
        "Typo? Perhaps it is introduced in a newer version?  Often `gitseq update` fixes this."
    )
