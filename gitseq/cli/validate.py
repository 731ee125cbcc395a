"""`gitseq validate`: is the configuration sound?"""

from gitseq.cli import configuration
from gitseq.cli.telling import say
from gitseq.config.explain import on_one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context


def configure(parser: "argparse.ArgumentParser") -> None:
    """Options of the verb."""
    configuration.add_option(parser)
    parser.epilog = "Example: gitseq validate && git add gitseq.toml\n\nExit code 2 when something is wrong."


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Say that the configuration is sound, and where values came from; ConfigError tells all that is wrong."""
    plan = configuration.fresh_plan(options, context)
    count = len(plan.hooks)
    lines = [f"{on_one_line(plan.source)}: sound, {count} hook{'' if count == 1 else 's'}"]
    lines += configuration.remarks(plan)
    say("\n".join(lines) + "\n")
    return 0
