"""Whether to colour."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    Env = dict[bytes, bytes]

CHOICES = ("auto", "always", "never")


def wanted(choice: str, env: "Env", is_terminal: bool) -> bool:
    """Decide from `--color` or GITSEQ_COLOR; `auto` colours terminals, unless NO_COLOR is set or TERM is dumb.

    An unknown word counts as `auto`: a typing mistake in the environment must not stop a commit.
    """
    if choice in ("always", "never"):
        return choice == "always"
    return is_terminal and not env.get(b"NO_COLOR") and env.get(b"TERM") != b"dumb"
