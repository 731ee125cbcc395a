"""What the verbs about the configuration share."""

import os

from gitseq.config import compiled
from gitseq.git import repo

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.main import Context
    from gitseq.model import Plan


def add_option(parser: "argparse.ArgumentParser") -> None:
    """`--config FILE`."""
    parser.add_argument("--config", metavar="FILE", help="use this file, and no local overlay")


def named_by(options: "argparse.Namespace", context: "Context") -> "bytes | None":
    """The absolute path of the file that `--config` names, or None."""
    return None if options.config is None else os.path.join(context.cwd, os.fsencode(options.config))


def fresh_plan(options: "argparse.Namespace", context: "Context") -> "Plan":
    """The plan of the configuration as it is now, checked from scratch. Raises ConfigError."""
    from gitseq.config.load import compile_plan

    top = repo.discover(context.env, context.cwd).top
    return compile_plan(compiled.Where(top, context.env, named_by(options, context))).plan
