"""What a whole run loads, from the shim's command line to the exit: imports inside functions are seen too."""

import ast

import pytest

from gitseq.cli.main import VERBS
from tests.support.procs import python
from tests.support.recorder import hook
from tests.support.repo import Repo, run_bounded, text
from tests.unit.test_light_imports import HOT_STDLIB, ROOT, bare

PROBE = """
import posix, sys
def tell(code, leave=posix._exit):
    posix.write(2, b"\\nLOADED " + repr(sorted(sys.modules)).encode())
    leave(code)
posix._exit = tell
sys.path.append(sys.argv[1])
from gitseq.boot import main
main()
"""

BY_HAND = PROBE.replace("sys.argv[1]", "sys.argv.pop(1)").replace("main", "by_hand")

BY_HAND_ALONE = {
    *("cli.main", "cli.quick", "cli.context", "cli.configuration", "cli.run", "cli.perform", "git.listing"),
}
"""What a plain `gitseq run` loads beside what a commit does."""

FOR_OTHERS = {
    *(f"gitseq.cli.{verb}" for verb in VERBS),
    *("gitseq.cli.main", "gitseq.config.load", "gitseq.config.schema", "gitseq.ui.live", "gitseq.ui.json"),
}
"""Our own modules that an ordinary commit has no use for."""


def loaded_by_commit(repo: Repo, code: int = 0) -> "set[str]":
    """The modules that are loaded when git's pre-commit hook is about to end."""
    argv = [*python(PROBE), str(ROOT), ".git/hooks/pre-commit", "pre-commit"]
    done = run_bounded(argv, env={**repo.env, "GIT_INDEX_FILE": ".git/index"}, cwd=repo.path)
    assert done.returncode == code, text(done)
    return set(ast.literal_eval(done.stderr.decode().rpartition("LOADED ")[2]))


@pytest.fixture
def warm(repo: Repo) -> Repo:
    """A repository with a staged file, some hooks, and a plan that is compiled already."""
    repo.config(hook("plain", "true") + hook("shell", "true", shell=True) + hook("py", "true", "types = ['python']"))
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    loaded_by_commit(repo)
    return repo


def test_an_ordinary_run_loads_nothing_that_is_not_listed(warm):
    extra = {name for name in loaded_by_commit(warm) - bare() - HOT_STDLIB if name.split(".")[0] != "gitseq"}
    assert not extra, f"a pre-commit run also loads {sorted(extra)}"


def test_an_ordinary_run_does_without_os(warm):
    assert not loaded_by_commit(warm) & {"os", "os.path", "posixpath", "_collections_abc"}


def test_an_ordinary_run_loads_nothing_of_ours_that_is_for_others(warm):
    assert not loaded_by_commit(warm) & FOR_OTHERS


def test_a_run_with_a_regular_expression_and_a_type_is_as_light(repo):
    repo.config(hook("some", "true", "files = '^[a-m].*[.]txt$'", "types = ['text']"))
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    loaded_by_commit(repo)
    extra = {name for name in loaded_by_commit(repo) - bare() - HOT_STDLIB if name.split(".")[0] != "gitseq"}
    assert not extra


def test_a_hook_that_fails_costs_no_import_either(repo):
    repo.config(hook("no", "false"))
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    loaded_by_commit(repo, 1)
    extra = {name for name in loaded_by_commit(repo, 1) - bare() - HOT_STDLIB if name.split(".")[0] != "gitseq"}
    assert not extra


def test_a_plain_run_by_hand_loads_no_more_than_a_commit_and_its_own_verb(warm):
    argv = [*python(BY_HAND), str(ROOT), "run", "--all-files"]
    done = [run_bounded(argv, env=warm.env, cwd=warm.path) for _ in range(2)][-1]  # the first may have to link
    assert done.returncode == 0, text(done)
    loaded = set(ast.literal_eval(done.stderr.decode().rpartition("LOADED ")[2]))
    own = {name for name in loaded - loaded_by_commit(warm) if name.startswith("gitseq.")}
    assert own == {f"gitseq.{name}" for name in BY_HAND_ALONE}
    assert not {name for name in loaded - bare() - HOT_STDLIB if name.split(".")[0] != "gitseq"}
