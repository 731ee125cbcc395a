"""Calling git: always with GIT_OPTIONAL_LOCKS=0, so that looking never takes index.lock from anyone."""

from gitseq.errors import EnvironmentProblem
from gitseq.host import procs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env


def start(arguments: "list[bytes]", env: "Env", cwd: bytes, stdin: bytes = b"") -> procs.Reader:
    """Start git and go on; `.finish()` gives its output. EnvironmentProblem when there is no git."""
    quiet = {**env, b"GIT_OPTIONAL_LOCKS": b"0", b"LC_ALL": b"C"}
    try:
        return procs.Reader([b"git", *arguments], quiet, cwd=cwd, stdin=stdin)
    except FileNotFoundError:
        raise EnvironmentProblem(
            "git was not found on PATH", hint="Install git, or add its folder to PATH, and try again."
        ) from None


def ask(arguments: "list[bytes]", env: "Env", cwd: bytes, stdin: bytes = b"") -> procs.Completed:
    """Run git to its end; the caller judges the exit code."""
    return start(arguments, env, cwd, stdin).finish()


def output(arguments: "list[bytes]", env: "Env", cwd: bytes, stdin: bytes = b"") -> bytes:
    """What git printed; EnvironmentProblem with git's own words when it failed."""
    return succeed(arguments, ask(arguments, env, cwd, stdin))


def succeed(arguments: "list[bytes]", done: procs.Completed) -> bytes:
    """The output of a finished git, or EnvironmentProblem with its own words."""
    if done.rc != 0:
        command = b" ".join(arguments).decode("utf-8", "replace")
        raise EnvironmentProblem(
            f"`git {command}` failed with exit code {done.rc}", why=done.err.decode("utf-8", "replace").strip()
        )
    return done.out


def names(listing: bytes) -> "list[bytes]":
    """The names in a NUL-terminated listing."""
    return [name for name in listing.split(b"\0") if name]
