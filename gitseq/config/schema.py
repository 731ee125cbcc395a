"""The shape of gitseq.toml: every key, its type and its meaning in one sentence.

These structs are decoded into, checked against, and printed by `gitseq schema`. What a value means beyond
its type is checked in `meaning`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gitseq.config.foreign_keys import LANGUAGES
from gitseq.core.stages import STAGES

SKIP_MOMENTS = ("merge", "rebase", "cherry-pick", "revert", "am", "bisect")

Regex = Annotated[str, Meta(extra_json_schema={"format": "regex"})]
Duration = Annotated[str, Meta(examples=["10m", "1h30m", "250ms"])]
Size = Annotated[str, Meta(examples=["4GiB", "512MiB", "1GB"])]
StageName = Annotated[str, Meta(extra_json_schema={"enum": list(STAGES)})]
Tag = Annotated[str, Meta(examples=["python", "text", "executable"])]
Processes = Annotated[int, Meta(ge=1)]
Isolate = Literal["partial", "all", "none"]
Language = Annotated[str, Meta(extra_json_schema={"enum": sorted(LANGUAGES)})]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the configuration."""


class Globs(_Table, frozen=True):
    """Path patterns: `*` and `?` stop at `/`, `**` does not, `{a,b}` and `[a-z]` work, dot files match."""

    glob: Annotated[tuple[str, ...], Meta(description="A file matches when one of these does.", min_length=1)]


Filter = Regex | Globs


class Caps(_Table, frozen=True):
    """Limits that a hook may set for itself."""

    timeout: Annotated[Duration, Meta(description="The longest a hook may run.")] = "10m"
    grace: Annotated[Duration, Meta(description="Between asking a hook to end and ending it.")] = "5s"
    memory: Annotated[Size, Meta(description="Memory of all processes of a hook together.")] = "4GiB"
    processes: Annotated[Processes, Meta(description="Number of processes of a hook.")] = 256
    min_free_memory: Annotated[Size, Meta(description="Wait for this much free memory before a hook.")] = "512MiB"
    memory_wait: Annotated[Duration, Meta(description="Wait at most this long for it, then go on.")] = "2m"


class Limits(Caps, frozen=True):
    """What holds for every hook that sets nothing else."""

    run_timeout: Annotated[Duration, Meta(description="The longest a whole run may take, waiting not counted.")] = "1h"


class Queue(_Table, frozen=True):
    """Who waits for whom."""

    scope: Annotated[Literal["worktree", "repo", "user"], Meta(description="What runs one at a time.")] = "repo"
    wait: Annotated[Duration, Meta(description="How long to wait for a turn: a duration or forever.")] = "forever"


class Workspace(_Table, frozen=True):
    """Configurations in subfolders."""

    members: Annotated[
        tuple[str, ...] | None,
        Meta(description="Globs of folders whose own configurations run; when left out, all but data."),
    ] = None


class Profile(_Table, frozen=True):
    """Values that replace others when the profile is chosen."""

    limits: Annotated[Limits | None, Meta(description="As [limits].")] = None
    queue: Annotated[Queue | None, Meta(description="As [queue].")] = None


class StageSettings(_Table, frozen=True):
    """Settings for one stage."""

    isolate: Annotated[Isolate, Meta(description="As the top-level key, for this stage.")] = "partial"


class HookOptions(_Table, frozen=True):
    """What can be said of a hook, wherever it comes from."""

    id: Annotated[str, Meta(description="What the hook is called in output and on the command line.")]
    alias: Annotated[str, Meta(description="A second name for the command line; hooks may share it.")] = ""
    name: Annotated[str, Meta(description="What is shown while it runs; the id when left out.")] = ""
    description: Annotated[str, Meta(description="For people.")] = ""
    args: Annotated[tuple[str, ...], Meta(description="Arguments of a built-in or remote hook.")] = ()
    types: Annotated[tuple[Tag, ...], Meta(description="Files must have all of these tags.")] = ("file",)
    types_or: Annotated[tuple[Tag, ...], Meta(description="Files must have one of these tags.")] = ()
    exclude_types: Annotated[tuple[Tag, ...], Meta(description="Files must have none of these tags.")] = ()
    files: Annotated[Filter, Meta(description="Only files that match.")] = ""
    exclude: Annotated[Filter, Meta(description="No files that match.")] = "^$"
    stages: Annotated[tuple[StageName, ...], Meta(description="When it runs; default_stages when left out.")] = ()
    pass_filenames: Annotated[
        bool | Annotated[int, Meta(ge=1)],
        Meta(description="Whether file names are handed over; a number: at most so many per call."),
    ] = True
    always_run: Annotated[bool, Meta(description="Run even when no file matches.")] = False
    fail_fast: Annotated[bool, Meta(description="Run no further hook when this one fails.")] = False
    verbose: Annotated[bool, Meta(description="Show its output also when it passes.")] = False
    log_file: Annotated[str, Meta(description="Also append its output to this file.")] = ""
    env: Annotated[dict[str, str], Meta(description="Environment variables for the hook.")] = {}
    git_env: Annotated[
        Literal["keep", "scrub"], Meta(description="scrub: without GIT_DIR, GIT_INDEX_FILE and the like.")
    ] = "keep"
    interactive: Annotated[bool, Meta(description="Give it the terminal.")] = False
    stdin: Annotated[
        bool, Meta(description="Give it what git writes to the standard input of the stage (pre-push, post-rewrite).")
    ] = False
    root: Annotated[str, Meta(description="Run in this folder, on its files only, named relative to it.")] = ""
    skip_on: Annotated[
        tuple[Annotated[str, Meta(extra_json_schema={"enum": list(SKIP_MOMENTS)})], ...],
        Meta(description="Do not run while git is in the middle of one of these."),
    ] = ()
    groups: Annotated[tuple[str, ...], Meta(description="Names for --group.")] = ()
    fixes: Annotated[
        Literal["fail", "stage"], Meta(description="When it changes files: fail, or add the changes to the commit.")
    ] = "fail"
    daemons: Annotated[
        Literal["kill", "keep"], Meta(description="What happens to processes that outlive the hook.")
    ] = "kill"
    retry: Annotated[int, Meta(description="Try so often again after a failure.", ge=0)] = 0
    timeout: Annotated[Duration | None, Meta(description="As in [limits].")] = None
    grace: Annotated[Duration | None, Meta(description="As in [limits].")] = None
    memory: Annotated[Size | None, Meta(description="As in [limits].")] = None
    processes: Annotated[Processes | None, Meta(description="As in [limits].")] = None
    min_free_memory: Annotated[Size | None, Meta(description="As in [limits].")] = None
    memory_wait: Annotated[Duration | None, Meta(description="As in [limits].")] = None
    cache: Annotated[
        bool | Literal["tree"] | None,
        Meta(description="Do not run again on content that has passed; tree: on the same set of files."),
    ] = None
    inputs: Annotated[
        tuple[str, ...],
        Meta(
            description="Globs of other files the verdict depends on; without a wildcard the file need not be tracked."
        ),
    ] = ()
    tool_version: Annotated[str, Meta(description="A command whose output identifies the tool.")] = ""

    language: Annotated[Language, Meta(description="What the command is written in, and is installed with.")] = "system"
    additional_dependencies: Annotated[tuple[str, ...], Meta(description="Installed for the hook, or beside it.")] = ()
    language_version: Annotated[str, Meta(description="Version of the language it is installed for.")] = "default"
    run: Annotated[str, Meta(description="The command, split into words as a shell would, but run without one.")] = ""


class HookTable(HookOptions, frozen=True):
    """A hook of this repository."""

    shell: Annotated[bool, Meta(description="`run` is a script for sh; file names are its arguments.")] = False
    builtin: Annotated[str, Meta(description="Instead of `run`: a hook inside gitseq.")] = ""


class RemoteHook(HookOptions, frozen=True):
    """A hook that a [[repo]] offers, with what should be different."""


class RepoTable(_Table, frozen=True):
    """A repository that offers hooks in .pre-commit-hooks.yaml."""

    url: Annotated[str, Meta(description="Where it is cloned from.")]
    rev: Annotated[str, Meta(description="The tag or commit that is used.")]
    hook: Annotated[tuple[RemoteHook, ...], Meta(description="The hooks that are used.")] = ()


class Config(_Table, frozen=True):
    """gitseq.toml."""

    minimum_version: Annotated[str, Meta(description="The oldest gitseq that understands this file.")] = ""
    default_stages: Annotated[
        tuple[StageName, ...], Meta(description="Stages of hooks that name none.", min_length=1)
    ] = ("pre-commit",)
    default_language_version: Annotated[
        dict[Language, str], Meta(description="language_version of hooks that name none, by language.")
    ] = {}
    fail_fast: Annotated[bool, Meta(description="Stop at the first hook that fails.")] = False
    files: Annotated[Filter, Meta(description="Only files that match, for every hook.")] = ""
    exclude: Annotated[Filter, Meta(description="No files that match, for every hook.")] = "^$"
    isolate: Annotated[Isolate, Meta(description="Which changes that are not staged are hidden from hooks.")] = (
        "partial"
    )
    limits: Annotated[Limits | None, Meta(description="Limits of every hook and of the run.")] = None
    queue: Annotated[Queue | None, Meta(description="Who waits for whom.")] = None
    workspace: Annotated[Workspace | None, Meta(description="Configurations in subfolders.")] = None
    orphan: Annotated[
        bool, Meta(description="In a subfolder: its files are for its own hooks only, not for those further up.")
    ] = False
    profile: Annotated[dict[str, Profile], Meta(description="Sets of values to choose from.")] = {}
    stage: Annotated[dict[StageName, StageSettings], Meta(description="Settings by stage.")] = {}
    hook: Annotated[tuple[HookTable, ...], Meta(description="The hooks, in the order they run.")] = ()
    repo: Annotated[tuple[RepoTable, ...], Meta(description="Hooks from other repositories.")] = ()


def json_schema() -> "dict[str, Any]":
    """The JSON schema of gitseq.toml."""
    schema = msgspec.json.schema(Config)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "gitseq.toml", **schema}
