import string

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from gitseq.config.lines import line_numbers

TEXT = '''# a comment = 1
a.b = 1
"q\\"x" = """
[not a table]
"""  # c
lit = \'\'\'a
\'\'\'\'
[limits]
timeout = "1s # no"

[[hook]]
id = "x"
[hook.env]
A = 1.5
"B.C" = 1979-05-27 07:32:00
[[hook]]
types = [
  "a", # c ]
  { z = 1, y = [[1], [2]] },
]
[[hook.sub]]
k = 1
[[hook.sub]]
l = inf
[ tool . "x y" ]
z = {}
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("a", "b"), 2),
        (('q"x',), 3),
        (("lit",), 6),
        (("limits",), 8),
        (("limits", "timeout"), 9),
        (("hook", 0), 11),
        (("hook", 0, "env", "A"), 14),
        (("hook", 0, "env", "B.C"), 15),
        (("hook", 1), 16),
        (("hook", 1, "types", 0), 18),
        (("hook", 1, "types", 1, "y", 1), 19),
        (("hook", 1, "sub", 0, "k"), 22),
        (("hook", 1, "sub", 1, "l"), 24),
        (("tool", "x y", "z"), 26),
    ],
)
def test_line_of_a_key_is_found(path, line):
    assert line_numbers(TEXT)[path] == line


def paths_of(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths_of(inner, (*path, index))


def test_every_key_of_a_file_has_a_line_and_no_line_is_invented():
    assert set(line_numbers(TEXT)) == set(paths_of(tomli.loads(TEXT))) - {()}


KEYS = st.text(string.ascii_lowercase + '". \\é#=[', min_size=1, max_size=5)
SCALARS = st.one_of(st.integers(-9, 9), st.booleans(), st.text('a"\\#[]{}=,\n', max_size=6), st.floats(0, 9))
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3))
)


def quoted(text):
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n"}
    return '"' + "".join(escapes.get(char, char) for char in text) + '"'


def written(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[ # [{\n" + ",\n".join(written(inner) for inner in value) + "\n]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {written(inner)}" for key, inner in value.items()) + "}"
    return repr(value)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.lists(st.dictionaries(KEYS, VALUES, max_size=3), max_size=3))
def test_every_key_of_any_file_has_the_line_it_stands_on(top, tables):
    top.pop("tables", None)
    lines = [f"{quoted(key)} = {written(value)}" for key, value in top.items()]
    for table in tables:
        lines += ["[[tables]]", *(f"{quoted(key)} = {written(value)}" for key, value in table.items())]
    text = "\n".join(lines)
    found = line_numbers(text)
    data = tomli.loads(text)
    assert set(found) == set(paths_of(data)) - {()}
    rows = text.split("\n")
    for path, line in found.items():
        if isinstance(path[-1], str) and path != ("tables",):
            assert quoted(path[-1]) in rows[line - 1]


@given(st.text("ab\"'[]{}=,.#\n\\ ", max_size=60))
def test_any_text_at_all_is_read_to_its_end(text):
    line_numbers(text)


def test_deep_nesting_ends_without_an_error():
    assert line_numbers("a = " + "[" * 5000 + "]" * 5000)[("a",)] == 1
