"""lefthook.yml as a gitseq.toml: each command, script and job is a hook of its own."""

from gitseq.config import yaml_file
from gitseq.config.explain import on_one_line
from gitseq.config.migrate.commands import glob_filter, hook_of
from gitseq.config.migrate.comments import Comments
from gitseq.config.migrate.draft import Draft, Item
from gitseq.config.schema import SKIP_MOMENTS
from gitseq.core.stages import GIT_STAGES, MESSAGE, STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.lines import Path

    Job = tuple[str, dict[str, Any], Path]
    """Name, settings, and where in the file."""

_FILES = ("{staged_files}", "{push_files}")
_OTHER_FILES = ("{all_files}", "{files}")
_NO_MATTER = frozenset(
    (
        "min_version",
        "output",
        "skip_output",
        "colors",
        "no_tty",
        "assert_lefthook_installed",
        "source_dir",
        "source_dir_local",
    )
)
_STAGE_KEYS = frozenset(
    (
        "commands",
        "scripts",
        "jobs",
        "parallel",
        "piped",
        "follow",
        "skip",
        "tags",
        "exclude_tags",
        "files",
    )
)
_KNOWN = frozenset(
    (
        "run",
        "script",
        "runner",
        "name",
        "glob",
        "exclude",
        "tags",
        "env",
        "root",
        "stage_fixed",
        "interactive",
        "use_stdin",
        "skip",
        "priority",
        "args",
    )
)
_OF_A_GROUP = ("glob", "exclude", "root", "env", "tags")
_LAST = 1 << 30


def migrate(text: str, shown: str) -> Draft:
    """What the file says, as far as gitseq.toml can say it. Raises ConfigError for what is no YAML."""
    document = yaml_file.parse(text, shown)
    return _Migration(document.data, shown, Comments(text, document.root)).draft


class _Migration:
    def __init__(self, data: "dict[str, Any]", shown: str, comments: Comments) -> None:
        self._comments = comments
        self.draft = Draft(shown)
        folder = data.get("source_dir", ".lefthook")
        self._folder = folder if isinstance(folder, str) else ".lefthook"
        for key, value in data.items():
            if key in GIT_STAGES and isinstance(value, dict):
                self._stage(key, value)
            elif key not in _NO_MATTER:
                told = "git has no such hook; see `gitseq exec`" if isinstance(value, dict) else "is left out"
                self.draft.lost.append(f"{on_one_line(str(key))}: {told}")
        self.draft.end = comments.within()

    def _stage(self, stage: str, settings: "dict[str, Any]") -> None:
        for key in sorted(set(settings) - _STAGE_KEYS):
            self.draft.lost.append(f"{stage}: {on_one_line(str(key))} is left out")
        if settings.get("parallel"):
            self.draft.notes.append(f"{stage}: parallel: hooks run one at a time, in the order of the file")
        shared: "dict[str, Any]" = {key: settings[key] for key in ("skip", "files") if key in settings}
        shared["fail_fast"] = bool(settings.get("piped"))
        above = self._comments.above(stage)
        for name, job, path in self._jobs(stage, settings):
            item = self._hook(stage, name, {**shared, **job}, above)
            above = ()
            self.draft.add(item.replace(above=(*item.above, *self._comments.within(*path))))

    def _jobs(self, stage: str, settings: "dict[str, Any]") -> "list[Job]":
        """All that runs in a stage, in lefthook's order."""
        found: "list[Job]" = []
        commands = _maps(settings.get("commands"))
        for name in sorted(commands, key=lambda name: (commands[name].get("priority") or _LAST, name)):
            found.append((name, commands[name], (stage, "commands", name)))
        for name, script in _maps(settings.get("scripts")).items():
            found.append((name, {**script, "script": name}, (stage, "scripts", name)))
        jobs = settings.get("jobs")
        for index, job in enumerate(jobs if isinstance(jobs, list) else []):
            path = (stage, "jobs", index)
            flat = _flat(job if isinstance(job, dict) else {}, f"job-{index + 1}")
            found += [(name, inner, path) for name, inner in flat]
        return found

    def _hook(self, stage: str, name: str, job: "dict[str, Any]", above: "tuple[str, ...]") -> Item:
        wanted = on_one_line(name).replace(",", "-").strip() or "job"
        own = self.draft.unique(f"{wanted}-hook" if wanted in STAGES else wanted, stage)
        values: "dict[str, Any]" = {"id": own, **self._command(stage, job), "stages": [stage]}
        values |= self._filters(job)
        if isinstance(job.get("env"), dict):
            values["env"] = {str(key): str(value) for key, value in job["env"].items()}
        for theirs, ours, value in (("stage_fixed", "fixes", "stage"), ("use_stdin", "stdin", True)):
            if job.get(theirs):
                values[ours] = value
        if job.get("interactive"):
            values["interactive"] = True
        if job.get("fail_fast"):
            values["fail_fast"] = True
        if job.get("root"):
            values["root"] = str(job["root"])
        if tags := _list(job.get("tags")):
            values["groups"] = tags
        for key in sorted(set(job) - _KNOWN - {"fail_fast"}):
            self.draft.lost.append(f"hook `{own}`: {on_one_line(str(key))} is left out")
        return Item("hook", values, above, off=self._off(job, values))

    def _command(self, stage: str, job: "dict[str, Any]") -> "dict[str, Any]":
        if script := job.get("script"):
            words = [str(job["runner"])] if job.get("runner") else []
            run = " ".join([*words, f"{self._folder}/{stage}/{script}"])
            return {"run": run} if STAGES[stage].files == MESSAGE else {"run": run, "pass_filenames": False}
        run = str(job.get("run", ""))
        if STAGES[stage].files == MESSAGE:
            return hook_of(run, ("{1}", "{0}", "$1"))
        return hook_of(run, _FILES)

    def _filters(self, job: "dict[str, Any]") -> "dict[str, Any]":
        values: "dict[str, Any]" = {}
        if globs := _list(job.get("glob")):
            values["files"] = glob_filter([_deep(glob) for glob in globs], any_depth=True)
        exclude = job.get("exclude")
        if isinstance(exclude, str):
            values["exclude"] = exclude
        elif globs := _list(exclude):
            values["exclude"] = glob_filter([_deep(glob) for glob in globs], any_depth=True)
        return values

    def _off(self, job: "dict[str, Any]", values: "dict[str, Any]") -> str:
        skip = job.get("skip")
        if skip is True:
            return "skip: true"
        if any(files in str(job.get("run")) for files in _OTHER_FILES):
            return "it asks for other files than those of its stage"
        moments = [moment for moment in _list(skip) if moment in SKIP_MOMENTS]
        if moments:
            values["skip_on"] = moments
        conditions = skip if isinstance(skip, list) else [skip] if skip else []
        if len(moments) < len(conditions):
            self.draft.lost.append(f"hook `{values['id']}`: a condition of its skip is left out")
        return ""


def _flat(job: "dict[str, Any]", name: str) -> "list[tuple[str, dict[str, Any]]]":
    """A job, or the jobs of a group with what the group says of all of them."""
    name = str(job.get("name", name))
    group = job.get("group")
    if not isinstance(group, dict):
        return [(name, job)]
    shared = {key: job[key] for key in _OF_A_GROUP if key in job}
    shared["fail_fast"] = bool(group.get("piped"))
    inner = group.get("jobs")
    found = []
    for index, one in enumerate(inner if isinstance(inner, list) else []):
        found += _flat({**shared, **one} if isinstance(one, dict) else {}, f"{name}-{index + 1}")
    return found


def _maps(value: "Any") -> "dict[str, dict[str, Any]]":
    given = value if isinstance(value, dict) else {}
    return {str(name): inner for name, inner in given.items() if isinstance(inner, dict)}


def _list(value: "Any") -> "list[str]":
    if isinstance(value, str):
        return value.split() if " " in value and not any(char in value for char in "{[*") else [value]
    return [element for element in value if isinstance(element, str)] if isinstance(value, list) else []


def _deep(glob: str) -> str:
    """In lefthook `*` also stands for folders."""
    folder, slash, name = glob.rpartition("/")
    if not slash or "**" in glob or "*" not in name:
        return glob
    return f"{folder}/**/{name}"
