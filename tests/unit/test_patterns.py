import _sre
import marshal
import re
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitseq.core import patterns

NAMES = [
    "",
    "\n",
    "a",
    "a.py",
    "a.pyi",
    "src/A.PY",
    "src/é.py",
    "a\nb",
    "\u017f",
    "K",
    "vendor/x",
    "\udcff.py",
    "a b",
    "-a",
]
_ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "é",
        "\u017f",
        ".",
        r"\.",
        "/",
        "^",
        "$",
        r"\w",
        r"\d",
        r"\S",
        "[a-c]",
        "[^/]",
        r"[\w.]",
        r"\b",
        r"\Z",
        "py",
        "|",
    ]
)
_GROUPS = st.sampled_from(
    ["(%s)", "(?:%s)", "(?P<n>%s)", "(?=%s)", "(?!%s)", "(?<!a)%s", "(?i:%s)", "(?s:%s)", "(?#c)%s"]
)
_REPEATS = st.sampled_from(["", "*", "+?", "?", "{1,2}"])
REGEXES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.builds(lambda group, text: group % text, _GROUPS, inner),
        st.builds(lambda text, repeat: f"(?:{text}){repeat}", inner, _REPEATS),
    ),
    max_leaves=12,
)


def through_a_plan(pattern):
    """As at run time: the numbers have been to a file and back."""
    return patterns.searcher(pattern, marshal.loads(marshal.dumps({pattern: patterns.precompile(pattern)})))


def is_pattern(pattern):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(pattern)
        except re.error:
            return False
    return True


@given(REGEXES.filter(is_pattern), st.one_of(st.sampled_from(NAMES), st.text("abcé\u017fK/.\npy", max_size=12)))
@example("", "")
@example("^$", "\n")
@example("^$", "a")
@example("(?P<n>a)?(?(n)b|c)(?P=n)", "caba")
@example("(?i)straße|\u017f", "S")
@example(r"(?x) a \. py  # comment", "a.py")
def test_precompiled_pattern_finds_what_re_search_finds(pattern, name):
    assert bool(through_a_plan(pattern)(name)) == bool(re.search(pattern, name))


@given(st.text("()[]{}?*+|\\^$.aPi<>=!:-,1", max_size=12))
def test_a_pattern_is_refused_exactly_when_re_refuses_it(pattern):
    if is_pattern(pattern):
        patterns.precompile(pattern)
    else:
        with pytest.raises(ValueError, match=r"\w"):
            patterns.precompile(pattern)


def test_precompiled_pattern_is_used_without_compiling_it_again(monkeypatch):
    codes = {r"\.py$": patterns.precompile(r"\.py$")}
    monkeypatch.setattr(re, "compile", None)
    assert patterns.searcher(r"\.py$", codes)("a.py")


@pytest.mark.parametrize("code", [(0, [1, 2, 3], 0), (0, [], 0), (), ("x", [1], 0), (0, [2**40], 0), (0, [1], -5)])
def test_numbers_that_mean_nothing_fall_back_to_the_text(code):
    search = patterns.searcher(r"\.py$", {r"\.py$": code})
    assert search("a.py")
    assert not search("a.c")


def test_pattern_without_numbers_is_compiled_from_its_text():
    assert patterns.searcher("a+", {})("caat")
    assert patterns.searcher("a+")("caat")


def test_magic_is_the_interpreters():
    assert patterns.MAGIC == _sre.MAGIC


def test_nesting_beyond_the_stack_is_refused_not_a_traceback():
    with pytest.raises(ValueError, match=r"too large or too deep|too many|overflow"):
        patterns.precompile("(?:" * 100_000 + ")" * 100_000)
