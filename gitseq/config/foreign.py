"""What a `.pre-commit-config.yaml` means: its hooks laid over what their repositories offer.

The hooks come out as the tables of a gitseq.toml, so that a local overlay and everything after it treat both alike;
what gitseq.toml has no key for travels beside, in `Table.beyond`.
"""

import os
import re
import shlex

from gitseq.config import foreign_keys as keys
from gitseq.config import manifest, yaml_file
from gitseq.config.availability import refusal
from gitseq.config.explain import Findings, nearest, on_one_line, one_of, shown, whole_file
from gitseq.config.meaning import Table
from gitseq.core.stages import LEGACY_NAMES
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

LOCAL, META, BUILTIN = "local", "meta", "builtin"
_OWN = (LOCAL, META, BUILTIN)
META_LANGUAGE = "meta"
"""Of the hooks about the configuration itself: they are started by `languages.meta`."""

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
_META_NAMES = {
    "check-hooks-apply": "Check hooks apply to the repository",
    "check-useless-excludes": "Check for useless excludes",
    "identity": "identity",
}
_SLASHES = (r"[\\/]", r"[\/]", r"[/\\]")


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


def read(document: "Document", fetch: "Fetch | None", content: "Content") -> Foreign:
    """All of a file, with what its repositories offer. Raises ConfigError that tells all problems; what `fetch` raises.

    Repositories are asked only when the file itself is sound.
    """
    reader = _Reader(document, fetch, content)
    reader.check()
    return reader.made()


def as_written(document: "Document") -> "list[dict[str, Any]]":
    """The hooks of a file with what it says of each, and nothing that their repositories would add."""
    reader = _Reader(document, None, lambda _path: None)
    reader.check()
    return [reader.whole(hook, repo["repo"]) for repo in document.data["repos"] for hook in repo["hooks"]]


class _Reader:
    def __init__(self, document: "Document", fetch: "Fetch | None", content: "Content") -> None:
        self._document = document
        self._data = document.data
        self._fetch = fetch
        self._content = content
        self._findings = Findings()
        self._warnings: list[str] = []
        self._notices: list[str] = []

    # --- is it sound?

    def check(self) -> None:
        """Raise ConfigError unless every value of the file is one that pre-commit would take."""
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
        if url in _OWN:
            if "rev" in repo and url != BUILTIN:
                self._findings.add(self._document, (*path, "rev"), f"must be absent when repo is {url}")
            return
        self._require(repo, ("rev",), path)
        if "rev" in repo:
            self._hold(keys.text, repo["rev"], (*path, "rev"))
        rev = repo.get("rev")
        if isinstance(rev, str) and "." not in rev and not re.match(r"^[a-fA-F0-9]+$", rev):
            self._warnings.append(
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
        self._warn_of_hook(hook)

    def _check_meta(self, hook: "dict[str, Any]", path: "Path") -> None:
        name = hook.get("id")
        if isinstance(name, str) and name not in _META_NAMES:
            self._findings.add(self._document, (*path, "id"), one_of(name, _META_NAMES))
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
            self._warnings.append(f"Unexpected key(s) present {where}: {', '.join(extra)}")

    def _warn_of_hook(self, hook: "dict[str, Any]") -> None:
        name = hook.get("id")
        if not isinstance(name, str):
            return
        for key in ("files", "exclude"):
            field = f"{key!r} field in hook {name!r}"
            self._warn_slashes(hook.get(key), f"The {field}", f"slashes in the {field}")
        self._warn_stages(hook.get("stages"), f"hook id `{on_one_line(name)}`")

    def _warn_unknown_keys(self, url: str, name: str, extra: "Iterable[str]") -> None:
        told = ", ".join(on_one_line(key) + nearest(key, keys.KEYS) for key in sorted(extra))
        if told:
            self._warnings.append(f"Unexpected key(s) present on {on_one_line(url)} => {on_one_line(name)}: {told}")

    def _warn_slashes(self, pattern: "Any", field: str, inside: str) -> None:
        if not isinstance(pattern, str):
            return
        if "/*" in pattern:
            self._warnings.append(f"{field} is a regex, not a glob -- matching '/*' probably isn't what you want here")
        for slash in _SLASHES:
            if slash in pattern:
                self._warnings.append(
                    f"pre-commit normalizes {inside} to forward slashes, so you can use / instead of {slash}"
                )

    def _warn_stages(self, stages: "Any", whose: str) -> None:
        if not isinstance(stages, list):
            return
        legacy = [stage for stage in stages if isinstance(stage, str) and stage in LEGACY_NAMES]
        if legacy:
            self._warnings.append(
                f"{whose} uses deprecated stage names ({', '.join(legacy)}) which will be removed in a future "
                f"version.  write: {', '.join(keys.stages_of(legacy))}"
            )

    # --- what it means

    def made(self) -> Foreign:
        """The hooks of a sound file."""
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
            tuple(self._data.get("default_install_hook_types", ())),
        )

    def _hooks_of(self, repo: "dict[str, Any]", path: "Path") -> "Iterator[Table]":
        url = repo["repo"]
        if not repo["hooks"]:
            return
        if url in _OWN:
            for index, hook in enumerate(repo["hooks"]):
                here = (*path, "hooks", index)
                reason = refusal(("hook", "builtin"), hook["id"]) if url == BUILTIN else ""
                if reason:
                    self._findings.add(self._document, (*here, "id"), reason)
                self._warn_unknown_keys(url, hook["id"], manifest.unknown_keys(hook))
                yield self._table(self.whole(hook, url), here)
            return
        folder, offer = self._offer(url, repo["rev"], path)
        for index, hook in enumerate(repo["hooks"]):
            here = (*path, "hooks", index)
            if hook["id"] not in offer.hooks:
                self._findings.add(self._document, (*here, "id"), _absent(hook["id"], url, offer))
            else:
                extra = {*manifest.unknown_keys(hook), *offer.unknown[hook["id"]]}
                self._warn_unknown_keys(url, hook["id"], extra)
                made = merged(offer.hooks[hook["id"]], hook)
                yield self._table(made, here, source=os.fsdecode(folder), repo=f"{url}@{repo['rev']}")

    def whole(self, hook: "dict[str, Any]", url: str) -> "dict[str, Any]":
        """A hook with defaults for what the file does not say; of a repository's hook, nothing is known."""
        if url == META:
            return self._meta(hook)
        if url == BUILTIN:
            hook = {"name": hook["id"], "entry": hook["id"], **hook, "language": BUILTIN}
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
        offer = {"name": _META_NAMES[name], "entry": name, **told}
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


# --- also of use for `[[repo]]` in gitseq.toml ----------------------------------------------------


def offered(url: str, rev: str, fetch: "Fetch", content: "Content") -> "tuple[bytes, manifest.Offer]":
    """The folder of a repository and what it offers there. Raises ConfigError, and what `fetch` raises."""
    folder = fetch(url, rev)
    name = f"{on_one_line(url)}@{on_one_line(rev)}: {os.fsdecode(manifest.FILE)}"
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
    return {**values, "run": shlex.join(argv)}


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
    never = {} if hook["stages"] else {"stages": ()}  # default_stages is empty; left out, it would be pre-commit
    return {
        "language": hook["language"],
        "language_version": hook["language_version"],
        "dependencies": tuple(hook["additional_dependencies"]),
        **never,
    }


def _absent(name: str, url: str, offer: "manifest.Offer") -> str:
    near = nearest(name, offer.hooks)
    return (
        f"`{shown(name)}` is not present in repository {on_one_line(url)}{near}.  "
        "Typo? Perhaps it is introduced in a newer version?  Often `gitseq update` fixes this."
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
