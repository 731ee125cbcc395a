"""What the environment says over the configuration (DESIGN section 3: environment variables win)."""

from gitseq.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from gitseq.host.env import Env
    from gitseq.model import Plan

    Value = TypeVar("Value", int, float)

_WAIT = b"GITSEQ_WAIT"
_CAPS = {b"GITSEQ_TIMEOUT": "timeout", b"GITSEQ_MEMORY": "memory", b"GITSEQ_PROCESSES": "processes"}
"""Variables, and the fields of `Limits` they set."""


def overridden(plan: "Plan", env: "Env") -> "Plan":
    """The plan with the caps of the environment in the place of every hook's own. Raises UsageError."""
    caps = caps_of(env)
    return plan.replace(hooks=tuple(hook.replace(**caps) for hook in plan.hooks)) if caps else plan


def caps_of(env: "Env") -> "dict[str, Any]":
    """What GITSEQ_TIMEOUT, GITSEQ_MEMORY and GITSEQ_PROCESSES say, as fields of `Limits`. Raises UsageError."""
    return {
        field: cap(field, env[name].decode("utf-8", "replace"), name.decode())
        for name, field in _CAPS.items()
        if name in env
    }


def cap(field: str, text: str, name: str) -> "Any":
    """A cap as it was typed: the value of a field of `Limits`. UsageError names the option or variable `name`."""
    from gitseq.core import units

    parsers: dict[str, Callable[[str], float]] = {
        "timeout": units.parse_duration,
        "memory": units.parse_size,
        "processes": _whole_number,
    }
    value = parsed(text, name, parsers[field])
    if not value:
        raise UsageError(f"{name}: must be more than nothing; leave it out for the default")
    return value


def _whole_number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"`{text}` is not a whole number")
    return int(text)


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
