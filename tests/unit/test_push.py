from gitseq.core import push

NONE = b"0" * 40
OURS, THEIRS = b"1" * 40, b"2" * 40


def test_each_line_is_a_ref_and_the_zero_id_says_made_or_removed():
    update, made, removed = push.parse(
        b"refs/heads/a %s refs/heads/a %s\nrefs/heads/b %s refs/heads/b %s\n(delete) %s refs/heads/c %s\n"
        % (OURS, THEIRS, OURS, NONE, NONE, THEIRS)
    )
    assert (update.creates, update.deletes) == (False, False)
    assert (made.creates, made.deletes) == (True, False)
    assert (removed.creates, removed.deletes) == (False, True)
    assert removed.remote_ref == b"refs/heads/c"


def test_a_line_that_is_not_whole_is_no_ref():
    assert push.parse(b"refs/heads/a %s\n" % OURS) == []
