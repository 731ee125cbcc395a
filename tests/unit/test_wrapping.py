"""What a shell is told about wrappers; `tests/e2e/test_wrap.py` asks the shells that are here."""

import pytest

from gitseq.core import wrapping


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", b"""export PATH='/it'\\''s here':"$PATH\""""),
        ("zsh", b"""export PATH='/it'\\''s here':"$PATH\""""),
        ("fish", b"fish_add_path --global --move --prepend '/it\\'s here'"),
    ],
)
def test_a_folder_of_any_name_goes_first_on_path(shell, line):
    assert wrapping.path_line(b"/it's here", shell) == line
