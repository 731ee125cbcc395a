"""Is a text that was written for a gitseq.toml one?"""

from gitseq.config import meaning
from gitseq.config.check import check_file
from gitseq.config.explain import Document, Findings
from gitseq.config.meaning import Table
from gitseq.config.schema import Config
from gitseq.errors import ConfigError


def problems(text: str) -> "list[str]":
    """What gitseq would refuse of it, in words; keys that this version does not know how to honour yet included."""
    import tomli

    findings = Findings()
    try:
        document = Document("gitseq.toml", text, tomli.loads(text))
        check_file(document, Config, findings)
        hooks = [Table(document, ("hook", index), hook) for index, hook in enumerate(document.data.get("hook", []))]
        meaning.check_ids(hooks, findings)
        meaning.check_together(hooks, findings)
    except ConfigError as error:
        return error.lines()
    return [str(problem) for problem in findings.problems]
