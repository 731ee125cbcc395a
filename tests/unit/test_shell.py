"""`core.shell`: what is written for a shell is read by it as it was."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import shell


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_value_in_a_script_is_one_word(value):
    assert shlex.split(shell.word(value.encode()).decode()) == [value]


@pytest.mark.parametrize("path", [b"/a b/index.lock", b"/a'b", b"/caf\xc3\xa9", b"/x\xff\ny\\", b"/plain/index.lock"])
def test_a_path_in_a_command_that_we_advise_is_read_as_the_same_bytes(path):
    done = subprocess.run(["bash", "-c", f"printf %s {shell.typed(path)}"], stdout=subprocess.PIPE, check=True)
    assert done.stdout == path
