"""`gitseq list`: which hooks there are, when they run, and on what."""

import json

from gitseq.cli import configuration
from gitseq.cli.telling import say
from gitseq.config.explain import on_one_line
from gitseq.config.globs import as_written
from gitseq.core import installing
from gitseq.core.patterns import ALWAYS, NEVER
from gitseq.core.stages import STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from gitseq.cli.context import Context
    from gitseq.model import Hook, Plan, Project

_HEAD = ("HOOK", "STAGES", "GROUPS", "FILES", "COMMAND")
_LONGEST_COMMAND = 60


def configure(parser: "argparse.ArgumentParser") -> None:
    """Options of the verb."""
    configuration.add_option(parser)
    parser.add_argument("--stage", metavar="STAGE", choices=tuple(STAGES), help="only hooks that run in this stage")
    parser.add_argument("--group", metavar="GROUP", help="only hooks of this group")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")
    parser.epilog = "Example: gitseq list --stage pre-push"


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Print the hooks that match, in the order they run."""
    plan = configuration.fresh_plan(options, context)
    hooks = [hook for hook in plan.hooks if _is_wanted(hook, options)]
    text = _as_json(plan, hooks) if options.format == "json" else _as_table(plan, hooks)
    say(text + "\n")
    return 0


def _is_wanted(hook: "Hook", options: "argparse.Namespace") -> bool:
    return (options.stage is None or options.stage in hook.stages) and (
        options.group is None or options.group in hook.groups
    )


def _as_json(plan: "Plan", hooks: "list[Hook]") -> str:
    values: "dict[str, Any]" = {
        "source": plan.source,
        "fail_fast": plan.fail_fast,
        "files": plan.files,
        "exclude": plan.exclude,
        "hooks": [_fields(hook) for hook in hooks],
        "projects": [{name: getattr(project, name) for name in project._fields} for project in plan.projects],
        "notices": plan.notices,
        "warnings": plan.warnings,
    }
    return json.dumps(values, indent=2)


def _fields(hook: "Hook") -> "dict[str, Any]":
    fields = {name: getattr(hook, name) for name in hook._fields}
    return {**fields, "env": dict(hook.env)}


def _as_table(plan: "Plan", hooks: "list[Hook]") -> str:
    """One table; where there are nested configurations, one for each under its folder, in the order they run."""
    if not plan.projects:
        return "\n".join([*_part(plan, hooks), *configuration.remarks(plan)])
    lines = []
    for project in plan.projects:
        alone = ", and its files are for it alone" if project.orphan else ""
        lines.append(f"{on_one_line(project.folder)}/ ({on_one_line(project.source)}{alone})")
        lines += [f"  {line}" for line in _part(project, [hook for hook in hooks if hook.project == project.folder])]
        lines.append("")
    lines.append(f"./ ({on_one_line(plan.source)})")
    lines += [f"  {line}" for line in _part(plan, [hook for hook in hooks if not hook.project])]
    remarks = configuration.remarks(plan)
    return "\n".join([*lines, *([""] if remarks else []), *remarks])


def _part(plan: "Plan | Project", hooks: "list[Hook]") -> "list[str]":
    """The hooks of one configuration."""
    if not hooks:
        return [f"{on_one_line(plan.source)}: no hooks" + (" match" if getattr(plan, "hooks", ()) else "")]
    rows = [_HEAD, *(_row(hook) for hook in hooks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    overall = _patterns(plan.files, plan.exclude)
    if overall:
        lines.append(f"for all of them: {overall}")
    return lines


def _row(hook: "Hook") -> "tuple[str, ...]":
    words = ("builtin:", hook.builtin, *hook.argv) if hook.builtin else hook.argv
    command = on_one_line(hook.argv[0].strip() if hook.shell else " ".join(words))
    if hook.language != "system":
        command = f"{hook.language}: {command}"
    if len(command) > _LONGEST_COMMAND:
        command = command[: _LONGEST_COMMAND - 3] + "..."
    stages = "all" if installing.names_no_stage(hook.stages) else ",".join(hook.stages)
    return (hook.id, stages, ",".join(hook.groups) or "-", _selection(hook), command)


def _selection(hook: "Hook") -> str:
    """What a hook is given, in a few words."""
    parts = [f"in {hook.root}/" if hook.root != hook.project else "", *(tag for tag in hook.types if tag != "file")]
    parts.append(" or ".join(hook.types_or))
    parts += [f"not {tag}" for tag in hook.exclude_types]
    parts.append(_patterns(hook.files, hook.exclude))
    return on_one_line(", ".join(part for part in parts if part)) or "all"


def _patterns(files: str, exclude: str) -> str:
    parts = [as_written(files) if files != ALWAYS else "", f"not {as_written(exclude)}" if exclude != NEVER else ""]
    return ", ".join(part for part in parts if part)
