"""`gitseq schema`: the JSON schema of gitseq.toml, for editors."""

import json

from gitseq.cli.telling import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.main import Context


def configure(parser: "argparse.ArgumentParser") -> None:
    """The verb has no options."""
    parser.epilog = "Example: gitseq schema > gitseq.schema.json"


def run(options: "argparse.Namespace", context: "Context") -> int:  # noqa: ARG001 - every verb has this signature
    """Print the schema."""
    say(text())
    return 0


def text() -> str:
    """The schema as it is printed and committed."""
    from gitseq.config.schema import json_schema

    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
