"""`.pre-commit-config.yaml` as a gitseq.toml with the same hooks in the same order, and the comments that stood there.

Left out without a word: `require_serial`, for gitseq runs one call at a time anyway, and
`minimum_pre_commit_version`, for it stands in for a pre-commit that is new enough.
"""

import shlex

from gitseq.config import foreign, yaml_file
from gitseq.config import foreign_keys as keys
from gitseq.config.explain import on_one_line
from gitseq.config.migrate.comments import Comments
from gitseq.config.migrate.draft import Draft, Item
from gitseq.core.stages import STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.lines import Path

_TOP = ("default_stages", "fail_fast", "files", "exclude")
_TOP_KEYS = (
    *_TOP,
    *("repos", "default_install_hook_types", "default_language_version", "minimum_pre_commit_version", "ci"),
)
_OWN = (foreign.LOCAL, foreign.META, foreign.BUILTIN)
_SAME = ("alias", "description", "types", "types_or", "exclude_types", "files", "exclude", "stages", "pass_filenames")
_MORE = ("always_run", "fail_fast", "verbose", "log_file")
_REMOTE = ("args", "additional_dependencies", "language_version")
_META = "it looks at .pre-commit-config.yaml, which is no longer read"


def migrate(text: str, shown: str) -> Draft:
    """What the file says, as far as gitseq.toml can say it. Raises ConfigError for a file that pre-commit refuses."""
    document = yaml_file.parse(text, shown)
    foreign.as_written(document)
    return _Migration(document.data, shown, Comments(text, document.root)).draft


class _Migration:
    def __init__(self, data: "dict[str, Any]", shown: str, comments: Comments) -> None:
        self._data = data
        self._comments = comments
        self.draft = Draft(shown)
        self._top()
        for index, repo in enumerate(data["repos"]):
            self._repo(repo, index)
        self.draft.end = comments.within()

    # --- the top

    def _top(self) -> None:
        data = self._data
        values = {key: data[key] for key in _TOP if key in data}
        # hooks that name no stage run in all of pre-commit's; ours would run in pre-commit alone
        values = {"default_stages": keys.stages_of(data.get("default_stages", list(keys.STAGES))), **values}
        values["default_stages"] = keys.stages_of(values["default_stages"])
        if "exclude" in values:
            values["exclude"] = foreign.excluding(values["exclude"])
        if not values["default_stages"]:
            del values["default_stages"]
            self.draft.lost.append(
                "default_stages: []: hooks that name no stage did not run; they run in pre-commit now"
            )
        self.draft.add(self._item("", values, (), ()))
        self._left_out()

    def _left_out(self) -> None:
        data, draft = self._data, self.draft
        if stages := data.get("default_install_hook_types"):
            draft.notes.append(f"default_install_hook_types: install them with `gitseq install {' '.join(stages)}`")
        for language, version in data.get("default_language_version", {}).items():
            draft.lost.append(
                f"default_language_version: {language} = {version}; write language_version into the hooks that need it"
            )
        if "ci" in data:
            draft.notes.append("ci: settings of a service that reads .pre-commit-config.yaml; they are left out")
        if extra := sorted(on_one_line(str(key)) for key in data if key not in _TOP_KEYS):
            draft.notes.append(f"unknown keys, which pre-commit ignores, are left out: {', '.join(extra)}")

    # --- repositories and hooks

    def _repo(self, repo: "dict[str, Any]", index: int) -> None:
        url, path = repo["repo"], ("repos", index)
        above = (*self._comments.above(*path), *self._comments.above(*path, "repo"))
        if url not in _OWN:
            values = {"url": url, "rev": repo["rev"]}
            item = self._item("repo", values, path, ("url=repo",))
            self.draft.add(item.replace(above=(*above, *item.above)))
            above = ()
        for number, hook in enumerate(repo["hooks"]):
            made = self._hook(hook, url, (*path, "hooks", number))
            self.draft.add(made.replace(above=(*above, *made.above)))
            above = ()
        if left := self._comments.within(*path):
            self.draft.add(Item("", {}, left))

    def _hook(self, hook: "dict[str, Any]", url: str, path: "Path") -> Item:
        if url == foreign.LOCAL:
            name, (values, off) = "hook", self._local(hook)
        elif url == foreign.META:
            name, values, off = "hook", {"id": hook["id"], **self._kept(hook)}, _META
        elif url == foreign.BUILTIN:
            args = {"args": hook["args"]} if hook.get("args") else {}
            named = {"name": hook["name"]} if "name" in hook else {}
            name, off = "hook", ""
            values = {**self._identity(hook["id"], hook), **named, "builtin": hook["id"], **args, **self._kept(hook)}
        else:
            name, (values, off) = "repo.hook", self._remote(hook)
        if extra := sorted(on_one_line(key) for key in hook if key not in keys.KEYS):
            self.draft.notes.append(f"hook `{hook['id']}`: unknown keys are left out: {', '.join(extra)}")
        item = self._item(name, values, path, ("run=entry", "builtin=id"))
        return item.replace(off=off)

    def _local(self, hook: "dict[str, Any]") -> "tuple[dict[str, Any], str]":
        language = keys.language_of(hook["language"])
        values = self._identity(hook["id"], hook)
        if hook["name"] != values["id"]:
            values["name"] = "".join(char if char.isprintable() else " " for char in hook["name"])
        kept = self._kept(hook)
        if language == "fail":
            self.draft.notes.append(f"hook `{hook['id']}`: language fail becomes a script that does the same")
            return {**values, "run": _fail_script(hook["entry"]), "shell": True, **kept}, ""
        try:
            argv = [*shlex.split(hook["entry"]), *hook.get("args", [])]
        except ValueError as error:
            return {**values, "run": hook["entry"], **kept}, f"its entry cannot be split into words: {error}"
        if language == "script" and argv and "/" not in argv[0]:
            argv[0] = "./" + argv[0]
        off = "" if language in ("system", "script") else _needs_environment(language, hook)
        return {**values, "run": shlex.join(argv), **kept}, off

    def _identity(self, name: str, hook: "dict[str, Any]") -> "dict[str, Any]":
        """An id of its own; the old one stays the hook's second name, by which SKIP and `run` find it."""
        wanted = name.replace(",", "-").strip() or "hook"
        own = self.draft.unique(f"{wanted}-hook" if wanted in STAGES else wanted)
        if own == name:
            return {"id": own}
        if hook.get("alias") or "," in name:
            self.draft.lost.append(f"hook `{name}`: the name is taken or not possible; it is `{own}` now")
            return {"id": own}
        self.draft.notes.append(f"hook `{name}` is `{own}` now, for ids are given once; its alias is `{name}`")
        return {"id": own, "alias": name}

    def _remote(self, hook: "dict[str, Any]") -> "tuple[dict[str, Any], str]":
        values = {"id": hook["id"], **{key: hook[key] for key in ("name",) if key in hook}}
        values |= {key: hook[key] for key in _REMOTE if key in hook}
        changed = [key for key in ("entry", "language") if key in hook]
        off = f"it changes {' and '.join(changed)} of a hook from another repository" if changed else ""
        return {**values, **self._kept(hook)}, off

    def _kept(self, hook: "dict[str, Any]") -> "dict[str, Any]":
        values = {key: hook[key] for key in (*_SAME, *_MORE) if key in hook and not (key == "alias" and not hook[key])}
        if "stages" in values:
            values["stages"] = keys.stages_of(values["stages"])
            if not values["stages"]:
                del values["stages"]  # as if it were not there
        if "exclude" in values:
            values["exclude"] = foreign.excluding(values["exclude"])
        if values.get("log_file") == "":
            del values["log_file"]
        return values

    # --- comments

    def _item(self, name: str, values: "dict[str, Any]", path: "Path", renamed: "tuple[str, ...]") -> Item:
        """A table with the comments of the keys it was made from."""
        origin = dict(pair.split("=") for pair in renamed)
        above, above_keys, beside = list(self._comments.above(*path)) if path else [], {}, {}
        for number, key in enumerate(values):
            old = origin.get(key, key)
            lines = self._comments.above(*path, old)
            if number and lines:
                above_keys[key] = lines
            else:
                above += lines
            if text := self._comments.beside(*path, old):
                beside[key] = text
        if name in ("hook", "repo.hook"):
            above += self._comments.within(*path)
        return Item(name, values, tuple(above), above_keys, beside)


def _fail_script(entry: str) -> str:
    return f"printf '%s\\n\\n' {shlex.quote(entry)}\nprintf '%s\\n' \"$@\"\nexit 1\n"


def _needs_environment(language: str, hook: "dict[str, Any]") -> str:
    if language == "pygrep":
        return "language pygrep: a search by a regular expression of Python's has no command of its own"
    wanted = hook.get("additional_dependencies")
    told = f" with {', '.join(wanted)}" if wanted else ""
    return f"language {language}: install what it needs{told} yourself, and take the comments away"
