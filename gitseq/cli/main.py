"""`gitseq VERB`: finds the verb's module, parses, runs it, and maps the outcome to an exit code.

A verb is a module `gitseq.cli.<verb>` with `configure(parser)` and `run(options, context) -> int`; only the one
that was asked for is imported.
"""

import os
import sys

from gitseq import __version__
from gitseq.cli import quick
from gitseq.cli.context import Context
from gitseq.errors import EnvironmentProblem, GitseqError, UsageError
from gitseq.host import env as host_env
from gitseq.host import signals
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

VERBS = {
    "init": "write a first gitseq.toml",
    "install": "write the shims into the hooks directory of this repository",
    "uninstall": "remove the shims and put earlier hooks back",
    "run": "run the hooks of a stage now",
    "exec": "run any command in its turn",
    "cache": "show, empty or test the store of passes",
    "status": "show who holds the lease and who waits",
    "monitor": "show live who runs and who waits, with keys to cancel and to kill",
    "wrap": "write wrappers, so that commands take their turn by themselves",
    "unwrap": "take wrappers away again",
    "doctor": "find what is wrong around gitseq, and what to type",
    "logs": "show what runs did: the last ones, one in detail, or in figures",
    "recover": "bring back unstaged work of a run that died",
    "reap": "end processes that a dead run left behind",
    "list": "show the configured hooks",
    "validate": "check the configuration",
    "schema": "print the JSON schema of gitseq.toml",
    "env": "show, install and sweep what remote hooks need",
    "update": "move the revs of remote hooks to the newest tags",
    "try-repo": "run the hooks of a repository without configuring them",
    "builtin": "run a hook inside gitseq as a command",
    "migrate": "turn the configuration of another hook manager into a gitseq.toml",
    "completion": "print what a shell needs to complete gitseq's command line",
}

_FIRST = "New here? First: gitseq init"
_START = f"""{_FIRST}
Then: gitseq install, and git commit as ever. To see a run without a commit: gitseq run --all-files
Each verb explains itself: gitseq VERB --help
"""


def main() -> None:
    """The console script; the only place that exits, but for the hook entry."""
    sys.exit(run(sys.argv[1:]))  # noqa: TID251 - the one place


def run(arguments: "list[str]") -> int:
    """Run one command line and return its exit code; failures are told on stderr."""
    try:
        context = Context(host_env.snapshot(), os.getcwdb())
        if arguments and arguments[0] == "hook":  # what a shim calls when its interpreter is gone
            from gitseq.cli import hook

            return hook.run([os.fsencode(argument) for argument in arguments[1:]], context.env, context.cwd)
        if arguments and arguments[0] == "meta":  # what `repo: meta` hooks are started as
            from gitseq.cli import meta

            return meta.run(arguments[1:], context)
        options = quick.options(arguments) or _parse(arguments)
        code: int = _module_of(options.verb).run(options, context)
        if not code and plain.lost():
            raise EnvironmentProblem(
                f"what was to be shown could not be written: {plain.lost()}",
                kept="What was to be done is done.",
                hint="Make room, and ask again.",
            )
        return code
    except GitseqError as error:
        plain.show_problem(tuple(error.lines()))
        return error.exit_code
    except KeyboardInterrupt:
        return 128 + signals.SIGINT
    except Exception:  # noqa: BLE001 - whatever it is, it is ours
        from gitseq.cli import crash

        return crash.report([os.fsencode(argument) for argument in arguments])


def _module_of(verb: str) -> "Any":
    name = "gitseq.cli." + verb.replace("-", "_")
    __import__(name)  # what importlib would do, which is a millisecond to import itself
    return sys.modules[name]


def _parse(arguments: "list[str]") -> "argparse.Namespace":
    """Only the verb that was asked for gets its options configured; the others are names with a line of help."""
    from gitseq.cli import parsing

    parsing.require_verb(arguments, VERBS)
    asked = next((argument for argument in arguments if argument in VERBS), None)
    top = parser([asked] if asked is not None else [])
    options, unknown = top.parse_known_args(arguments)
    parsing.refuse_unknown(unknown, top, options.verb)
    if options.verb is None:
        raise UsageError("which verb?", hint=f"{_FIRST}\nTo see all of them: gitseq --help")
    return options


def parser(configured: "list[str]") -> "argparse.ArgumentParser":
    """The parser of the whole command line, in which these verbs know their options."""
    import argparse

    from gitseq.cli import parsing

    top = parsing.Parser(
        prog="gitseq",
        description="Git hooks one at a time: queued for the whole repository, and no byte lost.",
        epilog=_START,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"gitseq {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for verb, help_line in VERBS.items():
        sub = verbs.add_parser(
            verb,
            help=help_line,
            description=help_line[0].upper() + help_line[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if verb in configured:
            _module_of(verb).configure(sub)
    return top
