"""The nouns of gitseq, frozen.

They are `Record`s instead of dataclasses or NamedTuples because the hot path (shim to first hook) may
not import `typing` or `dataclasses` (23 and 34 ms); a Record costs microseconds and is typed all the same.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from typing_extensions import Self, dataclass_transform

    Status = Literal["passed", "failed", "skipped"]
else:

    def dataclass_transform(**_options):  # noqa: D103 - a stand-in that only the type checker looks through
        return lambda cls: cls


def _own_fields(namespace: "dict[str, Any]") -> "list[str]":
    """The field names annotated in a class body, in order (3.14 hands over a function instead of a dict)."""
    annotate = namespace.get("__annotate_func__") or namespace.get("__annotate__")
    if annotate is not None:
        return list(annotate(1))
    return list(namespace.get("__annotations__", ()))


class _RecordType(type):
    """Turns annotated fields into slots; values in the class body become defaults."""

    def __new__(mcls, name: str, bases: "tuple[type, ...]", namespace: "dict[str, Any]") -> "_RecordType":
        own = _own_fields(namespace)
        fields: list[str] = []
        defaults: dict[str, Any] = {}
        for base in bases:
            fields += getattr(base, "_fields", ())
            defaults.update(getattr(base, "_defaults", {}))
        for field in own:
            if field in namespace:
                defaults[field] = namespace.pop(field)
        namespace["__slots__"] = tuple(own)
        namespace["_fields"] = (*fields, *own)
        namespace["_defaults"] = defaults
        return super().__new__(mcls, name, bases, namespace)


@dataclass_transform(frozen_default=True)
class Record(metaclass=_RecordType):
    """A frozen value with named fields; equal when type and fields are equal."""

    if TYPE_CHECKING:
        _fields: tuple[str, ...]
    else:

        def __init__(self, *values, **named):
            put = object.__setattr__
            fields = self._fields
            if len(values) > len(fields):
                raise TypeError(f"{type(self).__name__} takes {len(fields)} values, got {len(values)}")
            for field, value in zip(fields, values, strict=False):
                put(self, field, value)
            defaults = self._defaults
            for field in fields[len(values) :]:
                if field in named:
                    put(self, field, named.pop(field))
                elif field in defaults:
                    put(self, field, defaults[field])
                else:
                    raise TypeError(f"{type(self).__name__} needs {field!r}")
            if named:
                raise TypeError(f"{type(self).__name__} has no field {next(iter(named))!r}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} is frozen")

    def values(self) -> "tuple[Any, ...]":
        """The field values in declaration order; `Type(*record.values())` is an equal record."""
        return tuple(getattr(self, field) for field in self._fields)

    def replace(self, **changes: object) -> "Self":
        """A copy with some fields changed."""
        return type(self)(**{**{f: getattr(self, f) for f in self._fields}, **changes})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.values() == other.values()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.values()))

    def __repr__(self) -> str:
        inside = ", ".join(f"{f}={getattr(self, f)!r}" for f in self._fields)
        return f"{type(self).__name__}({inside})"


# --- configuration -------------------------------------------------------------------------------


class Limits(Record):
    """What one hook may take; None is no cap."""

    timeout: "float | None" = None
    """Seconds."""
    grace: float = 5.0
    """Seconds between SIGTERM and SIGKILL."""
    memory: "int | None" = None
    """Bytes of the whole process tree; pages shared by several of its processes count once."""
    processes: "int | None" = None
    """Processes alive at the same time, threads not counted."""


class Hook(Record):
    """One `[[hook]]` table after validation, with every default filled in.

    `files`, `exclude` and the like are regular expressions as text; globs were translated when the plan was compiled.
    """

    id: str
    name: str
    argv: tuple[str, ...]
    """The command without file names. For `shell`, the script is the only element."""
    shell: bool = False
    stages: tuple[str, ...] = ()
    files: str = ""
    exclude: str = ""
    types: tuple[str, ...] = ("file",)
    types_or: tuple[str, ...] = ()
    exclude_types: tuple[str, ...] = ()
    pass_filenames: int = -1
    """-1: as many as fit in one call; 0: none; n: at most n per call."""
    always_run: bool = False
    fail_fast: bool = False
    verbose: bool = False
    log_file: str = ""
    env: tuple[tuple[str, str], ...] = ()
    scrub_git_env: bool = False
    interactive: bool = False
    root: str = ""
    """Folder below the top of the work tree, without a trailing slash; '' is the top."""
    skip_on: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    description: str = ""
    alias: str = ""
    """A second name that `run` and `--skip` know the hook by; several hooks may share one."""
    stdin: bool = False
    """Gets what git wrote to the standard input of the stage (pre-push, post-rewrite ...)."""
    stage_fixes: bool = False
    """What it changes in files of the commit is added to the commit; else changing files is failing."""
    timeout: "float | None" = None
    grace: float = 5.0
    memory: "int | None" = None
    processes: "int | None" = None
    retry: int = 0
    """How often it is run again after a failure."""
    keep_daemons: bool = False
    """What outlives the hook is left alone and listed."""
    min_free_memory: int = 0
    """Bytes that must be available before it starts ..."""
    memory_wait: float = 0.0
    """... or so many seconds have passed."""
    language: str = "system"
    """How it is started: `system` is the command as it stands; the others are modules of `languages`."""
    language_version: str = "default"
    dependencies: tuple[str, ...] = ()
    """What is installed beside it into its environment."""
    source: str = ""
    """Folder of the checked-out repository that offers it; '' for a hook of this repository."""
    repo: str = ""
    """`url@rev` of that repository, for people."""
    builtin: str = ""
    """Name of a hook inside gitseq that answers for it; `argv` is then its arguments only."""
    cache: str = ""
    """'file': content that has passed is not shown to it again; 'tree': nor the same set of files; '': always run."""
    inputs: tuple[str, ...] = ()
    """Regular expressions of other files its verdict depends on."""
    tool_version: str = ""
    """A command whose output identifies the tool; '' when the executable itself does."""
    project: str = ""
    """Folder of the nested configuration it comes from (`root` is that folder, or lies below it); '' is the top."""

    @property
    def label(self) -> str:
        """What tells it from the hooks of other projects: `packages/api:ruff`; its id at the top."""
        return f"{self.project}:{self.id}" if self.project else self.id

    @property
    def limits(self) -> Limits:
        """Its caps."""
        return Limits(self.timeout, self.grace, self.memory, self.processes)


PRE_COMMIT = "pre-commit"
"""The dialect of a plan that was made from pre-commit's own file."""


class Project(Record):
    """A nested configuration: what it says of its own hooks and files, as `Plan` does for those at the top."""

    folder: str
    """Below the top of the work tree, without a trailing slash."""
    source: str
    files: str = ""
    """Matched, as the patterns of its hooks are, against names relative to `folder`."""
    exclude: str = ""
    fail_fast: bool = False
    orphan: bool = False
    """Its files are seen by its own hooks only, not by those of projects around it."""
    dialect: str = ""
    install_stages: tuple[str, ...] = ()


class Plan(Record):
    """A validated configuration: which hooks exist and what holds for all of them."""

    source: str
    """Path of the configuration file, relative to the top of the work tree when it lies inside."""
    hooks: tuple[Hook, ...]
    fail_fast: bool = False
    files: str = ""
    exclude: str = ""
    extension_tags: "dict[str, tuple[str, ...]] | None" = None
    """identify's table; None when no hook asks for more than file, directory, symlink and the like. See `core.tags`."""
    name_tags: "dict[str, tuple[str, ...]] | None" = None
    tags_stamp: str = ""
    """What tells one version of these tables from the next: another may hand other files to the same hook."""
    pattern_codes: "dict[str, tuple[Any, ...]] | None" = None
    """Pattern -> the numbers it compiles to; see `core.patterns`."""
    isolate: str = "partial"
    """What is hidden from hooks: `partial` (unstaged changes of tracked files), `all` (and untracked files), `none`."""
    stage_isolate: tuple[tuple[str, str], ...] = ()
    """The same for single stages."""
    scope: str = "repo"
    """Who takes turns: `worktree`, `repo` or `user`."""
    wait: float = float("inf")
    """Seconds to wait for our turn."""
    run_timeout: "float | None" = None
    """Seconds for all hooks of a run; waiting is not counted."""
    notices: tuple[str, ...] = ()
    """What a reader should know about where values came from, such as a local overlay."""
    dialect: str = ""
    """PRE_COMMIT: where the two differ, the run follows pre-commit."""
    warnings: tuple[str, ...] = ()
    """What is told at each run."""
    install_stages: tuple[str, ...] = ()
    """Stages whose shims are wanted, whatever the hooks say; () for those that the hooks use."""
    projects: tuple[Project, ...] = ()
    """Nested configurations in the order they run: the deepest first; the top is none of them, and comes last."""


# --- one run -------------------------------------------------------------------------------------


class Entry(Record):
    """One path that git would commit, or that the user named: a candidate for hooks."""

    path: bytes
    """Relative to the top of the work tree, with '/' between folders."""
    mode: int = 0
    """The mode in the index (0o100644, 0o100755, 0o120000, 0o160000); 0 when unknown."""
    oid: str = ""
    """Blob id in the index; '' when unknown."""

    if not TYPE_CHECKING:  # there may be tens of thousands, and this takes a third of the time

        def __init__(self, path, mode=0, oid=""):
            put = object.__setattr__
            put(self, "path", path)
            put(self, "mode", mode)
            put(self, "oid", oid)


CACHED = "cached"
"""The reason of a pass that the ledger answered for."""


class Verdict(Record):
    """The outcome of one hook."""

    hook: Hook
    status: "Status"
    reason: str = ""
    """Why it was skipped, shown in the line."""
    reasons: tuple[str, ...] = ()
    """Why it failed, where an exit code or changed files do not say it."""
    exit_code: int = 0
    signal: int = 0
    modified: tuple[bytes, ...] = ()
    """Paths that changed on disk while the hook ran."""
    output: bytes = b""
    duration: float = 0.0
    files: int = 0
    notes: tuple[str, ...] = ()
    """What is to be said even of a pass: processes it left running, attempts it took."""
    peak_memory: int = 0
    """Bytes, of its whole process tree."""
    processes: int = 0
    cpu: float = 0.0
    """Seconds."""
    contained_by: str = ""
    """What held its caps: `cgroup2`, `cgroup1` or `polling`; '' when it never started."""
    cached: int = 0
    """How many of `files` were not shown to it, because it has passed them before."""

    @property
    def from_ledger(self) -> bool:
        """Whether it passed without being started."""
        return self.reason == CACHED

    @property
    def failed(self) -> bool:
        """Whether this verdict refuses the run."""
        return self.status == "failed"


class Report(Record):
    """The outcome of a run."""

    stage: str
    verdicts: tuple[Verdict, ...] = ()
    exit_code: int = 0
    problem: tuple[str, ...] = ()
    """Why the run ended other than by its verdicts, as the lines a person reads; empty when it did not."""


# --- events: what the engine tells, and `ui` shows ------------------------------------------------


class Event(Record):
    """Something that happened in a run; `ui` consumers decide what to show."""


class RunStarted(Event):
    """The hooks are known and about to run."""

    stage: str
    hooks: tuple[Hook, ...]


class Queued(Event):
    """It is not our turn yet; sent at once and then every second to a terminal, every minute elsewhere."""

    text: str
    """Our position and who holds the lease."""
    waited: float
    """Seconds."""
    holder: int
    """Its pid, or 0 when it is unknown or lives on another machine."""
    position: int = 0
    total: int = 0


class TurnCame(Event):
    """It is our turn: at once, after a wait, or inside the turn of a run around us."""

    what: str
    """The stage or the command, as others read it in the queue."""
    waited: float
    """Seconds."""
    depth: int
    """How many runs we are nested in."""
    lease: str
    """The nonce of the lease that is now held by us, or around us."""


class CommandStarted(Event):
    """A command of `gitseq exec` is about to start, or to be tried again."""

    argv: tuple[bytes, ...]
    attempt: int


class CommandFinished(Event):
    """A command of `gitseq exec` is over, or one attempt at it."""

    argv: tuple[bytes, ...]
    exit_code: int
    attempt: int
    duration: float
    cpu: float
    peak_memory: int
    processes: int
    killed: str = ""
    """Which cap it ran into: `timeout`, `memory` or `processes`; '' when none."""
    signal: int = 0
    """By which it died, or 0."""


class HookStarted(Event):
    """A hook's command is about to start (skipped hooks are only finished, never started)."""

    hook: Hook
    files: int = 0
    """How many it is run on."""
    names: tuple[bytes, ...] = ()
    """The first of them, relative to the hook's root."""
    input: str = ""
    """The same for the same content of the same files; '' where that is not known without reading them."""


class HookRunning(Event):
    """The command of a hook, or the next call of it, has been started: whoever has something to do has time now."""

    hook: Hook


class HookProgress(Event):
    """A hook is still running; sent at the interval the consumer asked for."""

    hook: Hook
    elapsed: float
    tail: bytes
    """The last lines of output so far."""
    calls: int = 1
    """Into how many calls its files were split."""
    done: int = 0
    """How many of them have ended."""


class HookRetried(Event):
    """An attempt failed, and the hook is run again."""

    verdict: Verdict
    attempt: int


class MemoryAwaited(Event):
    """A hook is held back until enough memory is free; sent four times a second."""

    hook: Hook
    free: int
    """Bytes."""
    waited: float
    """Seconds, in quarters; 0 the first time."""


class HalfMemory(Event):
    """A hook has used half of what it may; sent once."""

    hook: Hook
    used: int
    cap: int


class HookFinished(Event):
    """A verdict was reached."""

    verdict: Verdict


class HookRevised(Event):
    """A verdict that was told has turned out wrong: the hook changed files it had not been given."""

    verdict: Verdict


class FixesStaged(Event):
    """What a hook changed has joined the commit."""

    hook: Hook
    paths: tuple[bytes, ...]


class WorkHidden(Event):
    """Unstaged work is out of the hooks' sight."""

    paths: tuple[bytes, ...]


class WorkRestored(Event):
    """Unstaged work is back, or as much of it as could be put back."""

    files: int
    """How many were hidden; 0 when it was a dead run that hid them."""
    problem: tuple[str, ...] = ()
    """Why not all of it is in its place, as the lines a person reads."""


class Killed(Event):
    """Processes were ended before they ended by themselves."""

    cause: str
    """`timeout`, `run_timeout`, `memory`, `processes`: a cap; `signal`: we were asked to stop; `left-running`: they
    outlived their hook; `dead-run`: they outlived their engine."""
    hook: str = ""
    """Its id; '' where it was a command of `exec`, or nobody can tell."""
    limit: float = 0.0
    """Seconds, bytes or processes of a cap; the number of a signal."""
    peak: float = 0.0
    """The most that was seen of it, in the same unit."""
    processes: "tuple[tuple[int, bytes, int], ...]" = ()
    """(pid, command line, bytes of memory) of those that are known by name."""


class Notice(Event):
    """One thing a person should know: `level` is info, warning or error."""

    level: str
    text: str


class RunRefused(Event):
    """The run, or the command, ends other than by its hooks."""

    exit_code: int
    problem: tuple[str, ...]
    """Why, as the lines a person reads."""


class Working(Event):
    """A repository is being fetched or an environment installed; sent at the interval the consumer asked for."""

    what: str
    elapsed: float
    tail: bytes
    """The last lines of output so far."""


class RunFinished(Event):
    """The run is over."""

    report: Report
