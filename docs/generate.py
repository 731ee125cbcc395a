"""Writes what is read off the code: reference/command-line.md, reference/gitseq.1, and .pre-commit-hooks.yaml.

    python docs/generate.py            (make pages)

Tables that are written by hand elsewhere - exit codes, variables - are taken from there for the man page.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from gitseq.cli import described  # noqa: E402 - found by the line above
from gitseq.core.builtins import DEFAULTS  # noqa: E402
from gitseq.core.commandline import Argument, Verb  # noqa: E402

PAGE, MANUAL = DOCS / "reference/command-line.md", DOCS / "reference/gitseq.1"
OFFER = DOCS.parent / ".pre-commit-hooks.yaml"

WHAT = "Git hooks one at a time: queued for the whole repository, caged, and no byte lost."


def synopsis(verb: Verb) -> str:
    """`gitseq run [STAGE | HOOK-ID ...] [options]`."""
    words = [f"gitseq {verb.name}"]
    if verb.options:
        words.append("[OPTION...]")
    for one in verb.positional:
        name = one.value + (" ..." if one.repeats else "")
        words.append(f"[{name}]" if one.optional else name)
    return " ".join(words)


def flags_of(argument: Argument) -> str:
    """`-c, --config FILE`."""
    value = f" {argument.value}" if argument.value else ""
    return ", ".join(sorted(argument.flags, key=len)) + value if argument.flags else argument.value


def rows(page: Path, heading: str) -> "Iterator[tuple[str, str]]":
    """The two columns of the first table below a heading."""
    table = "|" + page.read_text().split(heading, 1)[1].split("\n|", 1)[1].split("\n\n", 1)[0]
    for line in table.splitlines()[2:]:  # below the head and its rule
        first, second = line.strip("| ").split(" | ", 1)
        yield first, second


# --- Markdown --------------------------------------------------------------------------------------


def page() -> str:
    """The whole of reference/command-line.md."""
    verbs = described.verbs()
    parts = [
        "# The command line",
        "Written by `make pages` from the parsers; `gitseq VERB --help` says the same.",
        "| | |\n|---|---|\n"
        + "\n".join(f"| [`{v.name}`](#gitseq-{v.name.replace(' ', '-')}) | {v.help} |" for v in verbs),
        "See also [exit codes](exit-codes.md) and [environment variables](environment.md).",
        *(section(verb) for verb in verbs),
    ]
    return "\n\n".join(parts) + "\n"


def section(verb: Verb) -> str:
    """One verb."""
    parts = [f"## gitseq {verb.name}", f"{verb.description or sentence(verb.help)}", f"```\n{synopsis(verb)}\n```"]
    table = [
        f"| `{flags_of(one).replace('|', chr(92) + '|')}` | {cell(one.help)} |" for one in verb.arguments if one.help
    ]
    if table:
        parts.append("\n".join(["| | |", "|---|---|", *table]))
    if verb.epilog:
        parts.append(f"```\n{verb.epilog.strip()}\n```")
    return "\n\n".join(parts)


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


# --- man -------------------------------------------------------------------------------------------


def manual() -> str:
    """The whole of reference/gitseq.1."""
    verbs = described.verbs()
    lines = ['.TH GITSEQ 1 "" gitseq "User commands"', ".SH NAME", "gitseq \\- git hooks one at a time", ".SH SYNOPSIS"]
    lines += [".B gitseq", ".I VERB", "[\\fIOPTION\\fR...]", ".SH DESCRIPTION", roff(WHAT)]
    lines += [".PP", roff("The configuration is gitseq.toml at the top of the work tree, or .pre-commit-config.yaml.")]
    lines += [".SH VERBS", *(line for verb in verbs for line in manual_of(verb))]
    lines += [
        ".SH EXIT STATUS",
        *(line for code, what in rows(DOCS / "reference/exit-codes.md", "# Exit codes") for line in item(code, what)),
    ]
    lines.append(".SH ENVIRONMENT")
    for name, what in rows(DOCS / "reference/environment.md", "## Read by gitseq"):
        lines += item(name, what)
    lines += [".SH FILES"]
    for name, what in FILES:
        lines += item(name, what)
    lines += [".SH SEE ALSO", ".BR git (1),", ".BR githooks (5)"]
    return "\n".join(lines) + "\n"


FILES = (
    (
        "gitseq.toml, .gitseq.toml, pyproject.toml, .pre-commit-config.yaml",
        "The configuration, in the order of search.",
    ),
    ("gitseq.local.toml", "What you want otherwise for yourself; not to be committed."),
    (".git/gitseq/", "Queue, lease, journal, wrappers and kept work, shared by all work trees."),
)


def manual_of(verb: Verb) -> "Iterator[str]":
    """One verb."""
    yield f".SS {roff(synopsis(verb))}"
    yield roff(verb.description or sentence(verb.help))
    for one in verb.arguments:
        if one.help:
            yield from item(flags_of(one), one.help)
    if verb.epilog:
        yield from (".PP", ".nf", *(roff(line) for line in verb.epilog.strip().splitlines()), ".fi")


def item(head: str, text: str) -> "list[str]":
    return [".TP", f"\\fB{roff(head)}\\fR", roff(text)]


def roff(text: str) -> str:
    """One or more lines of text, whatever they begin with."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda found: found[1] or "", text)
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.splitlines())


# --- for other managers ----------------------------------------------------------------------------


def offer() -> str:
    """The whole of .pre-commit-hooks.yaml: the hooks inside gitseq, for pre-commit and its like."""
    head = "# Written by `make pages`: the hooks inside gitseq, for pre-commit and what else reads this file."
    return "\n\n".join([head, *(offered(name, dict(keys)) for name, keys in DEFAULTS.items())]) + "\n"


def offered(name: str, keys: "dict[str, Any]") -> str:
    """One hook. The message of a commit is a file name to pre-commit, so a hook about it takes names."""
    if keys.get("stages") == ("commit-msg",):
        keys = {key: value for key, value in keys.items() if key not in ("pass_filenames", "always_run")}
    values = {"id": name, "name": keys.pop("name"), "entry": f"gitseq builtin {name}", "language": "python", **keys}
    if "stages" in keys:
        values["minimum_pre_commit_version"] = "3.2.0"  # the first that knows stages by these names
    lines = [f"{key}: {json.dumps(value)}" for key, value in values.items()]
    return "- " + "\n  ".join(lines)


def main() -> None:
    PAGE.write_text(page())
    MANUAL.write_text(manual())
    OFFER.write_text(offer())


if __name__ == "__main__":
    main()
