"""`gitseq try-repo`: the hooks of a repository on this one, without configuring them."""

import argparse
import os
import shlex
import shutil
import tempfile

from gitseq.cli import configuration, progress
from gitseq.cli import run as run_verb
from gitseq.cli.telling import say, tell
from gitseq.config import manifest
from gitseq.config.explain import nearest
from gitseq.core.stages import STAGES
from gitseq.engine import installer
from gitseq.engine.fetching import located
from gitseq.errors import EnvironmentProblem, UsageError
from gitseq.git import call, clone
from gitseq.git import repo as git_repo
from gitseq.host import files
from gitseq.host.signals import Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.cli.context import Context
    from gitseq.git.repo import Repo

_EXAMPLES = """examples:
  gitseq try-repo https://example.com/hooks               all of its hooks, on what is staged
  gitseq try-repo ../my-hooks lint --all-files --verbose  one hook of a repository on this machine, as it lies there

What is not committed in a repository on this machine is tried, too. Nothing is written into this one.
"""
_LINE = "=" * 79


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb: its own, and those of `gitseq run`."""
    parser.add_argument("repo", metavar="URL", help="the repository that offers hooks")
    parser.add_argument("--ref", "--rev", metavar="REV", help="the tag, branch or commit (default: its HEAD)")
    run_verb.configure(parser)
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace, context: "Context") -> int:
    """Write a configuration that lasts as long as this, show it, and run it."""
    if options.config:
        raise UsageError("try-repo makes its own configuration, so --config has no place here")
    repo = git_repo.discover(context.env, context.cwd)
    with tempfile.TemporaryDirectory(prefix="gitseq-try-") as folder:
        url, rev = _source(options, context, repo, os.fsencode(folder))
        offered = configuration.fetcher(repo, context.env)(url, rev)
        text = _configuration(url, rev, _ids(options.what, offered, url, rev))
        say(f"{_LINE}\nUsing config:\n{_LINE}\n{text}{_LINE}\n")
        options.config = os.path.join(folder, ".pre-commit-config.yaml")
        files.write_whole(options.config, text.encode("utf-8", "surrogateescape"))
        return run_verb.run(options, context)


def _ids(wanted: "list[str]", folder: bytes, url: str, rev: str) -> "list[str]":
    data = files.read(os.path.join(folder, manifest.FILE)) or b""
    offered = sorted(manifest.parse(data, f"{url}@{rev}: .pre-commit-hooks.yaml").hooks)
    named = [name for name in wanted if name not in STAGES]
    for name in named:
        if name not in offered:
            found = nearest(name, offered)
            raise UsageError(f"{url} offers no hook `{name}`{found}", hint="It offers: " + ", ".join(offered))
    return named or offered


def _configuration(url: str, rev: str, ids: "list[str]") -> str:
    import json

    hooks = "".join(f"    -   id: {json.dumps(name)}\n" for name in ids)
    return f"repos:\n-   repo: {json.dumps(url)}\n    rev: {rev}\n    hooks:\n{hooks}"


def _source(options: argparse.Namespace, context: "Context", repo: "Repo", folder: bytes) -> "tuple[str, str]":
    """(url, commit): a commit is kept nowhere but in the store."""
    url = located(options.repo, context.cwd)
    env = clone.quiet(context.env)
    if options.ref is None and os.path.isdir(url):
        changed = call.ask(
            [b"status", b"--porcelain", b"--untracked-files=no", b"--ignore-submodules"], env, os.fsencode(url)
        )
        if changed.rc == 0 and changed.out:
            return _shadow(url, context, repo, folder)
    if options.ref is not None and clone.is_commit(options.ref):
        return url, options.ref
    wanted = options.ref or "HEAD"
    words = [b"ls-remote", b"--", os.fsencode(url), os.fsencode(wanted), os.fsencode(wanted) + b"^{}"]
    found = [line.split(b"\t") for line in call.output(words, env, repo.top).splitlines()]
    if not found:
        raise EnvironmentProblem(f"{url} has no {wanted}", hint=f"To see what it has: git ls-remote {shlex.quote(url)}")
    peeled = [line for line in found if line[1].endswith(b"^{}")]  # what an annotated tag is about
    return url, (peeled or found)[0][0].decode("ascii")


def _shadow(url: str, context: "Context", repo: "Repo", folder: bytes) -> "tuple[str, str]":
    """A clone of a repository on this machine with what is not committed there committed on top."""
    tell("[WARNING] Creating temporary repo with uncommitted changes...")
    shadow = folder + b"/shadow-repo"
    env = clone.quiet(context.env)
    with Signals() as signals:
        site = installer.Site(context.env, repo.top, b"", signals, progress.consumer(context.env), False)
        work = installer.Installer(site, f"Copying {url}")

        def git(*words: bytes) -> None:
            work.execute([b"git", *words], folder if words[0] == b"clone" else shadow, env)

        git(b"clone", b"-q", b"--no-hardlinks", os.fsencode(url), shadow)
        listing = [b"diff", b"HEAD", b"--name-only", b"--no-renames", b"--ignore-submodules", b"-z"]
        for name in call.names(call.output(listing, env, os.fsencode(url))):
            _copy(os.path.join(os.fsencode(url), name), os.path.join(shadow, name))
        git(b"add", b"-A")
        who = (b"-c", b"user.name=gitseq", b"-c", b"user.email=gitseq@localhost", b"-c", b"commit.gpgSign=false")
        git(*who, b"commit", b"-q", b"--no-verify", b"--allow-empty", b"-m", b"What is not committed yet")
    commit = call.output([b"rev-parse", b"HEAD"], env, shadow)
    return os.fsdecode(shadow), commit.decode("ascii").strip()


def _copy(source: bytes, target: bytes) -> None:
    """What is at `source` now; it may have been a file and be a folder, or the other way round."""
    if os.path.isdir(target) and not os.path.islink(target):
        files.remove_tree(target)
    elif os.path.lexists(target):
        files.remove(target)
    if os.path.lexists(source) and (os.path.islink(source) or not os.path.isdir(source)):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(os.fsdecode(source), os.fsdecode(target), follow_symlinks=False)
