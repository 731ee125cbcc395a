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
from gitseq.core.builtins import DEFAULTS
from gitseq.core.stages import STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gitseq.config.lines import Path
    from gitseq.config.meaning import Vet

_TOP = ("default_stages", "default_language_version", "fail_fast", "files", "exclude")
_TOP_KEYS = (*_TOP, "repos", "default_install_hook_types", "minimum_pre_commit_version", "ci")
_OWN = (foreign.LOCAL, foreign.META, foreign.BUILTIN)
_SAME = ("alias", "description", "types", "types_or", "exclude_types", "files", "exclude", "stages", "pass_filenames")
_MORE = ("always_run", "fail_fast", "verbose", "log_file")
_OF_THE_INSTALLATION = ("additional_dependencies", "language_version")
_META = "it looks at .pre-commit-config.yaml, which is no longer read"


def migrate(text: str, shown: str, vet: "Vet | None" = None, *, answers: bool = True) -> Draft:
    """What the file says, as far as gitseq.toml can say it. Raises ConfigError for a file that pre-commit refuses.

    `answers`: hooks of pre-commit-hooks become those inside gitseq that take their place anyway, but for one whose
    arguments `vet` has something against.
    """
    document = yaml_file.parse(text, shown)
    foreign.as_written(document)
    inside = (lambda hook: vet is None or not vet(hook["id"], tuple(hook.get("args", ())))) if answers else None
    return _Migration(document.data, shown, Comments(text, document.root), inside).draft


class _Migration:
    def __init__(
        self, data: "dict[str, Any]", shown: str, comments: Comments, inside: "Callable[[dict[str, Any]], bool] | None"
    ) -> None:
        self._data = data
        self._inside = inside
        self._comments = comments
        self.draft = Draft(shown)
        heads = next(iter(data)) == "repos"  # then what stands before it is about the file
        if heads:
            self._before_the_hooks()
        self._top()
        if not heads:
            self._before_the_hooks()
        for index, repo in enumerate(data["repos"]):
            self._repo(repo, index)
        self.draft.end = comments.within()

    # --- the top

    def _before_the_hooks(self) -> None:
        if above := self._comments.above("repos"):
            self.draft.items.append(Item("", {}, above))

    def _top(self) -> None:
        data = self._data
        # hooks that name no stage run in all of pre-commit's; ours would run in pre-commit alone
        values = {"default_stages": [], **{key: data[key] for key in _TOP if key in data}}
        values["default_stages"] = self._default_stages()
        if "exclude" in values:
            values["exclude"] = foreign.excluding(values["exclude"])
        if not values["default_stages"]:
            del values["default_stages"]
            self.draft.lost.append(
                "default_stages: []: hooks that name no stage did not run; they run in pre-commit now"
            )
        self.draft.add(self._item("", values, (), ()))
        self._left_out()

    def _default_stages(self) -> "list[str]":
        return keys.stages_of(self._data.get("default_stages", list(keys.STAGES)))

    def _left_out(self) -> None:
        data, draft = self._data, self.draft
        if stages := data.get("default_install_hook_types"):
            draft.notes.append(f"default_install_hook_types: install them with `gitseq install {' '.join(stages)}`")
        if "ci" in data:
            draft.notes.append("ci: settings of a service that reads .pre-commit-config.yaml; they are left out")
        if extra := sorted(on_one_line(str(key)) for key in data if key not in _TOP_KEYS):
            draft.notes.append(f"unknown keys, which pre-commit ignores, are left out: {', '.join(extra)}")

    # --- repositories and hooks

    def _repo(self, repo: "dict[str, Any]", index: int) -> None:
        url, path = repo["repo"], ("repos", index)
        above = (*self._comments.above(*path), *self._comments.above(*path, "repo"))
        homes = [self._home(hook, url) for hook in repo["hooks"]]
        inside = [hook["id"] for hook, home in zip(repo["hooks"], homes, strict=True) if home != url]
        if inside:
            self.draft.notes.append(f"{on_one_line(url)}: inside gitseq are {', '.join(inside)}")
        is_open = False  # whether a [[repo.hook]] that stands here belongs to this repository
        for number, (hook, home) in enumerate(zip(repo["hooks"], homes, strict=True)):
            if url == foreign.META and hook["id"] != "identity":
                self.draft.notes.append(f"hook `{hook['id']}` is left out: {_META}")
                continue
            made = self._hook(hook, home, (*path, "hooks", number))
            if made.name == "repo.hook" and not is_open:
                item = self._item("repo", {"url": url, "rev": repo["rev"]}, path, ("url=repo",))
                self.draft.add(item.replace(above=(*above, *item.above)))
                above = ()
            is_open = made.name == "repo.hook"
            self.draft.add(made.replace(above=(*above, *made.above)))
            above = ()
        if left := [text for text in (*above, *self._comments.within(*path)) if not text.startswith("frozen: ")]:
            self.draft.add(Item("", {}, tuple(left)))

    def _home(self, hook: "dict[str, Any]", url: str) -> str:
        """The repository of a hook, or that it lies inside gitseq."""
        if url in _OWN or self._inside is None or not foreign.is_answered(url, hook) or not self._inside(hook):
            return url
        return foreign.BUILTIN

    def _hook(self, hook: "dict[str, Any]", url: str, path: "Path") -> Item:
        if url == foreign.LOCAL:
            name, (values, off) = "hook", self._local(hook)
        elif url == foreign.META:
            name, values, off = "hook", {"id": hook["id"], **self._kept(hook)}, _META
        elif url == foreign.BUILTIN:
            args = {"args": hook["args"]} if hook.get("args") else {}
            name, off = "hook", ""
            identity = self._identity(hook["id"], hook)
            own = {} if identity["id"] == hook["id"] else {"name": DEFAULTS[hook["id"]]["name"]}
            values = {**identity, **own, **_named(hook), "builtin": hook["id"], **args}
            values |= {**self._stages_of_builtin(hook["id"]), **self._kept(hook)}
        else:
            name, values, off = "repo.hook", self._remote(hook), ""
        if extra := sorted(on_one_line(key) for key in hook if key not in keys.KEYS):
            self.draft.notes.append(f"hook `{hook['id']}`: unknown keys are left out: {', '.join(extra)}")
        item = self._item(name, values, path, ("run=entry", "builtin=id"))
        return item.replace(off=off)

    def _local(self, hook: "dict[str, Any]") -> "tuple[dict[str, Any], str]":
        language = keys.language_of(hook["language"])
        values = self._identity(hook["id"], hook)
        if hook["name"] != values["id"]:
            values |= _named(hook)
        kept = {**{key: hook[key] for key in _OF_THE_INSTALLATION if key in hook}, **self._kept(hook)}
        try:
            argv = [*foreign.argv_of({"args": [], **hook, "language": language})]
        except ValueError as error:
            return {**values, "run": hook["entry"], **kept}, f"its entry cannot be split into words: {error}"
        if language == "script" and argv and "/" not in argv[0]:
            argv[0] = "./" + argv[0]
        named = {} if language in ("system", "script") else {"language": language}
        return {**values, "run": shlex.join(argv), **named, **kept}, ""

    def _stages_of_builtin(self, name: str) -> "dict[str, Any]":
        """In pre-commit the stages a hook is made for go before default_stages; in gitseq.toml, both count."""
        made_for = DEFAULTS[name].get("stages", ())
        both = [stage for stage in self._default_stages() if stage in made_for]
        return {} if sorted(both or made_for) == sorted(made_for) else {"stages": list(made_for)}

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

    def _remote(self, hook: "dict[str, Any]") -> "dict[str, Any]":
        values = {"id": hook["id"], **_named(hook)}
        if "entry" in hook:
            values["run"] = hook["entry"]
        if "language" in hook:
            values["language"] = keys.language_of(hook["language"])
        values |= {key: hook[key] for key in ("args", *_OF_THE_INSTALLATION) if key in hook}
        return {**values, **self._kept(hook)}

    def _kept(self, hook: "dict[str, Any]") -> "dict[str, Any]":
        values = {key: hook[key] for key in (*_SAME, *_MORE) if key in hook and not (key == "alias" and not hook[key])}
        if "stages" in values:
            values["stages"] = keys.stages_of(values["stages"])
            if not values["stages"]:  # as if neither this hook nor what it is laid over had named one
                values["stages"] = self._default_stages()
            if not values["stages"]:
                del values["stages"]
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


def _named(hook: "dict[str, Any]") -> "dict[str, str]":
    """The name of a hook, if it has one, as one line."""
    if "name" not in hook:
        return {}
    return {"name": "".join(char if char.isprintable() else " " for char in hook["name"])}
