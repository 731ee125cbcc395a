"""Keys that are known but have no effect yet. They are refused: a limit that is written down must hold.

Whoever gives a key its effect deletes its line here, and the example file and the reference follow.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.config.lines import Path

NOT_YET = frozenset(("profile",))
"""Keys without positions; one with a value is refused for that value only."""


def refusal(path: "Path", value: object) -> str:
    """Why a key or this value of it cannot be used yet; '' when it can."""
    key = ".".join(part for part in path if isinstance(part, str))
    if key != "repo.hook.args":  # a remote hook's command takes arguments; `[[hook]]` has its own for a built-in
        key = key.removeprefix("repo.")
    if key in NOT_YET:
        return "not available yet in this version of gitseq"
    if isinstance(value, str) and f'{key} = "{value}"' in NOT_YET:
        return f'"{value}" is not available yet in this version of gitseq'
    return ""
