"""`gitseq schema`: the JSON schema of gitseq.toml, for editors, or of the journal's lines."""

import json

from gitseq.cli.telling import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context


def configure(parser: "argparse.ArgumentParser") -> None:
    """The options of `gitseq schema`."""
    parser.add_argument("--journal", action="store_true", help="the schema of a line of the journal instead")
    parser.epilog = "Example: gitseq schema > gitseq.schema.json"


def run(options: "argparse.Namespace", context: "Context") -> int:  # noqa: ARG001 - every verb has this signature
    """Print the schema."""
    say(journal_text() if options.journal else text())
    return 0


def text() -> str:
    """The schema as it is printed and committed."""
    from gitseq.config.schema import json_schema

    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def journal_text() -> str:
    """The schema of the journal's lines as it is printed."""
    from gitseq.core import journalschema

    return json.dumps(journalschema.schema(), indent=2, ensure_ascii=False) + "\n"
