"""A hook that does with the guard what the engine does: hide, fix, stage the fixes, restore. Run by a real git.

`fixer.py STAGE`; the file named by FIXER_LOG gets one line for each thing told.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from gitseq.core import restage
from gitseq.errors import GitseqError
from gitseq.git import call, repo, status
from gitseq.guard import fixes
from gitseq.guard.hide import hide
from gitseq.guard.journal import Dirty, Where
from gitseq.guard.restore import restore
from gitseq.host import env as host_env


def fix(path: bytes) -> bool:
    """Turn every `bad` into `good`; `vanish` deletes the file. Whether something changed."""
    with open(path, "rb") as stream:
        content = stream.read()
    if b"vanish" in content:
        os.unlink(path)
        return True
    fixed = content.replace(b"bad", b"good")
    if fixed != content:
        with open(path, "wb") as stream:
            stream.write(fixed)
    return fixed != content


def main(stage: str) -> int:
    env = host_env.snapshot()
    here = repo.discover(env, os.getcwdb())
    listing = status.read(here, env)

    def git(arguments, stdin=b"", index=None):  # type: ignore[no-untyped-def]
        return call.ask(arguments, {**env, b"GIT_INDEX_FILE": index or here.index}, here.top, stdin)

    dirty = [Dirty(*change.values()) for change in listing.unstaged]
    before = fixes.untracked(git)
    guard = hide(Where(here.top, here.git_dir, b"%d" % os.getpid()), dirty, git)
    partial = {entry.path for entry in dirty}
    staged = {entry.path for entry in listing.staged}
    paths = sorted(staged | {b"bystander.txt"} if b"FIX_BYSTANDER" in env else staged)
    changed = [p for p in paths if os.path.isfile(here.top + b"/" + p) and fix(here.top + b"/" + p)]
    if b"MAKE_NEW" in env:
        with open(here.top + b"/new.txt", "wb") as stream:
            stream.write(b"new\n")
    plan = restage.plan(stage, [restage.Fixed(p, p in staged, p in partial, guard is not None) for p in changed])
    told = [*plan.lines(), *(f"new: {name!r}" for name in fixes.untracked(git) - before)]
    code = 0 if plan.whole else 1
    try:
        in_partial_mode = os.path.basename(here.index).startswith(b"next-index-")
        fixes.stage(plan.add, git, here.git_dir + b"/index.lock" if in_partial_mode else None)
        if plan.add and fixes.is_emptied(git):
            raise fixes.emptied()
    except GitseqError as error:
        told += error.lines()
        code = error.exit_code
    if guard is not None:
        restored = restore(guard, git)
        told += restored.notices()
        failure = restored.failure(frozenset(plan.add))
        code = code or (failure.exit_code if failure else 0)
    with open(env[b"FIXER_LOG"], "ab") as stream:
        stream.write("".join(line + "\n" for line in told).encode("utf-8", "surrogateescape"))
    return code


if __name__ == "__main__":
    os._exit(main(sys.argv[1]))
