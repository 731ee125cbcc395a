import re

import pytest

from gitseq.config import globs
from gitseq.core.patterns import precompile


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.py", ["a.py", ".a.py", "é.py"], ["a/b.py", "a.pyi", "a.py\n"]),
        ("**/*.py", ["a.py", "a/b.py", "a/.b/c.py", ".a.py"], ["a.c", "a.py/x"]),
        ("src/**", ["src/a", "src/a/b.py", "src/.x/y"], ["src", "srcs/a", "a/src/b"]),
        ("src/**/*.{js,ts}", ["src/a.js", "src/a/b.ts"], ["src/a.css", "a.js"]),
        ("[!a-c]?.md", ["dx.md"], ["ax.md", "d.md", "/x.md"]),
        ("docs/*/index.md", ["docs/a/index.md"], ["docs/index.md", "docs/a/b/index.md"]),
        (r"\[a].txt", ["[a].txt"], ["a.txt"]),
        ("a b", ["a b"], ["ab"]),
    ],
)
def test_star_stops_at_a_slash_and_two_stars_do_not(pattern, matching, other):
    regex = globs.to_regex((pattern,))
    precompile(regex)
    assert [name for name in [*matching, *other] if re.search(regex, name)] == matching


def test_a_file_matches_when_one_of_the_globs_does():
    regex = globs.to_regex(("*.c", "*.h"))
    assert [bool(re.search(regex, name)) for name in ("a.c", "a.h", "a.o", "a.cx.h")] == [True, True, False, True]


@pytest.mark.parametrize("pattern", ["", "/a", "./a", "a/", "../a", "a/../b", "[a", "{a", "a" + "{1..9}" * 6])
def test_glob_that_can_match_nothing_is_refused(pattern):
    with pytest.raises(ValueError, match=r"\w"):
        globs.to_regex((pattern,))


@pytest.mark.parametrize("pattern", ["**/*.py", "a)b", r"a\)", "[)]x"])
def test_glob_is_carried_along_for_people_where_that_does_no_harm(pattern):
    regex = globs.to_regex((pattern,))
    precompile(regex)
    assert globs.as_written(regex) in (pattern, regex)


def test_glob_is_shown_as_it_was_written():
    assert globs.as_written(globs.to_regex(("**/*.py", "a/*"))) == "**/*.py, a/*"
    assert globs.as_written("^a$") == "^a$"
