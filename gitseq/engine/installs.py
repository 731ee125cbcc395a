"""Installing environments: each under its own lock, marked ready last, so that a half-built one is never used."""

import os

from gitseq.core.gitenv import scrubbed
from gitseq.engine import installer
from gitseq.errors import EnvironmentProblem
from gitseq.host import files, procs
from gitseq.languages import base
from gitseq.languages.base import Tools, encoded
from gitseq.model import Notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine.installer import Site
    from gitseq.host.env import Env
    from gitseq.languages.store import Environment, Store
    from gitseq.model import Hook


def install(
    wanting: "list[tuple[Hook, Environment]]", store: "Store", site: "Site"
) -> "dict[bytes, EnvironmentProblem]":
    """Install these environments one after the other; folder -> problem of those that could not be.

    Raises Interrupted and Refused (the git that called us has died).
    """
    told = ((environment.folder, _attempt(hook, environment, store, site)) for hook, environment in wanting)
    return {folder: problem for folder, problem in told if problem is not None}


def _attempt(hook: "Hook", environment: "Environment", store: "Store", site: "Site") -> "EnvironmentProblem | None":
    try:
        with installer.alone(site, store.lock_of(environment.folder), f"it installs {_shown(hook)}"):
            _install(hook, environment, store, site)
    except EnvironmentProblem as problem:
        return problem
    except OSError as error:
        return installer.unusable(store.folder, error)
    return None


def _install(hook: "Hook", environment: "Environment", store: "Store", site: "Site") -> None:
    module = base.of(hook)
    tools = _tools(hook, environment, site)
    if not environment.is_ready():
        for words in (
            f"Installing environment for {_shown(hook)}.",
            "Once installed this environment will be reused.",
            "This may take a few minutes...",
        ):
            site.tell(Notice("info", words))
        store.make(b"environments")
        _build(hook, environment, tools)
    if hasattr(module, "refresh"):
        module.refresh(hook, environment.place, tools)


def _build(hook: "Hook", environment: "Environment", tools: Tools) -> None:
    """After this returns, or dies, the environment is ready, or is not; what a dead one left goes first."""
    files.remove_tree(environment.folder)
    os.mkdir(environment.folder, 0o700)
    try:
        os.makedirs(tools.scratch)
        if tools.source:
            files.copy_tree(encoded(hook.source), tools.source)
        witnesses = base.of(hook).install(hook, environment.place, tools)
        files.ensure_dir(environment.place)
        files.remove_tree(environment.build)
        files.write_whole(environment.folder + b"/about", _about(hook))
        environment.mark_ready(witnesses)
    except BaseException:
        files.remove_tree(environment.folder)
        raise


def _tools(hook: "Hook", environment: "Environment", site: "Site") -> Tools:
    def find(name: bytes, env: "Env") -> "bytes | None":
        return procs.find_executable(name, env.get(b"PATH", os.defpath.encode()), site.top)

    work = installer.Installer(site, f"Installing environment for {_shown(hook)}")
    source = environment.build + b"/source" if hook.source else b""
    return Tools(scrubbed(site.env), environment.build + b"/scratch", source, work.execute, find)


def _about(hook: "Hook") -> bytes:
    lines = (hook.language, hook.language_version, hook.repo or "local", *hook.dependencies)
    return "\n".join(line.replace("\n", " ") for line in lines).encode("utf-8", "surrogateescape") + b"\n"


def _shown(hook: "Hook") -> str:
    """The repository of a hook as pre-commit names it: its URL, `local` for a hook of this repository."""
    url, _, rev = hook.repo.rpartition("@")
    return (hook.repo if "/" in rev or not url else url) or "local"
