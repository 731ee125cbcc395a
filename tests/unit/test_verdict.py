from gitseq.core.verdict import Ran, Usage, judge, no_terminal, not_executable, not_found
from gitseq.model import Hook

HOOK = Hook("h", "h", ("h",))


def test_all_calls_passing_is_a_pass():
    told = judge(HOOK, [Ran(0, output=b"a"), Ran(0, output=b"b")], 1.0, 3)
    assert (told.status, told.output, told.files) == ("passed", b"ab", 3)


def test_of_several_calls_each_thing_is_told_once():
    first = Ran(0, output=b"a", notes=("one",), usage=Usage(30, 2, 0.5, "polling"))
    second = Ran(2, output=b"b", notes=("two", "three"), usage=Usage(20, 4, 0.25, "cgroup2"))
    told = judge(HOOK, [first, second], 1.0, 3)
    assert (told.output, told.notes) == (b"ab", ("one", "two", "three"))
    assert (told.peak_memory, told.processes, told.cpu, told.contained_by) == (30, 4, 0.75, "cgroup2")


def test_one_failing_call_fails_the_hook_with_its_code():
    assert judge(HOOK, [Ran(0), Ran(3), Ran(1)], 0, 0).exit_code == 3


def test_a_cap_that_was_hit_is_never_a_pass_whatever_the_exit_code():
    told = judge(HOOK, [Ran(0), Ran(0, problem=("timeout: ran longer than 1s",)), Ran(1)], 0, 1)
    assert told.failed
    assert told.reasons == ("timeout: ran longer than 1s",)


def test_a_signal_is_named():
    assert judge(HOOK, [Ran(137, signal=9)], 0, 0).reasons == ("killed by signal 9",)


def test_a_missing_command_says_what_to_do():
    told = judge(HOOK, [not_found("rufff")], 0, 0)
    assert told.exit_code == 127
    assert "`rufff` not found" in told.reasons[0]


def test_a_command_that_cannot_be_started_says_why_with_the_shells_exit_code():
    ran = not_executable("tool", "Exec format error")
    assert ran.exit_code == 126
    assert ran.problem == ("executable `tool` could not be started: Exec format error",)


def test_an_interactive_hook_without_a_terminal_fails_and_tells_how_to_go_without_it():
    ran = no_terminal(Hook("ask", "ask me", ("ask",)))
    assert ran.exit_code == 1
    assert "GITSEQ_SKIP=ask" in ran.problem[0]
