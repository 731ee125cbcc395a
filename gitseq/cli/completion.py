"""`gitseq completion SHELL`: what a shell needs to complete our command line."""

from gitseq.cli.telling import say
from gitseq.core import completing
from gitseq.core.commandline import GROUPS
from gitseq.errors import GitseqError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context
    from gitseq.model import Plan

_EXAMPLES = """examples:
  eval "$(gitseq completion bash)"      in ~/.bashrc
  eval "$(gitseq completion zsh)"       in ~/.zshrc, after compinit
  gitseq completion fish | source       in ~/.config/fish/config.fish

The scripts ask `gitseq completion hooks` and `gitseq completion groups` for what this repository has.
"""


def configure(parser: "argparse.ArgumentParser") -> None:
    """The options of `gitseq completion`."""
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "what", choices=(*completing.SHELLS, *completing.ASKED), help="the script of a shell, or what scripts ask for"
    )


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Print a script, or names that the repository has."""
    if options.what in completing.ASKED:
        names = _names(options.what, context)
        say("".join(name + "\n" for name in names))
        return 0
    from gitseq.cli import described

    say(completing.script(options.what, described.verbs()))
    return 0


def _names(kind: str, context: "Context") -> "list[str]":
    """Nothing where there is nothing to be had: an error under the cursor would help nobody."""
    from gitseq.config import compiled, kept
    from gitseq.git import repo as git_repo
    from gitseq.git.nested import Nested

    try:
        repo = git_repo.discover(context.env, context.cwd)
        where = kept.Where(repo.top, context.env, None, Nested(repo, context.env))
        plan: Plan = compiled.load(where, repo.state_dir)
    except (GitseqError, OSError):
        return []
    found = [hook.groups if kind == GROUPS else (hook.id, hook.alias, hook.label) for hook in plan.hooks]
    return sorted({name for names in found for name in names if name})
