"""Which hooks of other repositories are answered by built-in ones, so that nothing is installed or started for them."""

from gitseq.core.builtins import DEFAULTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    Env = dict[bytes, bytes]

_ANSWERED = "pre-commit/pre-commit-hooks"
_OURS_ALONE = frozenset(("forbid-pattern", "require-pattern", "conventional-commit"))
VARIABLE = b"GITSEQ_NO_FAST_PATH"
"""Set to anything but nothing or 0, the original is run."""


def answered(url: str, hook_id: str) -> bool:
    """Whether a built-in hook answers for hook `hook_id` of the repository at `url`, in whatever spelling."""
    place = url.rstrip("/").removesuffix(".git").lower().replace(":", "/")
    return f"/{place}".endswith("/" + _ANSWERED) and hook_id in DEFAULTS and hook_id not in _OURS_ALONE


def is_declined(env: "Env") -> bool:
    """Whether the user wants the originals."""
    return env.get(VARIABLE, b"") not in (b"", b"0")
