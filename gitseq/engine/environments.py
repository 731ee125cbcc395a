"""The environments of a run's hooks: installed before anybody waits for us, found when hooks start.

What is ready costs a stat or two. The rest is done before the run takes its place in the queue: an installation may
take minutes, in which nobody else needs to wait, and a process that looks into the work tree sees all of it.
"""

import os

from gitseq.errors import EnvironmentProblem
from gitseq.languages import base
from gitseq.languages.store import Environment, Store, home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitseq.engine.request import World
    from gitseq.languages.base import Start
    from gitseq.model import Hook, Plan


class Environments:
    """Where the hooks of a run find what they need."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._store = Store(home(world.env))
        self._problems: "dict[bytes, EnvironmentProblem]" = {}

    def prepare(self, hooks: "Iterable[Hook]", *, may_install: bool = True) -> bool:
        """Install what these hooks need and is not there; whether anything took time.

        What cannot be installed is told by `require`, when it is known which hooks have something to do: one that has
        nothing to check now must not keep anybody from committing. Raises Interrupted.
        """
        self._note_use()
        wanting = list(self._wanting(hooks))
        if not wanting:
            return False
        if not may_install:
            self._problems = {environment.folder: _not_now(hook) for hook, environment in wanting}
            return False
        from gitseq.engine import installs
        from gitseq.engine.installer import Site

        self._problems = installs.install(wanting, self._store, Site.of(self._world))
        return True

    def _note_use(self) -> None:
        """Before anything is looked at: from here on no `gitseq env gc` takes away what is found."""
        plan = self._world.plan
        used = used_by(plan, self._store)
        if not self._store.is_recorded(self._world.repo.top, plan.source, used):
            from gitseq.engine import fetching
            from gitseq.engine.installer import Site

            fetching.note_use(plan, used, Site.of(self._world))

    def require(self, hooks: "Iterable[Hook]") -> None:
        """Raise EnvironmentProblem when one of these hooks cannot run, because what it needs could not be installed."""
        if not self._problems:
            return
        for hook in hooks:
            environment = environment_of(hook, self._store)
            if environment is not None and environment.folder in self._problems:
                raise self._problems[environment.folder]

    def start(self, hook: "Hook") -> "Start":
        """How a hook is started."""
        environment = environment_of(hook, self._store)
        told: Start = base.of(hook).start(hook, environment.place if environment is not None else b"")
        return told

    def _wanting(self, hooks: "Iterable[Hook]") -> "Iterator[tuple[Hook, Environment]]":
        """Each environment that is not ready or is to be refreshed, once, with a hook that wants it."""
        seen: "set[bytes]" = set()
        for hook in hooks:
            environment = environment_of(hook, self._store)
            if environment is None or environment.folder in seen:
                continue
            seen.add(environment.folder)
            if not environment.is_ready() or hasattr(base.of(hook), "refresh"):
                yield hook, environment


def _not_now(hook: "Hook") -> EnvironmentProblem:
    return EnvironmentProblem(
        f"hook `{hook.id}` has to be installed first, and git holds locks while it runs hooks of this stage",
        hint="To install it: gitseq env install",
    )


def environment_of(hook: "Hook", store: Store) -> "Environment | None":
    """The environment of a hook; None for one that needs none."""
    if hook.language == base.SYSTEM:
        return None
    module = base.of(hook)
    return store.environment(hook, module.version(hook)) if module.ENVIRONMENT else None


def used_by(plan: "Plan", store: Store) -> "list[bytes]":
    """The parts of the store that a configuration uses, as paths below it."""
    used: "dict[bytes, None]" = {}
    for hook in plan.hooks:
        if hook.source:
            used[b"clones/" + os.path.basename(base.encoded(hook.source))] = None
        environment = environment_of(hook, store)
        if environment is not None:
            used[b"environments/" + environment.name] = None
    return list(used)
