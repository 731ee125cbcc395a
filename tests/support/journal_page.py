"""The generated part of docs/reference/journal.md: `python -m tests.support.journal_page` renews it."""

from pathlib import Path

from gitseq.core import journalschema

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "journal.md"
_BEGIN, _END = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"


def generated() -> str:
    """What stands between the marks, by the code."""
    return "\n".join(journalschema.markdown()) + "\n"


def written() -> str:
    """What stands between the marks, in the page."""
    return PAGE.read_text().partition(_BEGIN)[2].partition(_END)[0]


def renew() -> None:
    """Write the page anew."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    PAGE.write_text(before + _BEGIN + generated() + _END + rest.partition(_END)[2])


if __name__ == "__main__":
    renew()
