"""What is useless in a configuration: hooks that no file is for, patterns that exclude nothing."""

import os

from gitseq.core import select
from gitseq.core.patterns import searcher
from gitseq.core.tags import Tagger
from gitseq.git import listing
from gitseq.host import files
from gitseq.host.sniff import Sniffer
from gitseq.model import Entry, Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env
    from gitseq.model import Plan


class _Tree:
    """The tracked files, as the hooks of a plan would be given them by `run --all-files`."""

    def __init__(self, plan: "Plan", repo: "Repo", env: "Env") -> None:
        self._tagger = Tagger(plan, Sniffer(repo.top))
        self.names = listing.tracked(repo, env)
        there = {path: files.mode(os.path.join(repo.top, path)) for path in dict.fromkeys(self.names)}
        self._modes = {path: mode for path, mode in there.items() if mode}
        entries = [Entry(path) for path in self._modes]
        self._entries = select.by_name(entries, plan.files, plan.exclude, searcher)

    def of(self, hook: Hook) -> "list[bytes]":
        """The files a hook is for."""
        return select.for_hook(hook, self._entries, searcher, lambda path: self._tagger.tags(path, self._modes[path]))


def unapplied(plan: "Plan", repo: "Repo", env: "Env") -> "list[str]":
    """A line for each hook that no tracked file is for, in pre-commit's words."""
    tree = _Tree(plan, repo, env)
    return [
        f"{hook.id} does not apply to this repository"
        for hook in plan.hooks
        if not hook.always_run and hook.language != "fail" and not tree.of(hook)
    ]


def useless_excludes(plan: "Plan", repo: "Repo", env: "Env") -> "list[str]":
    """A line for each pattern that excludes nothing, in pre-commit's words."""
    tree = _Tree(plan, repo, env)
    found = []
    if not _excludes_any(tree.names, "", plan.exclude):
        found.append(f"The global exclude pattern {plan.exclude!r} does not match any files")
    for hook in plan.hooks:
        names = tree.of(hook.replace(files="", exclude=select.NOTHING))
        if not _excludes_any(names, hook.files, hook.exclude):
            found.append(f"The exclude pattern {hook.exclude!r} for {hook.id} does not match any files")
    return found


def _excludes_any(names: "list[bytes]", include: str, exclude: str) -> bool:
    if exclude == select.NOTHING:
        return True
    included, excluded = searcher(include), searcher(exclude)
    texts = (name.decode("utf-8", "surrogateescape") for name in names)
    return any(included(text) and excluded(text) for text in texts)
