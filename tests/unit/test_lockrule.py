from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import lockrule, lockwords
from gitseq.core.lockrule import Facts, Lock, Owner, Relative

GIT_DIR = b"/r/.git"
INDEX = GIT_DIR + b"/index"
LOCK = INDEX + b".lock"
NEXT = GIT_DIR + b"/next-index-7.lock"

US = Relative(9, False, b"", 0.5)


def git(pid=7, index=b"", age=2.0, has_lock_open=False):
    return Relative(pid, True, index, age, has_lock_open)


def facts(*chain, index=INDEX, **more):
    known = {"index_age": 1.0, "lock": LOCK, "lock_exists": True, "git_dir": GIT_DIR, **more}
    return Facts(index=index, chain=chain or (US,), **known)


def test_no_lock_beside_a_plain_index_is_nothing_to_speak_of():
    assert lockrule.decide(facts(lock_exists=False)) is None


def test_the_lock_that_git_handed_to_its_child_is_ours():
    lock = lockrule.decide(facts(US.replace(index=LOCK), git(), index=LOCK))
    assert (lock.state, lock.mode, lock.git_pid, lock.path) == ("ours", "locked", 7, LOCK)


def test_a_leftover_variable_that_git_saw_too_makes_nothing_ours():
    lock = lockrule.decide(facts(US.replace(index=LOCK), git(index=LOCK), index=LOCK))
    assert (lock.state, lock.stale_environment) == ("foreign", True)


def test_a_variable_that_a_script_below_the_hook_set_makes_nothing_ours():
    hook = Relative(8, False, INDEX)
    assert lockrule.decide(facts(US.replace(index=LOCK), hook, git(), index=LOCK)).state == "foreign"


def test_where_environments_cannot_be_read_a_lock_younger_than_git_is_ours():
    us = US.replace(index=LOCK)
    younger = facts(us, git(index=None, age=2.0), index=LOCK, index_age=1.5)
    older = facts(us, git(index=None, age=2.0), index=LOCK, index_age=3.5)
    assert lockrule.decide(younger).state == "ours"
    assert lockrule.decide(older).state == "foreign"


def test_where_even_the_start_of_git_is_unknown_its_lock_is_ours():
    assert lockrule.decide(facts(US.replace(index=LOCK), git(index=None, age=None), index=LOCK)).state == "ours"


def test_a_partial_commit_is_known_by_the_pid_in_the_name_of_its_index():
    lock = lockrule.decide(facts(US, git(7), index=NEXT))
    assert (lock.state, lock.mode, lock.path) == ("ours", "partial", LOCK)


def test_a_partial_commit_of_a_pid_that_is_no_git_above_us_is_not_ours():
    for chain in ((US, git(6)), (US, Relative(7, False, b""))):
        assert lockrule.decide(facts(*chain, index=NEXT)).state == "foreign"
        assert lockrule.decide(facts(*chain, index=NEXT, lock_exists=False)).state == "gone"


def test_an_index_that_died_with_its_git_is_told_as_gone():
    for index in (LOCK, NEXT):
        assert lockrule.decide(facts(US, git(7), index=index, index_age=None)).state == "gone"


def test_a_lock_that_a_git_above_us_has_open_is_ours():
    lock = lockrule.decide(facts(US, git(has_lock_open=True)))
    assert (lock.state, lock.mode) == ("ours", "nested")


def test_the_pid_file_counts_only_for_a_git_above_us():
    assert lockrule.decide(facts(US, git(7), pid_file=7)).state == "ours"
    assert lockrule.decide(facts(US, git(7), pid_file=6)).state == "foreign"
    assert lockrule.decide(facts(US, Relative(7, False, b""), pid_file=7)).state == "foreign"


def test_a_token_counts_only_for_that_lock_of_a_git_above_us():
    assert lockrule.decide(facts(US, git(7), token=(7, LOCK))).state == "ours"
    assert lockrule.decide(facts(US, git(7), token=(6, LOCK))).state == "foreign"
    assert lockrule.decide(facts(US, git(7), token=(7, b"/other/index.lock"))).state == "foreign"
    assert lockrule.decide(facts(US, token=(7, LOCK))).state == "foreign"


def test_a_hook_above_us_that_was_handed_the_lock_vouches_for_a_scrubbed_environment():
    for handed in (LOCK, NEXT):
        hook = Relative(8, False, handed)
        assert lockrule.decide(facts(US, Relative(10, False, b""), hook, git(7))).mode == "nested"


def test_another_repository_s_partial_commit_vouches_for_nothing_here():
    hook = Relative(8, False, b"/other/.git/next-index-7.lock")
    assert lockrule.decide(facts(US, hook, git(7))).state == "foreign"


def test_next_index_names_are_read_strictly():
    assert lockrule.next_index_pid(b"/r/next-index-12.lock") == 12
    for other in (b"/r/next-index-.lock", b"/r/next-index-1x.lock", b"/r/xnext-index-1.lock", LOCK, b"next-index-1"):
        assert lockrule.next_index_pid(other) == 0


indexes = st.sampled_from([INDEX, LOCK, NEXT, b"/x/idx", b"/x/idx.lock"])
ages = st.none() | st.floats(0, 10)
relatives = st.builds(
    Relative, st.integers(5, 12), st.booleans(), st.none() | st.just(b"") | indexes, ages, st.booleans()
)
anything = st.builds(
    Facts,
    index=indexes,
    index_age=ages,
    lock=st.just(LOCK),
    lock_exists=st.booleans(),
    chain=st.lists(relatives, min_size=1, max_size=5).map(tuple),
    git_dir=st.just(GIT_DIR),
    pid_file=st.integers(0, 12),
    token=st.tuples(st.integers(0, 12), indexes),
)


@given(anything)
def test_nothing_is_ours_without_a_living_git_above_us_that_is_named(known):
    lock = lockrule.decide(known)
    if lock is not None and lock.state == "ours":
        assert lock.git_pid in {relative.pid for relative in known.chain[1:] if relative.is_git}


@given(anything)
def test_no_lock_is_called_stale_before_the_search_and_none_with_a_stale_environment_ever(known):
    lock = lockrule.decide(known)
    if lock is not None:
        assert lock.state != "stale-suspect"
        if lock.stale_environment and lock.state == "foreign":
            assert lockrule.judge(lock, None, "").state == "foreign"


@given(anything)
def test_a_plain_index_is_none_exactly_when_it_has_no_lock(known):
    if not known.index.endswith(b".lock"):
        assert (lockrule.decide(known) is None) == (not known.lock_exists)


FOREIGN = Lock("foreign", LOCK)


def test_only_a_search_that_saw_everything_and_found_nothing_suspects_a_stale_lock():
    assert lockrule.judge(FOREIGN, None, "").state == "stale-suspect"
    assert lockrule.judge(FOREIGN, None, "a git of another user").state == "foreign"
    assert lockrule.judge(FOREIGN, Owner(1, b"git", "me", "has it open"), "").state == "foreign"


def test_the_command_to_remove_a_lock_is_told_for_stale_suspects_only():
    evidence = lockwords.Evidence(7200.0, 0, 10.2)
    stale = lockwords.refusal(Lock("stale-suspect", b"/r/it's/.git/index.lock"), evidence)
    assert stale.hint == "If you are sure none is running: rm '/r/it'\\''s/.git/index.lock'"
    assert "2 h old and empty; waited 10 s" in stale.why
    owner = Owner(7, b"git commit -a", "ann", "has the lock open")
    for lock in (FOREIGN, FOREIGN.replace(owner=owner), FOREIGN.replace(stale_environment=True), Lock("gone", LOCK)):
        assert "rm " not in " ".join(lockwords.refusal(lock, evidence).values())


def test_an_owner_is_told_by_command_pid_and_user():
    lock = FOREIGN.replace(owner=Owner(7, b"git commit -a -m \x1b[31m", "ann", "has the lock open"))
    words = lockwords.refusal(lock, None)
    assert "`git commit -a -m \\x1b[31m` (pid 7, user ann) has the lock open." in words.why
    assert "or finish it" in words.hint
    above = lock.replace(owner=lock.owner.replace(is_above=True))
    assert "cannot wait for it" in lockwords.refusal(above, None).hint


def test_the_line_of_a_wait_names_lock_and_owner_as_far_as_known():
    assert lockwords.waiting(FOREIGN) == "waiting for /r/.git/index.lock"
    owned = FOREIGN.replace(owner=Owner(7, b"", "", "has the lock open"))
    assert lockwords.waiting(owned) == "waiting for /r/.git/index.lock: `a process` (pid 7) has the lock open."


def test_the_token_names_the_git_that_holds_the_lock_and_the_lock():
    assert Lock("ours", LOCK, git_pid=7).token == b"7:/r/.git/index.lock"
