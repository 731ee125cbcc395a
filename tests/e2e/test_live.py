"""The line that lives while a hook takes its time, in a real terminal."""

import pytest

from tests.support.procs import wait_until
from tests.support.recorder import hook
from tests.support.tmux import AVAILABLE, Tmux

NAME = "a hook whose name is so long that its line does not fit into the terminal"

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="needs tmux")


@pytest.mark.parametrize("columns", [20, 80])
def test_a_name_wider_than_the_terminal_is_seen_once_and_with_its_seconds(repo, columns):
    repo.write("a.txt", "a\n")
    repo.add()
    go_on = repo.path.parent / "go-on"
    waits = f"while ! test -e '{go_on}'; do sleep 0.05; done"
    repo.config(hook("long", waits, f'name = "{NAME}"', shell=True), commit=False)
    terminal = Tmux(repo, columns)
    try:
        terminal.type("clear; gitseq run")
        wait_until(lambda: any(line.endswith(" 1s") for line in terminal.screen()), what="the seconds")
        assert sum(NAME[:10] in line for line in terminal.screen()) == 1
        go_on.touch()
        wait_until(lambda: "Passed" in "".join(terminal.screen()), what="the end")
        assert sum(NAME[:10] in line for line in terminal.screen()) == 1
    finally:
        go_on.touch()
        terminal.close()
