"""The cage from outside: a program that runs one command in it and tells the outcome, and the ways to start it.

Run as a program it imports nothing but the standard library and gitseq's own modules, so that any Python 3.10 can do
it for a user who may not read the test environment.
"""

import json
import os
import sys
from typing import Any, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOBODY = 65534


class Way(NamedTuple):
    """How the cage is entered: as whom, and with which rung."""

    name: str
    python: str
    prefix: tuple[str, ...] = ()
    polling: bool = False

    def argv(self, **spec: Any) -> list[str]:
        """The command that executes a spec (`main`) this way."""
        spec.setdefault("nested", self.polling)
        return [*self.prefix, self.python, "-I", "-S", "-B", os.path.abspath(__file__), json.dumps(spec)]


def main(spec: dict[str, Any]) -> dict[str, Any]:
    """Do what a spec says; `op` is `run` (the default) or `reap`."""
    sys.path.insert(0, ROOT)
    return _reap(spec) if spec.get("op") == "reap" else _run(spec)


def _run(spec: dict[str, Any]) -> dict[str, Any]:
    from gitseq.cage import run as cage
    from gitseq.core import caps
    from gitseq.errors import Unkillable
    from gitseq.host import clock, signals
    from gitseq.model import Limits

    half: list[int] = []
    env = dict(os.environb)
    env[b"GITSEQ_TOKEN"] = spec.get("token", "t").encode()
    argv = [os.fsencode(part) for part in spec["argv"]]
    deadline = clock.monotonic() + spec["run_timeout"] if "run_timeout" in spec else 0.0
    with signals.Signals() as noted, open(os.devnull, "rb") as nothing:
        command = cage.Command(
            argv[0],
            argv,
            env,
            os.fsencode(spec.get("cwd", "/")),
            nothing.fileno(),
            limits=Limits(**spec.get("limits", {})),
            keep_daemons=spec.get("keep", False),
        )
        watch = cage.Watch(
            noted,
            state_dir=os.fsencode(spec.get("state_dir", "")),
            nested=spec["nested"],
            deadline=deadline,
            on_half_memory=lambda used, _cap: half.append(used),
            kill_patience=spec.get("kill_patience", 10.0),
            on_start=(lambda: _fail_when_there(spec["fails_at"])) if "fails_at" in spec else None,
        )
        try:
            outcome = cage.run(command, watch)
        except Unkillable as error:
            return {"unkillable": error.what}
        except _Failed:
            return {"left": procs_below()}
        left = [] if spec.get("keep") else [int(pid) for pid in procs_below()]
    told = {field: _plain(getattr(outcome, field)) for field in outcome._fields}
    told["lines"] = caps.lines(outcome.hit, "it") if outcome.hit is not None else []
    return {**told, "half": half, "left": left}


class _Failed(Exception):
    """What goes wrong in us while a command runs."""


def _fail_when_there(path: str) -> None:
    while not os.path.exists(path):
        os.sched_yield()
    raise _Failed


def procs_below() -> list[str]:
    """Children this process still has, dead or alive."""
    with open(f"/proc/self/task/{os.getpid()}/children") as stream:
        return stream.read().split()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "_fields"):
        return {field: _plain(getattr(value, field)) for field in value._fields}
    return value


def _reap(spec: dict[str, Any]) -> dict[str, Any]:
    from gitseq.cage import orphans

    dead = spec.get("dead", "").encode()

    def belongs(environ: dict[bytes, bytes], _start: int) -> bool:
        return bool(environ.get(b"GITSEQ_TOKEN") == dead)

    found = orphans.reap_orphans(
        belongs, dry_run=spec.get("dry_run", False), state_dir=os.fsencode(spec.get("state_dir", ""))
    )
    return {"reaped": [_plain(one) for one in found]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
