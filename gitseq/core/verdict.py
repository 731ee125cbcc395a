"""From how a hook's calls ended to what is said about it."""

from gitseq.model import Hook, Record, Verdict

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""The exit codes shells use for a command they cannot find, or cannot execute."""


class Ran(Record):
    """How one call of a hook ended; `problem` says in words why it never started."""

    exit_code: int
    signal: int = 0
    output: bytes = b""
    problem: str = ""


def judge(hook: Hook, calls: "list[Ran]", modified: "list[bytes]", duration: float, files: int) -> Verdict:
    """The verdict over all calls of a hook: the exit code of largest size counts, as in pre-commit."""
    worst = max(calls, key=lambda call: call.exit_code)
    return Verdict(
        hook=hook,
        status="failed" if worst.exit_code or modified else "passed",
        reason=worst.problem or _killed(worst.signal),
        exit_code=worst.exit_code,
        signal=worst.signal,
        modified=tuple(modified),
        output=b"".join(call.output for call in calls),
        duration=duration,
        files=files,
    )


def _killed(signum: int) -> str:
    return f"killed by signal {signum}" if signum else ""


def interrupted(exit_code: int, output: bytes) -> Ran:
    """The verdict on a call that we ended because the run was to stop; it failed even if it then exited with 0."""
    return Ran(exit_code or 1, output=output, problem="interrupted")


def not_found(name: str) -> Ran:
    """The verdict on a command that is nowhere on PATH."""
    return Ran(
        NOT_FOUND,
        problem=f"executable `{name}` not found: install it, or correct `run` (a shell line needs `shell = true`)",
    )


def not_executable(name: str, errno_text: str) -> Ran:
    """The verdict on a command the kernel refuses to execute."""
    return Ran(NOT_EXECUTABLE, problem=f"executable `{name}` could not be started: {errno_text}")


def no_terminal(hook: Hook) -> Ran:
    """The verdict on an interactive hook where nobody could answer it."""
    return Ran(
        1,
        problem="this hook is interactive and there is no terminal to give it: "
        f"run the command in a terminal, or skip the hook with GITSEQ_SKIP={hook.id}",
    )
