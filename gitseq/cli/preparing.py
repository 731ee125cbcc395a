"""Installing everything a configuration needs, for the verbs that do so ahead of a run."""

from gitseq.cli import configuration, progress
from gitseq.cli.telling import tell
from gitseq.core.text import counted
from gitseq.engine import fetching, installs
from gitseq.engine.environments import environment_of, used_by
from gitseq.engine.installer import Site
from gitseq.host import terminal
from gitseq.host.signals import Signals
from gitseq.languages.store import Store, home
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.cli.context import Context
    from gitseq.git.repo import Repo


def install_all(repo: "Repo", context: "Context") -> int:
    """Install the environments of all hooks of a repository and say how it went; the exit code."""
    env = context.env
    plan = configuration.current_plan(repo, env)
    store = Store(home(env))
    wanted = {
        environment.folder: (hook, environment)
        for hook in plan.hooks
        if (environment := environment_of(hook, store)) is not None
    }
    with Signals() as signals:
        site = Site(env, repo.top, repo.state_dir, signals, progress.consumer(env), terminal.is_terminal(2))
        fetching.note_use(plan, used_by(plan, store), site)
        missing = [pair for pair in wanted.values() if not pair[1].is_ready()]
        problems = installs.install(missing, store, site)
    for problem in problems.values():
        plain.show_problem(tuple(problem.lines()))
    installed, there = len(missing) - len(problems), len(wanted) - len(missing)
    tell(f"{counted(installed, 'environment')} installed, already there: {there}")
    return max((problem.exit_code for problem in problems.values()), default=0)
