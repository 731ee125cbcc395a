"""Arguments of built-in hooks: what argparse would have understood, mostly without argparse."""

import importlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.builtin import arguments, registry
from gitseq.builtin.base import Check
from gitseq.core.builtins import CONTENT_ONLY, DEFAULTS
from gitseq.errors import ConfigError

WORDS = [
    *"--enforce-all --enforce --maxkb --maxkb=7 --maxkb=x 7 -7 -- - --fix --fix=lf -f -flf lf --f=lf --fix=".split(),
    *"--branch -bmain -b main --pattern=x --unique --unique=1 --ignore-case --ignore -i --message --strict".split(),
    *("--credentials-file", "--credentials-file=a=b", "", "a b"),
]


def options_of(name: str) -> "tuple[type[Check], str]":
    module, _, kind = registry._PLACES[name].partition(":")
    found: "type[Check]" = getattr(importlib.import_module("gitseq.builtin." + module), kind)
    return found, found.positional


def outcome(understand, *given_to_it):
    try:
        return {key: tuple(v) if isinstance(v, list) else v for key, v in understand(*given_to_it).items()}
    except ConfigError:
        return "refused"


@pytest.mark.parametrize("name", sorted(name for name in DEFAULTS if options_of(name)[0].options))
def test_what_is_understood_without_argparse_is_what_argparse_understands(name):
    kind, positional = options_of(name)

    @given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
    def same(args):
        quick = arguments._plain(kind.options, args, positional)
        if quick is not None:
            assert outcome(lambda: quick) == outcome(arguments._by_argparse, name, kind.options, args, positional)

    same()


@pytest.mark.parametrize(
    ("name", "args", "reason"),
    [
        ("check-added-large-files", ["--maxkb=big"], "invalid int value"),
        ("check-added-large-files", ["--maxkb"], "expected one argument"),
        ("check-json", ["--nope"], "unrecognized arguments: --nope"),
        ("check-json", ["other.json"], "takes no file names"),
        ("mixed-line-ending", ["--fix=unix"], "invalid choice"),
        ("file-contents-sorter", ["--unique", "--ignore-case"], "not allowed with argument"),
        ("trailing-whitespace", ["--markdown-linebreak-ext=a.md"], "bad --markdown-linebreak-ext"),
        ("trailing-whitespace", ["--markdown-linebreak-ext="], "non-empty"),
        ("no-commit-to-branch", ["--pattern=("], "no regular expression"),
        ("check-vcs-permalinks", ["--additional-github-domain=("], "regular expression"),
        ("forbid-pattern", ["("], "no regular expression"),
        ("forbid-pattern", [], "needs a regular expression"),
        ("name-tests-test", ["--pytest", "--django"], "not allowed with argument"),
        ("trim-whitespace", [], "there is no built-in hook"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_in_words(name, args, reason):
    with pytest.raises(ConfigError) as refusal:
        registry.load(name, args)
    assert reason in "\n".join(refusal.value.lines())
    assert refusal.value.hint


def test_every_id_has_a_check():
    assert set(registry._PLACES) == set(DEFAULTS)
    assert set(DEFAULTS) > CONTENT_ONLY
    for name in DEFAULTS:
        assert registry.load(name, ["x"] if name.endswith("-pattern") else [])


def test_the_reference_lists_every_hook_with_its_options_and_whether_it_is_cached():
    page = (Path(__file__).parents[2] / "docs/reference/builtin-hooks.md").read_text()
    rows = {
        row[1].strip(" `"): row
        for row in (line.split("|") for line in page.splitlines())
        if row[0] == "" and len(row) > 4
    }
    assert {name for name in rows if name in DEFAULTS} == set(DEFAULTS)
    for name in DEFAULTS:
        assert rows[name][4].strip() == ("yes" if name in CONTENT_ONLY else "no"), name
        for option in options_of(name)[0].options:
            hidden = {"--no-markdown-linebreak-ext", "--allow-dict-kwargs"}
            assert not set(option.flags) - hidden or any(flag in rows[name][3] for flag in option.flags), option.flags
