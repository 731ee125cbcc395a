import pytest

from gitseq.core.fastpath import answered

SPELLINGS = [
    "https://github.com/pre-commit/pre-commit-hooks",
    "https://github.com/pre-commit/pre-commit-hooks/",
    "https://github.com/pre-commit/pre-commit-hooks.git",
    "https://github.com/Pre-Commit/pre-commit-hooks",
    "git@github.com:pre-commit/pre-commit-hooks.git",
    "ssh://git@example.com/mirrors/pre-commit/pre-commit-hooks",
    "pre-commit/pre-commit-hooks",
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_every_spelling_of_the_repository_is_known(url):
    assert answered(url, "trailing-whitespace")


@pytest.mark.parametrize(
    ("url", "hook_id"),
    [
        ("https://example.com/not-pre-commit/pre-commit-hooks", "trailing-whitespace"),
        ("https://example.com/pre-commit/pre-commit-hooks-fork", "trailing-whitespace"),
        ("https://example.com/pre-commit/pre-commit-hooks", "unknown"),
        ("https://example.com/pre-commit/pre-commit-hooks", "forbid-pattern"),
        ("", "trailing-whitespace"),
    ],
)
def test_nothing_else_is(url, hook_id):
    assert not answered(url, hook_id)
