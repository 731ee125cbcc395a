"""Which places in files a tool's output names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core.annotations import ERROR, MOST, NOTE, WARNING, Annotation, find


def only(output: str) -> Annotation:
    (found,) = find(output)
    return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("src/a.py:3:7: F401 `os` imported but unused", ("src/a.py", 3, 7, ERROR, "F401 `os` imported but unused")),
        ("a.py:3: error: Name 'x' is not defined  [name-defined]", ("a.py", 3, 0, ERROR, None)),
        ("a.py:3: note: See https://example.com/x", ("a.py", 3, 0, NOTE, "See https://example.com/x")),
        ("a.sh:1:5: warning: Quote this [SC2086]", ("a.sh", 1, 5, WARNING, "Quote this [SC2086]")),
        ("a.c:9:1: fatal error: x.h: No such file", ("a.c", 9, 1, ERROR, "x.h: No such file")),
        ("a.js:2:3: 'x' is not defined. [Error/no-undef]", ("a.js", 2, 3, ERROR, None)),
        ("src/x.ts(12,5): error TS2304: Cannot find name", ("src/x.ts", 12, 5, ERROR, "TS2304: Cannot find name")),
        ("Program.cs(7): warning CS0168: unused", ("Program.cs", 7, 0, WARNING, "CS0168: unused")),
        ("a file.txt:4:import x", ("a file.txt", 4, 0, ERROR, "import x")),
        ("a.py:3:7-9: too long", ("a.py", 3, 7, ERROR, "too long")),
        ('  File "/tree/a.py", line 12, in f', ("/tree/a.py", 12, 0, ERROR, None)),
        ("\x1b[1ma.py\x1b[0m\x1b[36m:\x1b[0m3\x1b[36m:\x1b[0m7: bad", ("a.py", 3, 7, ERROR, "bad")),
        ("::error file=a%2Cb.py,line=3,col=4,title=t::one%0Atwo", ("a,b.py", 3, 4, ERROR, "one\ntwo")),
        ("::warning file=a.py::said", ("a.py", 1, 0, WARNING, "said")),
        ("::notice file=a.py,line=2::said: more", ("a.py", 2, 0, NOTE, "said: more")),
    ],
)
def test_a_line_that_names_a_place_is_found(line, expected):
    found = only(line)
    assert (found.path, found.line, found.column, found.level) == expected[:4]
    assert expected[4] is None or found.message == expected[4]


def test_the_full_form_of_ruff_and_rustc_takes_its_message_from_the_line_above():
    output = "F401 [*] `os` imported but unused\n --> src/a.py:1:8\n  |\n1 | import os\n  |        ^^\n"
    assert only(output) == Annotation("src/a.py", 1, 8, ERROR, "F401 [*] `os` imported but unused")


def test_the_stylish_form_of_eslint_takes_its_path_from_the_line_above():
    output = """
/tree/src/a.js
   1:10  error    'x' is defined but never used  no-unused-vars
  22:1   warning  Missing semicolon              semi

src/b.js
   3:4  error  Parsing error: Unexpected token

✖ 3 problems (2 errors, 1 warning)
"""
    assert [(one.path, one.line, one.column, one.level) for one in find(output)] == [
        ("/tree/src/a.js", 1, 10, ERROR),
        ("/tree/src/a.js", 22, 1, WARNING),
        ("src/b.js", 3, 4, ERROR),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "All checks passed!",
        "Found 3 errors.",
        "::group::x",
        "a.py:0:1: no such line",
        ":3:4: no path",
        "::error::x",
    ],
)
def test_a_line_without_a_place_is_none(line):
    assert find(line) == []


def test_an_indented_place_under_a_sentence_is_none():
    assert find("Something went wrong here\n   1:10  error  x") == []


def test_the_same_complaint_counts_once():
    assert len(find("a.py:1:1: x\na.py:1:1: x\na.py:1:2: x\n")) == 2


def test_a_flood_is_cut():
    assert len(find("".join(f"a.py:{n + 1}:1: x\n" for n in range(MOST + 50)))) == MOST


@given(st.text())
def test_no_output_breaks_it(output):
    assert all(one.line > 0 and one.path for one in find(output))


def test_lines_made_to_be_slow_are_not():
    """Each regular expression is linear enough for the longest line that is looked at."""
    for piece in ("a", "a:", "a(", "::error ", "1:", " ", "\x1b[", "a:1"):
        find("\n".join([(piece * 2000)[:2000]] * 20))


def test_a_line_that_no_person_wrote_is_not_searched_and_its_neighbours_are():
    found = find("a.py:1:1: bad\n" + "b.py:2:2: " + "x" * 5000 + "\nc.py:3:3: bad\n")
    assert [one.path for one in found] == ["a.py", "c.py"]
