"""Hooks written in R: the renv library that the source locks, or, for a hook of this repository, a plain library."""

import os

from gitseq.errors import EnvironmentProblem
from gitseq.host import files
from gitseq.languages.base import Start, command, encoded, in_source, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "renv"
_GET = "Install R"
_PLAIN = (b"--no-save", b"--no-restore", b"--no-site-file", b"--no-environ")
_REPOSITORIES = 'options(repos = c(CRAN = "https://cran.rstudio.com"), renv.consent = TRUE)\n'
_RESTORE = (
    _REPOSITORIES
    + """\
arguments <- commandArgs(trailingOnly = TRUE)
source("renv/activate.R")
renv::restore()
if (file.exists(file.path(arguments[1], "DESCRIPTION"))) renv::install(arguments[1])
if (length(arguments) > 1) renv::install(arguments[-1])
"""
)
_LIBRARY = (
    _REPOSITORIES
    + """\
arguments <- commandArgs(trailingOnly = TRUE)
install.packages(arguments[-1], lib = arguments[1])
"""
)


def start(hook: "Hook", place: bytes) -> Start:
    """`Rscript` with the library of the environment; a script it is given is one of the source."""
    first, *rest = command(hook)
    if rest and rest[0] != b"-e":
        rest[0] = in_source(hook, hook.argv[1])
    env = {b"R_PROFILE_USER": place + b"/activate.R", b"R_LIBS_USER": place + b"/library"}
    return Start((first, *_PLAIN, *rest), (), env, (b"RENV_PROJECT",))


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Restore the locked library, then add the package of the source and the dependencies; Rscript is the witness."""
    only_default_version(hook)
    _check_command(hook)
    if not tools.source and not hook.dependencies:
        raise nothing_to_install(hook)
    rscript = tools.need(hook, ("Rscript",), _GET)
    os.makedirs(place + b"/library")
    added = [encoded(dependency) for dependency in hook.dependencies]
    if tools.source:
        _copy_lock(hook, place, tools)
        tools.run(rscript, "--vanilla", "-e", _RESTORE, tools.source, *added, cwd=place)
        files.write_whole(place + b"/activate.R", _activation(place))
    else:
        files.write_whole(place + b"/activate.R", b"")
        tools.run(rscript, "--vanilla", "-e", _LIBRARY, place + b"/library", *added, cwd=place)
    return (os.path.realpath(rscript),)


def _check_command(hook: "Hook") -> None:
    if hook.argv[0] != "Rscript" or len(hook.argv) < 2:
        raise EnvironmentProblem(
            f"hook `{hook.id}` (r) must start with `Rscript` and name a script",
            hint="Write `Rscript -e EXPRESSION` or `Rscript path/to/script.R`.",
        )


def _copy_lock(hook: "Hook", place: bytes, tools: "Tools") -> None:
    if not os.path.exists(tools.source + b"/renv.lock"):
        raise EnvironmentProblem(f"hook `{hook.id}` (r): its repository has no renv.lock to install from")
    files.write_whole(place + b"/renv.lock", files.read(tools.source + b"/renv.lock") or b"")
    files.copy_tree(tools.source + b"/renv", place + b"/renv")


def _activation(place: bytes) -> bytes:
    """What R runs first: load the environment's library, whatever folder the hook runs in."""
    quoted = b'"' + place.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return b'suppressWarnings({old <- setwd(%s); source("renv/activate.R"); setwd(old); renv::load(%s)})\n' % (
        quoted,
        quoted,
    )
