"""From how a hook's calls ended to what is said about it."""

from gitseq.model import Hook, Record, Verdict

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""The exit codes shells use for a command they cannot find, or cannot execute."""


class Usage(Record):
    """What a call used."""

    peak_memory: int = 0
    """Bytes, of its whole process tree."""
    processes: int = 0
    """Alive at the same time, at most."""
    cpu: float = 0.0
    """Seconds."""
    contained_by: str = ""
    """What held its caps: `cgroup2`, `cgroup1` or `polling`."""


class Ran(Record):
    """How one call of a hook ended."""

    exit_code: int
    signal: int = 0
    output: bytes = b""
    problem: tuple[str, ...] = ()
    """Why it failed whatever its exit code is: never started, interrupted, a cap was hit."""
    notes: tuple[str, ...] = ()
    """What is to be said about it even when it passed."""
    usage: Usage = Usage()


def judge(hook: Hook, calls: "list[Ran]", duration: float, files: int) -> Verdict:
    """The verdict over all calls of a hook: the exit code of largest size counts, as in pre-commit."""
    ran = calls[0] if len(calls) == 1 else _together(calls)
    return Verdict(
        hook=hook,
        status="failed" if ran.exit_code or ran.problem else "passed",
        reasons=ran.problem or _killed(ran.signal),
        exit_code=ran.exit_code,
        signal=ran.signal,
        output=ran.output,
        duration=duration,
        files=files,
        notes=ran.notes,
        peak_memory=ran.usage.peak_memory,
        processes=ran.usage.processes,
        cpu=ran.usage.cpu,
        contained_by=ran.usage.contained_by,
    )


def _together(calls: "list[Ran]") -> Ran:
    """All calls as if they were one: it ended as the worst of them."""
    worst = max(calls, key=lambda call: (bool(call.problem), call.exit_code))
    return worst.replace(
        output=b"".join(call.output for call in calls),
        notes=tuple(note for call in calls for note in call.notes),
        usage=worst.usage.replace(
            peak_memory=max(call.usage.peak_memory for call in calls),
            processes=max(call.usage.processes for call in calls),
            cpu=sum(call.usage.cpu for call in calls),
        ),
    )


def _killed(signum: int) -> "tuple[str, ...]":
    return (f"killed by signal {signum}",) if signum else ()


def not_found(name: str) -> Ran:
    """The outcome of a command that is nowhere on PATH."""
    told = f"Executable `{name}` not found: install it, or correct the command (a shell line needs `shell = true`)"
    return Ran(NOT_FOUND, problem=(told,))


def not_executable(name: str, why: str) -> Ran:
    """The outcome of a command the kernel refuses to execute."""
    return Ran(NOT_EXECUTABLE, problem=(f"executable `{name}` could not be started: {why}",))


def no_terminal(hook: Hook) -> Ran:
    """The outcome of an interactive hook where nobody could answer it."""
    told = "this hook is interactive and there is no terminal to give it: run the command in a terminal, "
    return Ran(1, problem=(told + f"or skip the hook with GITSEQ_SKIP={hook.id}",))
