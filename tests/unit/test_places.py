"""Where a queue lies."""

import os

import pytest

from gitseq.errors import EnvironmentProblem
from gitseq.queue import places


def test_the_scope_decides_whose_git_directory_holds_the_queue():
    assert places.of_repository(places.WORKTREE, b"/r/.git/worktrees/w", b"/r/.git").state_dir == (
        b"/r/.git/worktrees/w/gitseq"
    )
    repo = places.of_repository(places.REPO, b"/r/.git/worktrees/w", b"/r/.git")
    assert (repo.queue_dir, repo.record) == (b"/r/.git/gitseq/queue", b"/r/.git/gitseq/lease.json")


def test_a_user_s_queue_lies_in_the_runtime_folder_if_that_is_private(tmp_path):
    runtime, home = tmp_path / "run", tmp_path / "home"
    runtime.mkdir(mode=0o700)
    env = {b"XDG_RUNTIME_DIR": bytes(runtime), b"HOME": bytes(home)}
    assert places.of_user(env).state_dir == bytes(runtime) + b"/gitseq"
    runtime.chmod(0o777)  # anybody could make a queue there that holds us up for ever
    assert places.of_user(env).state_dir == bytes(home) + b"/.cache/gitseq/run"
    assert places.of_user({b"XDG_CACHE_HOME": b"/c", b"HOME": b"/h"}).state_dir == b"/c/gitseq/run"


@pytest.mark.parametrize("env", [{}, {b"HOME": b"relative"}, {b"XDG_RUNTIME_DIR": b"run"}])
def test_a_user_without_a_folder_of_his_own_has_no_queue(env):
    with pytest.raises(EnvironmentProblem):
        places.of_user(env)


def test_a_user_s_queue_is_not_made_where_others_may_write(tmp_path):
    place = places.Place(places.USER, bytes(tmp_path) + b"/gitseq")
    os.mkdir(place.state_dir)
    os.chmod(place.state_dir, 0o777)
    with pytest.raises(EnvironmentProblem, match="not this user's own"):
        places.open_queue(place)
    os.rmdir(place.state_dir)
    os.symlink(tmp_path, place.state_dir)
    with pytest.raises(EnvironmentProblem):
        places.open_queue(place)
    os.unlink(place.state_dir)
    os.close(places.open_queue(place))
    assert os.stat(place.state_dir).st_mode & 0o777 == 0o700
