"""`gitseq wrap COMMAND...`: commands that take their turn by themselves, for whoever has one folder first on PATH."""

import os

from gitseq.cli.telling import shown, tell
from gitseq.core import wrapping
from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem, Refused, UsageError
from gitseq.git import repo as git_repo
from gitseq.host import files, package, procs
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context

_EXAMPLES = """examples:
  gitseq wrap pytest make npm git           and put the folder it names first on PATH
  gitseq wrap                               write the wrappers that are there anew, after gitseq has moved
  gitseq wrap --dir ~/.local/share/gitseq/bin pytest      one folder for all of your repositories
  eval "$(gitseq wrap --shell bash pytest)" functions for this shell, instead of PATH

A wrapped command runs as `gitseq exec -- COMMAND` would: when its turn has come, with its own streams, arguments,
exit code and signals. Inside of a turn, and where gitseq was never used, it runs at once. Of git only am, cherry-pick,
commit, merge, push, rebase and revert wait. GITSEQ=0 in front runs the command itself.
"""


def configure(parser: "argparse.ArgumentParser") -> None:
    """The options of `gitseq wrap`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help="commands as you type them: pytest, make, git")
    add_dir_option(parser)
    parser.add_argument("--shell", choices=wrapping.SHELLS, help="print functions for this shell, and nothing else")


def add_dir_option(parser: "argparse.ArgumentParser") -> None:
    """`--dir FOLDER`."""
    parser.add_argument("--dir", metavar="FOLDER", help="where the wrappers lie (default: in the git directory)")


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Write the wrappers, and say what to put on PATH."""
    folder = folder_of(options, context)
    names = wrapping.checked(options.commands)
    there = wrapped_in(folder)
    if not names and not there:
        raise UsageError("which commands?", hint="For example: gitseq wrap pytest make git")
    try:
        _write(folder, names)
    except OSError as error:
        raise unwritable(folder, error) from None
    if options.shell is not None:
        _print_functions(options.shell, folder, names or there)
    else:
        _tell(folder, names or there, context)
    return 0


def folder_of(options: "argparse.Namespace", context: "Context") -> bytes:
    """The folder the wrappers of this repository lie in, or the one that was named. Raises EnvironmentProblem."""
    if options.dir is not None:
        return os.path.abspath(os.path.join(context.cwd, os.fsencode(options.dir)))
    return git_repo.discover(context.env, context.cwd).state_dir + b"/bin"


def wrapped_in(folder: bytes) -> "list[str]":
    """The names of the wrappers that lie in a folder."""
    try:
        found = os.listdir(folder)
    except OSError:
        return []
    return sorted(os.fsdecode(name) for name in found if _is_wrapper(os.path.join(folder, name)))


def _is_wrapper(path: bytes) -> bool:
    return os.path.islink(path) and os.readlink(path) == wrapping.SCRIPT


def _write(folder: bytes, names: "list[str]") -> None:
    """The script first: a link to nothing would hide the command behind it. Raises Refused, OSError."""
    paths = [os.path.join(folder, name.encode()) for name in names]
    for path in paths:
        if os.path.lexists(path) and not _is_wrapper(path):
            raise Refused(
                f"there is a {printable(path)} already, and it is no wrapper",
                kept="It was not touched, and nothing was written.",
                hint="Choose another folder: gitseq wrap --dir FOLDER ...",
            )
    files.ensure_dir(os.path.dirname(folder), 0o700)
    files.ensure_dir(folder)
    text = wrapping.script(package.template(b"wrap.sh"), package.interpreter(), package.library())
    files.write_whole(os.path.join(folder, wrapping.SCRIPT), text, 0o755, whatever_umask=True)
    for path in paths:
        if not os.path.lexists(path):
            os.symlink(wrapping.SCRIPT, path)


def _print_functions(shell: str, folder: bytes, names: "list[str]") -> None:
    plain.write_all(1, b"".join(wrapping.function(shell, folder, name) + b"\n" for name in names))


def _tell(folder: bytes, names: "list[str]", context: "Context") -> None:
    tell(f"wrapped {', '.join(names)} (in {shown(folder, context)})")
    path = context.env.get(b"PATH", os.defpath.encode())
    found = {name: procs.find_executable(name.encode(), path, context.cwd) for name in names}
    others = b":".join(part for part in path.split(b":") if os.path.realpath(part) != os.path.realpath(folder))
    for name in names:
        if procs.find_executable(name.encode(), others, context.cwd) is None:
            tell(f"note: there is no `{name}` on PATH now")
    if all(_leads_to(found[name], folder) for name in names):
        tell("PATH finds them.")
        return
    tell("To use them, put the folder first on PATH - in the environment of your agent, your CI job or your shell:")
    plain.write_all(1, b"  " + wrapping.path_line(folder) + b"\n")
    tell("(In ~/.profile or ~/.zshenv it also holds where no shell is interactive; after it, no `activate` of an")
    tell("environment may put another folder in front.)")


def _leads_to(found: "bytes | None", folder: bytes) -> bool:
    return found is not None and os.path.realpath(os.path.dirname(found)) == os.path.realpath(folder)


def unwritable(folder: bytes, error: OSError) -> EnvironmentProblem:
    """The folder of the wrappers cannot be written."""
    return EnvironmentProblem(
        f"{printable(folder)} cannot be written: {os.strerror(error.errno or 0)}",
        hint="Choose another folder with --dir FOLDER, or look at its owner and at the free space.",
    )
