"""The ledger in a run: what a hook has passed before is not shown to it again, and what it passes now is noted.

Imported only when a hook of the run is cached.
"""

import os
import sys

from gitseq.core import ledger_keys
from gitseq.core.patterns import searcher
from gitseq.engine import hooks
from gitseq.engine import request as requested
from gitseq.engine.asked import Asked, passed_before
from gitseq.engine.choose import NO_FILES
from gitseq.engine.contents import Contents
from gitseq.git import content
from gitseq.host import files, package
from gitseq.ledger.store import Ledger
from gitseq.model import Hook, Notice, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseq.engine.request import Request, World
    from gitseq.git.content import Comparison
    from gitseq.git.marks import Marks
    from gitseq.ledger.tools import Tools

_TREE = "tree"
_IN_PROGRESS = (b"MERGE_MSG", b"MERGE_HEAD", b"rebase-apply", b"rebase-merge")
_WILD = frozenset("*?[]{}()\\")
_SETTINGS = (b"config", b"config.worktree", b"info/attributes")


class Passes:
    """What the ledger knows of the hooks of a run, and what it is to be told at the end."""

    def __init__(self, request: "Request", world: "World", runner: hooks.Runner, marks: "Marks") -> None:
        self._request = request
        self._runner = runner
        self._marks = marks
        self._of_repository = b""
        self._modules = b""
        """What tells our built-in hooks from those of another version."""
        self._ledger = Ledger(world.repo.state_dir)
        if world.tree is None and request.select == requested.ALL_FILES:
            world = world.replace(tree=content.Comparison(world.repo, world.env))
        self._world = world
        self._contents = Contents(world, len(marks.head.oid))
        self._tools: dict[bytes, Tools] = {}
        self._who: dict[int, tuple[Hook, bytes]] = {}
        """By the identity of the hook, which therefore must live."""
        self._ns: dict[int, bytes] = {}
        self._inputs: dict[int, list[bytes]] = {}
        self._pending: list[tuple[Hook, bytes, list[bytes]]] = []
        self._tree: Comparison | None = world.tree if request.select == requested.ALL_FILES else None
        self._of_tree: dict[bytes, int] = {}
        self._is_doubtful = False
        self._to_tree: list[tuple[Hook, bytes, int]] = []

    # --- before a hook

    def ask_for_tree(self, chosen: "list[Hook]") -> None:
        """Find out which hooks have passed the whole tree as it lies there: nothing need be selected for those."""
        if self._request.verify or self._tree is None:
            return
        if not self._ledger.knows_tree(self._tree.state):
            self._contents.begin()  # while git compares; what that says matters later
            if any(hook.builtin for hook in chosen):  # they will be run: what they need is loaded while git lists
                from gitseq.engine import inside

                inside.prepare(chosen, self._tree.index)
            return
        keys = [self._tree_key(hook) for hook in chosen if hook.cache]
        known = self._ledger.passed_tree(self._tree.state, keys)
        if len(known) < len(set(keys)):
            self._contents.begin()
        if not (self._tree.is_clean and self._tree.still_stands()):
            self._contents.end()
            return
        self._of_tree = known

    def modes(self) -> "dict[bytes, int] | None":
        """For a run on all files: the mode of each, where git knows them all; else None."""
        return self._contents.modes() if self._tree is not None else None

    def of_tree(self, hook: Hook) -> "Verdict | None":
        """The verdict of a hook that has passed (or had no part in) all of this tree; None for the others."""
        if not hook.cache or not self._of_tree:
            return None
        if self._is_doubtful:
            self._doubts()
        count = self._of_tree.get(self._tree_key(hook))
        if count is None:
            return None
        if count == 0 and not hook.always_run:
            return Verdict(hook, "skipped", NO_FILES)
        return passed_before(hook, count)

    def ask(self, job: hooks.Job) -> Asked:
        """What is left of a hook's files, now that its turn has come."""
        hook, paths = job.hook, job.paths
        in_one = self._is_about_sets(hook)
        if not hook.cache or not (paths or in_one) or not self._who_is(hook):
            return Asked(job, paths)
        from_top = [os.path.join(os.fsencode(hook.root), path) for path in paths] if hook.root else paths
        ns = self._namespace(hook)
        if not from_top and not self._inputs.get(id(hook)):
            return Asked(job, paths)  # it always runs, on what is written nowhere: no key could tell when that changes
        keys = self._contents.keys(from_top)
        if in_one:
            return self._ask_for_set(job, ns, keys, from_top)
        asked = keys if None not in keys else [key for key in keys if key]
        found = self._ledger.left(ns, asked)  # type: ignore[arg-type]
        if len(found) == len(keys):
            return Asked(job, paths, ns, dict(zip(from_top, keys, strict=True)), from_top)  # type: ignore[arg-type]
        left: list[int] = []
        unknown = frozenset(found)
        if unknown or asked is not keys:
            left = [number for number, key in enumerate(keys) if key is None or key in unknown]
        return Asked(
            job.replace(paths=[paths[number] for number in left]),
            paths,
            ns,
            {from_top[number]: key for number in left if (key := keys[number])},
            [from_top[number] for number in left if keys[number]],
        )

    def sample(self, job: hooks.Job) -> "Asked | Verdict":
        """Some of the files that a hook has passed, to be checked again; nothing is kept of that."""
        one = self.ask(job) if job.hook.cache else Asked(job, job.paths)
        left = set(one.job.paths)
        passed = [path for path in one.paths if path not in left]
        if not one.ns or not passed:
            return Verdict(job.hook, "skipped", "no passes to verify")
        if not self._is_about_sets(job.hook):
            step = -(-len(passed) // self._request.verify)
            passed = passed[int.from_bytes(os.urandom(2), "big") % step :: step]
        return Asked(job.replace(paths=passed), passed)

    @staticmethod
    def _is_about_sets(hook: Hook) -> bool:
        return hook.cache == _TREE or hook.pass_filenames == 0

    def _ask_for_set(self, job: hooks.Job, ns: bytes, keys: "list[bytes | None]", from_top: "list[bytes]") -> Asked:
        found = [key for key in keys if key]
        if len(found) < len(keys):
            return Asked(job, job.paths)  # something in it has no content that could be known again
        key = ledger_keys.set_key(found)
        if not self._ledger.left(ns, [key]):
            return Asked(job.replace(paths=[]), job.paths, ns)
        return Asked(job, job.paths, ns, {b"": key}, from_top)

    # --- after a hook

    def begin_to_note(self) -> None:
        """Built-in hooks have seen all files they were given; what they have to say, and `note`, come next."""
        self._contents.begin_confirming()

    def note(self, ended: "list[tuple[Asked, Verdict, frozenset[bytes] | None]]") -> None:
        """Hooks have ended; for each that passed, so has what nobody touched meanwhile.

        The third value: of the files it was given (relative to the top), those whose pass may be kept; None for all.
        """
        clean = [(one, told, lasting) for one, told, lasting in ended if one.ns and _counts(told, lasting)]
        lists = [paths for one, _told, _lasting in clean for paths in (one.key_paths, self._input_paths(one))]
        several = {id(paths): paths for paths in lists}  # most hooks have the same files
        sure = self._contents.confirmed(list(set().union(*several.values())))
        for one, told, lasting in clean:
            if sure.issuperset(self._input_paths(one)) and self._is_who_it_was(told):
                self._note(one, told, sure, sure if lasting is None else sure & lasting)

    def _input_paths(self, one: Asked) -> "list[bytes]":
        return self._inputs.get(id(one.job.hook), [])

    def _is_who_it_was(self, told: Verdict) -> bool:
        """A tool that was replaced while it ran is not known by either of its identities."""
        if told.hook.builtin or told.from_ledger:
            return True
        _hook, before = self._who.pop(id(told.hook))
        self._tools.clear()
        return before == self._who_is(told.hook)

    def _note(self, one: Asked, told: Verdict, sure: "frozenset[bytes]", passed: "frozenset[bytes]") -> None:
        if passed.issuperset(one.key_paths):
            keys = list(one.keys.values())
        elif b"" in one.keys:
            keys = []
        else:
            keys = [key for path, key in one.keys.items() if path in passed]
        self._pending.append((told.hook, one.ns, keys))
        knows_all = b"" in one.keys or len(one.keys) == len(one.job.paths)
        if is_clean(told) and knows_all and sure.issuperset(one.key_paths):
            self._note_tree(told.hook, len(one.paths))

    def note_none(self, hook: Hook) -> None:
        """A hook has no part in this tree."""
        if hook.cache and self._who_is(hook):
            self._note_tree(hook, 0)

    def _note_tree(self, hook: Hook, count: int) -> None:
        """Under the tool that has passed it: a later hook may install another."""
        if self._tree is not None and not self._contents.links:
            self._to_tree.append((hook, self._tree_key(hook), count))

    def forget(self, paths: "Sequence[bytes] | None" = None) -> None:
        """These files (relative to the top) were written to; without them, a command has run and may have."""
        if paths is None or paths:
            self._contents.forget(paths)
            self._is_doubtful = True
            self._ns.clear()
            # it may also have installed another tool, or fixed one that lies in the work tree
            self._who = {key: known for key, known in self._who.items() if known[0].builtin}
            self._tools.clear()

    def _doubts(self) -> None:
        """Once something was run, what the whole tree has passed counts only if the tree is still the same."""
        self._is_doubtful = False
        if self._of_tree and not self._is_as_begun():
            self._of_tree = {}

    def _is_as_begun(self) -> bool:
        return self._tree is not None and self._contents.is_still(self._tree)

    def keep(self, verdicts: "tuple[Verdict, ...]") -> None:
        """Store what was noted, where the verdict still stands now that the whole tree was looked at."""
        fallen = {id(told.hook) for told in verdicts if not is_clean(told) and told.status != "skipped"}
        try:
            for hook, ns, keys in self._pending:
                if hook.builtin or id(hook) not in fallen:
                    self._ledger.add(ns, keys)
            self._keep_tree({key: count for hook, key, count in self._to_tree if id(hook) not in fallen})
        except OSError as error:  # it works without, only slower
            why = error.strerror or str(error)
            self._world.tell(Notice("warning", f"what passed could not be kept for the next run: {why}"))

    def end(self) -> None:
        """The run is over, in whatever way: no git that was begun for this is left running."""
        self._contents.end()
        if self._tree is not None:
            self._tree.end()

    def _keep_tree(self, passed: "dict[bytes, int]") -> None:
        """Of a tree that was by stat what the index says when we began, and still is."""
        new = {key: count for key, count in passed.items() if key not in self._of_tree}
        if new and self._tree is not None and self._is_as_begun() and self._contents.whole_tree_is_plain():
            self._ledger.add_tree(self._tree.state, new)

    # --- who it is

    def _tree_key(self, hook: Hook) -> bytes:
        who = self._who_is(hook) or os.urandom(1)
        state = self._state() if hook.builtin else b""
        return ledger_keys.digest(b"tree", who, ledger_keys.filters(hook, self._world.plan), state)

    def _state(self) -> bytes:
        """What built-in hooks look at beside the index and the files: HEAD, what is in progress, git's settings."""
        if not self._of_repository:
            git_dir, common = self._world.repo.git_dir, self._world.repo.common_dir
            under_way = [files.signature(git_dir + b"/" + name) is not None for name in _IN_PROGRESS]
            settings = [files.signature(common + b"/" + name) for name in _SETTINGS]
            self._of_repository = repr((self._marks.head.values(), under_way, settings)).encode()
        return self._of_repository

    def _namespace(self, hook: Hook) -> bytes:
        ns = self._ns.get(id(hook))
        if ns is None:
            ns = self._ns[id(hook)] = ledger_keys.digest(b"ns", self._who_is(hook), *self._input_keys(hook))
        return ns

    def _input_keys(self, hook: Hook) -> "list[bytes]":
        """The keys of tracked files that the hook depends on."""
        if not hook.inputs:
            return []
        searches = [searcher(pattern, self._world.plan.pattern_codes) for pattern in hook.inputs]
        folder = os.fsencode(hook.project) + b"/" if hook.project else b""
        below = [path for path in self._contents.tracked() if path.startswith(folder)]
        named = [(path, path[len(folder) :].decode("utf-8", "surrogateescape")) for path in below]
        wanted = sorted(path for path, name in named if any(search(name) for search in searches))
        self._inputs[id(hook)] = wanted
        return [key or b"" for key in self._contents.keys(wanted)]

    def _who_is(self, hook: Hook) -> bytes:
        """What stands for a hook and its tool; b"" when that cannot be told."""
        known = self._who.get(id(hook))
        if known is None:
            known = self._who[id(hook)] = (hook, self._inside(hook) if hook.builtin else self._outside(hook))
        return known[1]

    def _inside(self, hook: Hook) -> bytes:
        if not self._modules:  # the same for all hooks of a run
            self._modules = repr(package.stamps("builtin", ("ruamel/yaml", "tomli"))).encode()
        return ledger_keys.digest(b"inside", ledger_keys.definition(hook), sys.version.encode(), self._modules)

    def _outside(self, hook: Hook) -> bytes:
        from gitseq.ledger.tools import Tools

        top = self._world.repo.top
        folder = os.path.join(top, os.fsencode(hook.root)) if hook.root else top
        environments = self._runner.environments
        start = environments.start(hook) if environments is not None and hook.language != "system" else None
        env = self._runner.environment(hooks.Job(hook, [], {}), start)
        said = [word.encode("utf-8", "surrogateescape") for word in hook.argv]
        argv = start.argv if start is not None else said
        tools = self._tools.setdefault(env.get(b"PATH", b""), Tools(top, env))
        version = self._version(hook) if hook.tool_version else b""
        if version is None:
            return b""
        return ledger_keys.digest(
            b"outside",
            ledger_keys.definition(hook),
            tools.identity([b"/bin/sh"] if hook.shell else argv, folder),
            tools.script(said[0], folder) if hook.shell else b"",
            ledger_keys.environment(env),
            version,
            *[tools.file(path) for path in self._named_inputs(hook)],
        )

    def _named_inputs(self, hook: Hook) -> "list[bytes]":
        """Inputs that are written out, without a wildcard: they count also where git does not track them."""
        if not hook.inputs:
            return []
        from gitseq.config.globs import as_written

        folder = os.path.join(self._world.repo.top, os.fsencode(hook.project))
        names = [as_written(pattern) for pattern in hook.inputs]
        return [os.path.join(folder, os.fsencode(name)) for name in names if not _WILD.intersection(name)]

    def _version(self, hook: Hook) -> "bytes | None":
        """What the command `tool_version` prints; None, with a warning, when it fails."""
        import shlex

        asking = hook.replace(
            argv=tuple(shlex.split(hook.tool_version)), shell=False, pass_filenames=0, language="system"
        )
        ended, _stopped = self._runner.run(hooks.Job(asking, [], {}))
        if any(call.exit_code or call.problem for call in ended):
            self._world.tell(
                Notice("warning", f"{hook.label} is run on every file: `{hook.tool_version}` (tool_version) failed")
            )
            return None
        return b"".join(call.output for call in ended)


def _counts(told: Verdict, lasting: "frozenset[bytes] | None") -> bool:
    """Whether passes can be taken from a verdict: of a command only when it is clean, for nobody knows which file
    it failed for; of a built-in hook also then, for those files that it has passed."""
    return is_clean(told) or (lasting is not None and not told.reasons)


def is_clean(told: Verdict) -> bool:
    """A pass without anything to be said about it; the only kind that is kept."""
    return told.status == "passed" and not (told.modified or told.notes or told.reasons)
