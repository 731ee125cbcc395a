"""What the environment says over the configuration (DESIGN section 3: environment variables win)."""

from gitseq.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from gitseq.host.env import Env
    from gitseq.model import Plan

    Value = TypeVar("Value", int, float)

_TIMEOUT, _MEMORY, _WAIT = b"GITSEQ_TIMEOUT", b"GITSEQ_MEMORY", b"GITSEQ_WAIT"


def overridden(plan: "Plan", env: "Env") -> "Plan":
    """The plan with GITSEQ_TIMEOUT and GITSEQ_MEMORY in the place of every hook's own. Raises UsageError."""
    if _TIMEOUT not in env and _MEMORY not in env:
        return plan
    from gitseq.core import units

    changes: dict[str, float] = {}
    if _TIMEOUT in env:
        changes["timeout"] = parsed(env[_TIMEOUT].decode("utf-8", "replace"), _TIMEOUT.decode(), units.parse_duration)
    if _MEMORY in env:
        changes["memory"] = parsed(env[_MEMORY].decode("utf-8", "replace"), _MEMORY.decode(), units.parse_size)
    return plan.replace(hooks=tuple(hook.replace(**changes) for hook in plan.hooks))


def patience(plan: "Plan", env: "Env", option: "str | None" = None) -> float:
    """Seconds to wait for our turn: by `--wait`, else GITSEQ_WAIT, else `[queue] wait`. Raises UsageError."""
    if option is None and _WAIT not in env:
        return plan.wait
    name, text = ("--wait", option) if option is not None else (_WAIT.decode(), env[_WAIT].decode("utf-8", "replace"))
    from gitseq.core import units

    return parsed(text, name, lambda text: units.parse_duration(text, forever=True))


def vet(builtin: str, args: "tuple[str, ...]") -> str:
    """What is wrong with the arguments of a built-in hook; '' when nothing is."""
    from gitseq.builtin import registry
    from gitseq.errors import ConfigError

    try:
        registry.load(builtin, args)
    except ConfigError as error:
        return error.what.removeprefix(f"built-in hook {builtin}: ")
    return ""


def parsed(text: str, name: str, parse: "Callable[[str], Value]") -> "Value":
    """A value that was typed; UsageError names where when it is none."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
