"""Which hooks of other repositories are answered by built-in ones, so that nothing is installed or started for them.

GITSEQ_NO_FAST_PATH=1 has the originals run (`config.kept.Where.answers`).
"""

from gitseq.core.builtins import DEFAULTS

_ANSWERED = "pre-commit/pre-commit-hooks"
_OURS_ALONE = frozenset(("forbid-pattern", "require-pattern", "conventional-commit"))


def answered(url: str, hook_id: str) -> bool:
    """Whether a built-in hook answers for hook `hook_id` of the repository at `url`, in whatever spelling."""
    place = url.rstrip("/").removesuffix(".git").lower().replace(":", "/")
    return f"/{place}".endswith("/" + _ANSWERED) and hook_id in DEFAULTS and hook_id not in _OURS_ALONE
