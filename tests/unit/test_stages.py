import pytest

from gitseq.core import push
from gitseq.core.stages import GIT_STAGES, STAGES, exports_of
from gitseq.errors import UsageError


def test_stages_are_those_of_the_contract():
    assert set(GIT_STAGES) == set(
        "pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit pre-rebase post-checkout post-merge "
        "post-rewrite pre-push applypatch-msg pre-applypatch post-applypatch pre-auto-gc reference-transaction "
        "post-index-change sendemail-validate".split()
    )
    assert set(STAGES) == {*GIT_STAGES, "manual"}


def test_prepare_commit_msg_tells_source_and_commit_only_when_git_does():
    stage = STAGES["prepare-commit-msg"]
    assert exports_of(stage, (b"m",)) == {}
    assert exports_of(stage, (b"m", b"merge")) == {b"PRE_COMMIT_COMMIT_MSG_SOURCE": b"merge"}
    assert exports_of(stage, (b"m", b"commit", b"abc"))[b"PRE_COMMIT_COMMIT_OBJECT_NAME"] == b"abc"


def test_pre_rebase_tells_both_or_nothing_as_pre_commit_does():
    assert exports_of(STAGES["pre-rebase"], (b"main",)) == {}
    assert exports_of(STAGES["pre-rebase"], (b"main", b"topic")) == {
        b"PRE_COMMIT_PRE_REBASE_UPSTREAM": b"main",
        b"PRE_COMMIT_PRE_REBASE_BRANCH": b"topic",
    }


def test_files_that_change_are_watched_only_where_git_can_be_stopped_and_holds_no_lock():
    unwatched = {name for name, stage in STAGES.items() if not stage.watches_tree}
    after = {name for name in GIT_STAGES if name.startswith("post-")}
    assert unwatched == {*after, "reference-transaction"}


@pytest.mark.parametrize("name", sorted(GIT_STAGES))
def test_a_wrong_number_of_arguments_is_refused(name):
    stage = STAGES[name]
    with pytest.raises(UsageError) as caught:
        exports_of(stage, (b"x",) * (len(stage.arguments) + 1))
    assert name in caught.value.what


def test_a_pushed_ref_may_have_spaces_on_its_local_side():
    [ref] = push.parse(b"HEAD^{/fix a} 1111 refs/heads/main 0000\n")
    assert ref.local_ref == b"HEAD^{/fix a}"
    assert ref.creates
    assert not ref.deletes


def test_nothing_pushed_is_an_empty_list():
    assert push.parse(b"") == []
