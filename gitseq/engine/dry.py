"""What a run would do, without doing it."""

from gitseq.core.text import printable
from gitseq.engine import candidates
from gitseq.engine.choose import Choice, Chooser, hooks_for
from gitseq.git import status
from gitseq.model import Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.engine.request import Request, World


def plan(request: "Request", world: "World") -> "list[Choice]":
    """What each hook of the request would do now, in order."""
    chosen = hooks_for(world.plan, request)
    found = candidates.find(request, world, status.read(world.repo, world.env))
    chooser = Chooser(request, world, found)
    return [chooser.choose(hook) for hook in chosen]


def document(request: "Request", choices: "list[Choice]") -> "dict[str, Any]":
    """The plan as JSON values."""
    return {
        "version": 1,
        "stage": request.stage.name,
        "execution_mode": "sequential",
        "hooks": [
            {
                "id": choice.hook.id,
                "project": choice.hook.project,
                "name": choice.hook.name,
                "command": list(choice.hook.argv),
                "shell": choice.hook.shell,
                "builtin": choice.hook.builtin,
                "runs": choice.skipped is None,
                "reason": _why_skipped(choice),
                "files": [path.decode("utf-8", "surrogateescape") for path in choice.paths],
            }
            for choice in choices
        ],
    }


def lines(request: "Request", choices: "list[Choice]") -> "list[str]":
    """The plan as a person reads it."""
    shown = [f"{request.stage.name}: {len(choices)} hook{'' if len(choices) == 1 else 's'}, one at a time"]
    for choice in choices:
        if choice.skipped is not None:
            shown.append(f"  {choice.hook.label}: skipped ({_why_skipped(choice)})")
            continue
        shown.append(f"  {choice.hook.label}: {_command(choice.hook)}")
        if choice.hook.pass_filenames:
            shown += [f"      {printable(path)}" for path in choice.paths]
    return shown


def _why_skipped(choice: Choice) -> str:
    return "asked for" if choice.skipped == "" else choice.skipped or ""


def _command(hook: Hook) -> str:
    import shlex

    if hook.builtin:
        return "built in: " + shlex.join([hook.builtin, *hook.argv])
    return f"sh: {hook.argv[0].splitlines()[0]}" if hook.shell else shlex.join(hook.argv)
