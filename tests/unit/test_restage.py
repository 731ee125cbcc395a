from hypothesis import given
from hypothesis import strategies as st

from gitseq.core.restage import Fixed, plan

FIXED = st.builds(Fixed, path=st.binary(min_size=1), staged=st.booleans(), partial=st.booleans(), hidden=st.booleans())
STAGES = st.sampled_from(["pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "pre-push"])


@given(STAGES, st.lists(FIXED, unique_by=lambda fixed: fixed.path))
def test_every_change_is_sorted_exactly_once_and_only_staged_files_are_added(stage, fixed):
    made = plan(stage, fixed)
    told = [*made.add, *made.left, *made.inseparable, *made.too_late]
    assert sorted(told) == sorted(file.path for file in fixed)
    by_path = {file.path: file for file in fixed}
    assert all(by_path[path].staged for path in made.add)
    assert all(by_path[path].hidden or not by_path[path].partial for path in made.add)
    assert stage == "pre-commit" or not made.add
    assert made.whole or made.lines()


def test_a_fix_that_comes_too_late_names_the_command_that_helps():
    made = plan("pre-merge-commit", [Fixed(b"a b.txt", staged=True)])
    assert not made.whole
    assert "git add -- 'a b.txt' && git merge --continue" in made.lines()[1]
    assert "&& git commit" in plan("commit-msg", [Fixed(b"a", staged=True)]).lines()[1]


def test_a_fix_that_cannot_be_told_from_unstaged_changes_fails_the_run():
    assert plan("pre-commit", [Fixed(b"a", staged=True, partial=True)]).inseparable == (b"a",)
    assert plan("pre-commit", [Fixed(b"a", staged=True, partial=True, hidden=True)]).whole


def test_names_are_quoted_so_that_the_command_means_them():
    told = plan("commit-msg", [Fixed(b"it's", staged=True), Fixed(b"a\xff", staged=True)]).lines()[1]
    assert "git add -- 'it'\\''s' $'a\\xff' &&" in told
