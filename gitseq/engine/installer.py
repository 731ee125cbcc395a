"""Running what clones and installs: each command in a cage of its own, watched, and shown while it takes its time."""

import os

from gitseq.cage import run as cage
from gitseq.core import gitcommand
from gitseq.errors import EnvironmentProblem, Interrupted, Refused
from gitseq.host import clock, procs
from gitseq.host.filelocks import Held
from gitseq.model import Notice, Record, Working

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.engine.request import World
    from gitseq.host.env import Env
    from gitseq.host.signals import Signals
    from gitseq.model import Event

_SHOWN_LINES = 15
"""So many of a failed command's last lines are told."""


class Site(Record):
    """Where work is done and whom it is told."""

    env: "Env"
    top: bytes
    """The work tree it is done for."""
    state_dir: bytes
    signals: "Signals"
    tell: "Callable[[Event], None]"
    wants_progress: bool = False
    caller_fd: int = -1

    @staticmethod
    def of(world: "World") -> "Site":
        """That of a run."""
        fd = world.caller.pidfd if world.caller is not None else -1
        repo = world.repo
        return Site(world.env, repo.top, repo.state_dir, world.signals, world.tell, world.wants_progress, fd)


class Installer:
    """Runs the commands of one clone or install."""

    def __init__(self, site: Site, what: str) -> None:
        self._site = site
        self._what = what
        self._started = clock.monotonic()

    def execute(self, argv: "list[bytes]", cwd: bytes, env: "Env") -> bytes:
        """Run a command to its end; what it printed, to both outputs.

        After this returns or raises, nothing it started is alive, but what git leaves running on purpose. Raises
        EnvironmentProblem with the end of what it printed when it fails or cannot be started, Interrupted when we are
        asked to stop, and Refused when the git that called us has died.
        """
        executable = procs.find_executable(argv[0], env.get(b"PATH", os.defpath.encode()), cwd)
        if executable is None:
            raise EnvironmentProblem(f"`{_text(argv[0])}` is not on PATH", hint="Install it, then try again.")
        stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            command = cage.Command(executable, argv, env, cwd, stdin, keep_daemons=gitcommand.is_git(argv))
            outcome = cage.run(command, self._watch())
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise EnvironmentProblem(f"`{_shown(argv)}` could not be started: {reason}") from None
        finally:
            os.close(stdin)
        return self._judged(argv, outcome)

    def _judged(self, argv: "list[bytes]", outcome: cage.Outcome) -> bytes:
        if outcome.caller_gone:
            raise Refused("the git that called this hook is gone, so the installation was ended")
        if outcome.stopped:
            raise Interrupted(outcome.stopped)
        if outcome.exit_code:
            told = _text(outcome.output).strip().splitlines()
            raise EnvironmentProblem(
                f"`{_shown(argv)}` failed with exit code {outcome.exit_code}", why="\n".join(told[-_SHOWN_LINES:])
            )
        return outcome.output

    def _watch(self) -> cage.Watch:
        site = self._site
        return cage.Watch(
            site.signals,
            site.caller_fd,
            self._progress if site.wants_progress else None,
            state_dir=site.state_dir,
            nested=True,  # caps are for hooks; no control group is made here
        )

    def _progress(self, _elapsed: float, tail: bytes) -> None:
        self._site.tell(Working(self._what, clock.monotonic() - self._started, tail))


def alone(site: Site, lock: bytes, what: str) -> Held:
    """A lock of the store, held while entered; waiting for somebody else's is told once, and ends with a signal."""

    def told() -> None:
        site.tell(Notice("info", f"Waiting for another gitseq: {what}"))

    def pause(seconds: float) -> None:
        if site.signals.wait(seconds):
            raise Interrupted(site.signals.stop)

    return Held(lock, told, pause)


def unusable(folder: bytes, error: OSError) -> EnvironmentProblem:
    """The problem that the store cannot be written."""
    return EnvironmentProblem(
        f"the store of environments cannot be written: {_text(folder)}",
        why=str(error),
        hint="Make room or make it writable, or choose another folder: export GITSEQ_HOME=...",
    )


def _shown(argv: "list[bytes]") -> str:
    import shlex

    told = shlex.join(_text(word) for word in argv)
    return told if len(told) <= 200 else told[:197] + "..."


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
