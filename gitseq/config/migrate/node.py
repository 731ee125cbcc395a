"""husky's scripts and lint-staged's table as a gitseq.toml."""

import re
import shlex

from gitseq.config.migrate.commands import glob_filter, hook_of
from gitseq.config.migrate.draft import Draft, Item
from gitseq.core.stages import MESSAGE, STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HUSKY_LINES = re.compile(r"^(#!.*|\s*\.\s+.*husky\.sh[\"']?\s*)$")
_LINT_STAGED = re.compile(
    r"^(npx|bunx|pnpm|yarn|npm)?(\s+(exec|run|dlx|--no-install|--no|--yes|-y|--))*\s*lint-staged(\s+-q|\s+--quiet)?$"
)
_OWN_COMMANDS = frozenset(
    (
        "git",
        "npm",
        "npx",
        "pnpm",
        "yarn",
        "bun",
        "bunx",
        "node",
        "sh",
        "bash",
        "make",
        "python",
        "python3",
        "deno",
        "cargo",
        "go",
    )
)
_PATH = 'export PATH="$PWD/node_modules/.bin:$PATH"'


def migrate(source: str, scripts: "dict[str, str]", lint_staged: "Any") -> Draft:
    """Hooks for husky's scripts (stage -> text) and for what lint-staged runs (None: there is none)."""
    draft = Draft(source)
    called = [stage for stage, text in scripts.items() if any(_LINT_STAGED.match(line) for line in _lines(text))]
    if lint_staged is not None:
        _lint_staged(lint_staged, called[0] if called else "pre-commit", draft)
        if len(called) > 1:
            draft.notes.append(f"lint-staged ran in {', '.join(called)}; its hooks run in {called[0]} only")
    for stage, text in scripts.items():
        kept = [line for line in text.splitlines() if not _HUSKY_LINES.match(line)]
        kept = [line for line in kept if lint_staged is None or not _LINT_STAGED.match(line.strip())]
        if any(line.strip() and not line.strip().startswith("#") for line in kept):
            _husky(stage, "\n".join(kept).strip(), draft)
    return draft


def _lines(text: str) -> "list[str]":
    """What a script does, without what husky put there."""
    return [line.strip() for line in text.splitlines() if line.strip() and not _HUSKY_LINES.match(line)]


def _husky(stage: str, body: str, draft: Draft) -> None:
    values: "dict[str, Any]" = {"id": draft.unique(f"husky-{stage}"), "run": f"{_PATH}\n{body}\n", "shell": True}
    values["stages"] = [stage]
    off = ""
    if STAGES[stage].files != MESSAGE:
        values["pass_filenames"] = False
        values["always_run"] = True
        if re.search(r"\$(@|\*|\{?[1-9])", body):
            off = "it uses git's arguments to the hook, which hooks of gitseq are not given"
    if STAGES[stage].stdin:
        values["stdin"] = True
    draft.add(Item("hook", values, off=off))


def _lint_staged(table: "Any", stage: str, draft: Draft) -> None:
    if not isinstance(table, dict):
        draft.lost.append("lint-staged: its configuration is not a table of globs")
        return
    for glob, commands in table.items():
        listed = [commands] if isinstance(commands, str) else commands
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            draft.lost.append(f"lint-staged: what `{glob}` runs is no command")
            continue
        for command in listed:
            _lint_hook(str(glob), command, stage, draft)


def _lint_hook(glob: str, command: str, stage: str, draft: Draft) -> None:
    words = command.split()
    if words[:2] == ["git", "add"] or not words:
        draft.notes.append(f'lint-staged: `{command}` is left out: `fixes = "stage"` does it')
        return
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", words[0].rpartition("/")[2])
    detail = re.sub(r"[^A-Za-z0-9]+", "-", glob).strip("-") or "files"
    run = command if words[0] in _OWN_COMMANDS or "/" in words[0] else f"npx --no-install {command}"
    values: "dict[str, Any]" = {"id": draft.unique(name, detail), **_with_files(run)}
    values |= {"files": glob_filter([glob], any_depth=True), "stages": [stage], "fixes": "stage"}
    negated = "!(" in glob or glob.startswith(("!", "../"))
    draft.add(Item("hook", values, off="a glob that says what not to match" if negated else ""))


def _with_files(command: str) -> "dict[str, Any]":
    """lint-staged adds the names of files at the end, and runs no shell."""
    try:
        shlex.split(command)
    except ValueError:
        return {"run": command + ' "$@"', "shell": True}
    return hook_of(command + " {files}", ("{files}",))
