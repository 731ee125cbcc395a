"""What a script for a shell says; `tests/e2e/test_completion.py` presses TAB in the shells that are here."""

import pytest

from gitseq.core import completing
from gitseq.core.commandline import Argument, Verb
from gitseq.errors import UsageError


def test_parts_of_a_verb_are_completed_as_the_verb_is():
    cache = Verb("cache", "", "", (Argument(value="PART", choices=("clear", "stats"), optional=False),))
    clear = Verb("cache clear", "", "", (Argument(("--older-than",), "D", "age"),))
    for shell in completing.SHELLS:
        text = completing.script(shell, (cache, clear))
        assert "older-than" in text
        assert "clear" in text
        assert "cache clear" not in text


def test_an_unknown_shell_is_a_usage_error():
    with pytest.raises(UsageError):
        completing.script("tcsh", ())
