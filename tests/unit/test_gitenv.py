from gitseq.core import gitenv

ENV = {b"PATH": b"/bin", b"GIT_DIR": b".git/worktrees/x", b"GIT_INDEX_FILE": b".git/index", b"GIT_EXEC_PATH": b"/x"}


def top(env, **changes):
    facts = {"own_index": b"/r/.git/index", "index": b"/r/.git/index", "dir_is_discoverable": True}
    return gitenv.for_top(env, **{**facts, **changes})


def test_the_own_index_is_not_named_because_a_relative_name_misleads_a_git_elsewhere():
    assert b"GIT_INDEX_FILE" not in top(ENV)


def test_a_variable_that_git_did_not_set_is_not_made_up():
    assert top({b"PATH": b"/bin"}, index=b"/r/.git/other") == {b"PATH": b"/bin"}


def test_another_index_stays_and_becomes_absolute():
    lock = b"/r/.git/index.lock"
    assert top({**ENV, b"GIT_INDEX_FILE": b".git/index.lock"}, index=lock)[b"GIT_INDEX_FILE"] == lock


def test_git_dir_goes_where_git_finds_it_anyway_and_stays_where_not():
    assert b"GIT_DIR" not in top(ENV)
    assert top(ENV, dir_is_discoverable=False)[b"GIT_DIR"] == ENV[b"GIT_DIR"]


def test_in_a_folder_a_named_git_dir_becomes_absolute_with_its_work_tree():
    env = gitenv.for_folder({b"GIT_DIR": b".git", b"GIT_WORK_TREE": b"."}, top=b"/r", git_dir=b"/r/.git")
    assert env == {b"GIT_DIR": b"/r/.git", b"GIT_WORK_TREE": b"/r"}
    assert gitenv.for_folder({}, top=b"/r", git_dir=b"/r/.git") == {}


def test_scrubbing_keeps_what_is_not_about_this_repository():
    kept = {b"GIT_EXEC_PATH": b"/x", b"GIT_SSH_COMMAND": b"ssh", b"GIT_CONFIG_COUNT": b"0", b"PATH": b"/bin"}
    gone = dict.fromkeys((*gitenv.LOCAL, b"GIT_AUTHOR_NAME", b"GIT_EDITOR", b"GIT_REFLOG_ACTION"), b"1")
    assert gitenv.scrubbed({**kept, **gone}) == kept
