"""Who is inside a lease, who only says so, and which waits would never end."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gitseq.core import queueing
from gitseq.queue import state
from tests.support.agents import Agent, Raised, holder_of, place_of
from tests.support.procs import wait_until

ASK = "parent = joined(); say(parent and parent.depth)"


@pytest.fixture
def holder(agent) -> Agent:
    """An agent that holds the lease."""
    one = agent("holder")
    one.do("lease = acquire()")
    return one


# --- believed ----------------------------------------------------------------------------------


def test_a_process_started_inside_a_lease_joins_it(holder):
    assert holder.do(f"answer = child({ASK!r})") == 1


def test_a_process_that_lost_its_environment_joins_its_ancestor_s_lease(holder):
    # It would otherwise wait for its own ancestor for ever (GIT.md section 6).
    assert holder.do(f"answer = child({ASK!r}, env={{}})") == 1


@pytest.mark.parametrize("argv", [("setsid", "-w"), ("nohup",), ("sh", "-c", '"$@" | cat', "sh"), ("env", "-i")])
def test_a_process_below_others_joins(holder, argv):
    assert holder.do(f"answer = child({ASK!r}, argv={argv!r})") == 1


def test_depth_grows_with_every_level_also_where_the_environment_is_lost(holder):
    token = holder.do("answer = child('say(joined().token.decode())')")
    inside = f"env={{b'GITSEQ_TOKEN': {token.encode()!r}, b'PATH': b'/usr/bin:/bin'}}"
    assert holder.do(f"answer = child({ASK!r}, {inside})") == 2
    assert holder.do(f"answer = child({f'say(child({ASK!r}, env={{}}))'!r}, {inside})") == 2
    # Here sh still has the token, and what it starts has not.
    assert holder.do(f"answer = child({ASK!r}, {inside}, argv=('sh', '-c', 'env -i \"$@\"; :', 'sh'))") == 2


def test_a_run_inside_a_run_joins_although_the_queue_was_removed(holder, tmp_path):
    shutil.rmtree(tmp_path / "gitseq/queue")
    assert holder.do(f"answer = child({ASK!r})") == 1


def test_leaving_an_inner_turn_leaves_the_lease_with_its_owner(holder):
    inside = "with joined() as parent: pass\nsay(parent.record.nonce)"
    assert holder.do(f"answer = child({inside!r})") == holder.do("answer = lease.record.nonce")
    assert holder.do(f"answer = child({ASK!r})") == 1


def test_an_orphan_joins_when_the_engine_adopts_it(holder):
    holder.do("import ctypes; assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0")  # PR_SET_CHILD_SUBREAPER
    assert holder.do(_orphan(pass_fds="()")) == 1


def test_an_orphan_of_nobody_joins_by_token_and_lifeline(holder):
    assert holder.do("fd = lease.lifeline(); os.set_inheritable(fd, True)\n" + _orphan(pass_fds="(fd,)")) == 1


# --- not believed ------------------------------------------------------------------------------


def test_an_orphan_of_nobody_without_lifeline_does_not_join(holder):
    assert holder.do(_orphan(pass_fds="()")) is None


def test_a_lifeline_without_the_token_is_not_enough(holder):
    assert holder.do("fd = lease.lifeline()\n" + _orphan(pass_fds="(fd,)", env="{}")) is None


def test_a_token_copied_into_another_terminal_is_not_believed_while_the_run_goes_on(holder, agent):
    token = holder.do("answer = lease.token.decode()")
    other = agent("terminal", env={**os.environ, "GITSEQ_TOKEN": token})
    assert other.do("answer = joined() is None")
    with pytest.raises(Raised, match="GaveUp"):
        other.do("acquire(limit=0)")


def test_a_token_of_a_finished_run_is_not_believed(holder):
    holder.do("stale = lease.token; lease.release()")
    ask = f"answer = child({ASK!r}, env={{b'GITSEQ_TOKEN': stale}})"
    assert holder.do(ask) is None


def test_a_token_of_a_finished_run_is_not_believed_while_another_holds_the_lease(holder, agent):
    holder.do("stale = lease.token; lease.release()")
    agent("other").do("lease = acquire()")
    assert holder.do(f"answer = child({ASK!r}, env={{b'GITSEQ_TOKEN': stale}})") is None


def test_a_token_of_a_killed_run_is_not_believed(holder, tmp_path):
    out = tmp_path / "out"
    code = (
        "import time\nprint('up', flush=True)\n"
        "while proctree.start_of(os.getppid()) and os.getppid() == PARENT: time.sleep(0.01)\n"
        f"open({str(out)!r}, 'w').write(json.dumps(joined() and 1))"
    )
    holder.do(f"process = spawn('PARENT = %d\\n' % os.getpid() + {code!r}); process.stdout.readline()")
    os.kill(holder.pid, 9)
    holder.process.wait()
    wait_until(lambda: out.exists() and out.read_text())
    assert out.read_text() == "null"


def test_a_child_that_is_older_than_the_lease_does_not_join(agent):
    one = agent()
    one.do(f"process = spawn('sys.stdin.readline()\\n' + {ASK!r}, env=ENV)")
    one.do("import time; time.sleep(0.05); lease = acquire()")  # starts are counted in hundredths of a second
    assert one.do("answer = ended(process, 'now\\n')") is None


def test_a_record_with_a_recycled_pid_makes_no_parent(holder, tmp_path):
    forged = "lease.record.replace(owner=lease.record.owner.replace(start=lease.record.owner.start - 1))"
    holder.do(f"record.write(place({str(tmp_path)!r}), {forged})")
    assert holder.do(f"answer = child({ASK!r})") is None


def test_a_run_in_a_copy_of_the_repository_does_not_join_the_original_s_lease(agent, tmp_path):
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.mkdir()
    one = agent(folder=original)
    one.do("lease = acquire()")
    subprocess.run(["cp", "-a", str(original), str(copy)], check=True)
    assert one.do(f"answer = child({f'say(joined({str(copy)!r}) is None)'!r})") is True
    assert one.do(f"answer = child({f'say(acquire({str(copy)!r}, limit=0).depth)'!r})") == 1


@pytest.mark.parametrize(
    "token", [b"", b"x", b"::::", b"a,b,c", b"0" * 32 + b",0,/nowhere", b"\xff\xfe", b"n,1,/%zz", b"n,99999,/a"]
)
def test_a_made_up_token_is_not_believed_and_does_no_harm(agent, token):
    one = agent()
    other = agent()
    other.do("lease = acquire()")
    assert one.do(f"answer = joined(env={{b'GITSEQ_TOKEN': {token!r}}}) is None")
    with pytest.raises(Raised, match="GaveUp"):
        one.do(f"acquire(limit=0, env={{b'GITSEQ_TOKEN': {token!r}}})")


# --- depth -------------------------------------------------------------------------------------


def test_nesting_without_end_is_refused(holder):
    holder.do("nonce, where = lease.record.nonce, lease._ticket.place.state_dir")
    ask = repr("say(outcome(lambda: joined().depth))")
    at = "answer = child({}, env={{b'GITSEQ_TOKEN': queueing.token_text([queueing.Held(nonce, {}, where)])}})"
    assert holder.do(at.format(ask, queueing.DEPTH_LIMIT - 1)) == ["done", queueing.DEPTH_LIMIT]
    name, lines = holder.do(at.format(ask, queueing.DEPTH_LIMIT))
    assert name == "Refused"
    assert "nested 17 deep" in lines[0]


def test_a_run_that_is_too_deep_stands_in_no_line_afterwards(agent, repos):
    red, green = agent("red", folder=repos[0]), agent("green", folder=repos[1])
    for one in (red, green):
        one.do("lease = acquire()")
    deep = (
        "queueing.token_text([queueing.Held(lease.record.nonce, queueing.DEPTH_LIMIT, lease._ticket.place.state_dir)])"
    )
    queue = str(repos[1] / "gitseq/queue")
    innermost = f"said = outcome(lambda: acquire({str(repos[1])!r})); say([said[0], sorted(os.listdir({queue!r}))])"
    below = f"say(child({innermost!r}, env={{}}))"  # only an ancestor has the token: seen when there is need to wait
    assert red.do(f"answer = child({below!r}, env={{b'GITSEQ_TOKEN': {deep}}})") == ["Refused", ["gate", "lock", "t.1"]]


# --- several repositories ----------------------------------------------------------------------


@pytest.fixture
def repos(tmp_path: Path) -> "list[Path]":
    """Folders of three repositories."""
    made = [tmp_path / name for name in ("red", "green", "blue")]
    for folder in made:
        folder.mkdir()
    return made


def test_a_lease_inside_a_lease_of_another_repository_keeps_both(agent, repos):
    one = agent(folder=repos[0])
    one.do("lease = acquire()")
    inner = "say([[one.depth, os.fsdecode(one.state_dir)] for one in nesting.surrounding(ENV)])"
    code = f"lease = acquire({str(repos[1])!r}); say([lease.depth, child({inner!r})])"
    depths = [[n, f"{folder}/gitseq"] for n, folder in enumerate(repos[:2])]
    assert one.do(f"answer = child({code!r})") == [1, depths]


def test_two_runs_that_wait_for_each_other_s_repository_are_found_within_a_second(agent, repos):
    red, green = agent("red run", folder=repos[0]), agent("green run", folder=repos[1])
    red.do("lease = acquire()")
    green.do("lease = acquire()")
    wait = "say(outcome(lambda: bool(acquire({!r}, limit=20))))"
    red.do(f"process = spawn({wait.format(str(repos[1]))!r})")
    wait_until(lambda: len(state.look(place_of(repos[1])).waiters) == 1)
    started = time.monotonic()
    name, lines = green.do(f"answer = child({wait.format(str(repos[0]))!r})")
    assert time.monotonic() - started < 1
    assert name == "Refused"
    text = "\n".join(lines)
    assert text.count("waits for") == 2
    assert f"inside the lease of {repos[0]}/gitseq, waits for {repos[1]}/gitseq" in text
    # The other goes on, and gets what it waits for.
    green.do("lease.release()")
    assert red.do("answer = ended(process)") == ["done", True]


def test_a_circle_of_three_is_found(agent, repos):
    runs = [agent(f"run {n}", folder=folder) for n, folder in enumerate(repos)]
    for one in runs:
        one.do("lease = acquire()")
    wait = "say(outcome(lambda: bool(acquire({!r}, limit=20))))"
    for n in (0, 1):
        runs[n].do(f"process = spawn({wait.format(str(repos[n + 1]))!r})")
        wait_until(lambda n=n: len(state.look(place_of(repos[n + 1])).waiters) == 1)
    name, lines = runs[2].do(f"answer = child({wait.format(str(repos[0]))!r})")
    assert name == "Refused"
    assert "\n".join(lines).count("waits for") == 3


def test_of_two_that_close_a_circle_at_the_same_time_exactly_one_gives_way(agent, repos):
    runs = [agent(f"run {n}", folder=folder) for n, folder in enumerate(repos[:2])]
    for one in runs:
        one.do("lease = acquire()")
    for _ in range(3):
        for one, other in (runs, reversed(runs)):
            code = f"sys.stdin.readline(); say(outcome(lambda: acquire({str(other.folder)!r}, limit=1).release()))"
            one.do(f"process = spawn({code!r})")
        for one in runs:
            one.start("process.stdin.write('go\\n'); process.stdin.flush(); answer = ended(process)")
        assert sorted(one.ended()[0] for one in runs) == ["GaveUp", "Refused"]


def test_a_wait_for_a_run_that_waits_for_nobody_of_ours_is_no_circle(agent, repos):
    runs = [agent(f"run {n}", folder=folder) for n, folder in enumerate(repos)]
    for one in runs:
        one.do("lease = acquire()")
    wait = "say(outcome(lambda: bool(acquire({!r}, limit=20))))"
    runs[1].do(f"process = spawn({wait.format(str(repos[2]))!r})")
    wait_until(lambda: len(state.look(place_of(repos[2])).waiters) == 1)
    runs[0].do(f"process = spawn({wait.format(str(repos[1]))!r})")
    wait_until(lambda: len(state.look(place_of(repos[1])).waiters) == 1)
    runs[2].do("lease.release()")
    assert runs[1].do("answer = ended(process); lease.release()") == ["done", True]
    assert runs[0].do("answer = ended(process)") == ["done", True]


def test_the_note_of_a_killed_waiter_is_no_wait(agent, repos):
    red, green = agent("red", folder=repos[0]), agent("green", folder=repos[1])
    for one in (red, green):
        one.do("lease = acquire()")
    red.do(f"process = spawn({f'acquire({str(repos[1])!r})'!r})")
    wait_until(lambda: _notes(repos[0]))
    red.do("process.kill(); process.wait()")
    assert _notes(repos[0])
    wait = f"say(outcome(lambda: acquire({str(repos[0])!r}, limit=0.2)))"
    assert green.do(f"answer = child({wait!r})")[0] == "GaveUp"
    assert not _notes(repos[0])


def test_a_note_made_inside_an_earlier_lease_closes_no_circle_and_the_same_made_inside_this_one_does(agent, repos):
    red, green = agent("red", folder=repos[0]), agent("green", folder=repos[1])
    for one in (red, green):
        one.do("lease = acquire()")
    where = str(repos[0] / "gitseq/queue/w.%d") % red.pid
    note = (
        "from gitseq.core import jsonline\n"
        f"fields = {{'target': place({str(repos[1])!r}).state_dir, 'what': 'x', 'since_boot': 1.0}}\n"
        f"fields.update(record.owner_fields(record.myself()), nonce=NONCE)\nopen({where!r}, 'wb').write("
        "jsonline.encode(fields))"
    )
    wait = f"say(outcome(lambda: acquire({str(repos[0])!r}, limit=0.2)))"
    red.do(note.replace("NONCE", "'another'"))
    assert green.do(f"answer = child({wait!r})")[0] == "GaveUp"
    red.do(note.replace("NONCE", "lease.record.nonce"))
    assert green.do(f"answer = child({wait!r})")[0] == "Refused"


FAR = b'"pid": 1, "start": 1, "boot": "", "host": "far", "pid_ns": "", "uid": 0'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"target": 1, "since_boot": 1.0}\n',
        b'{"target": "/", "since_boot": 1.0, "what": "x", "pid": "x"}\n',
        b'{"target": "/", "since_boot": 1.0, "what": "", %s}\n' % FAR,
    ],
)
def test_a_note_that_is_not_whole_is_no_wait_and_does_no_harm(agent, repos, content):
    red, green = agent("red", folder=repos[0]), agent("green", folder=repos[1])
    for one in (red, green):
        one.do("lease = acquire()")
    (repos[0] / "gitseq/queue/w.1").write_bytes(content)
    wait = f"say(outcome(lambda: acquire({str(repos[0])!r}, limit=0.1)))"
    assert green.do(f"answer = child({wait!r})")[0] == "GaveUp"


def test_a_wait_elsewhere_goes_on_although_either_queue_was_removed(agent, repos):
    red, green, blue = (agent(folder.name, folder=folder) for folder in repos)
    for one in (red, green, blue):
        one.do("lease = acquire()")
    shutil.rmtree(repos[0] / "gitseq/queue")  # the place of our note
    green.do(f"process = spawn({f'acquire({str(repos[2])!r})'!r})")
    wait_until(lambda: _notes(repos[1]))
    # stopped, or it sees that its place in line is gone, and makes the queue anew before anybody looks
    green.do(f"process.send_signal({int(signal.SIGSTOP)}); os.waitpid(process.pid, os.WUNTRACED)")
    shutil.rmtree(repos[2] / "gitseq/queue")  # the end of the way that is looked along: red waits for green for blue
    wait = f"say(outcome(lambda: acquire({str(repos[1])!r}, limit=0.1)))"
    assert red.do(f"answer = child({wait!r})")[0] == "GaveUp"
    assert not (repos[2] / "gitseq/queue").exists()
    green.do("process.kill(); process.wait()")


def test_a_repository_that_is_removed_while_one_looks_surrounds_nobody(holder, tmp_path):
    count = "say(len(nesting.surrounding(ENV)))"
    assert holder.do(f"answer = child({count!r})") == 1
    removed = (
        "import shutil\nfacts = record.facts\n"
        f"def gone(*arguments): shutil.rmtree({str(tmp_path / 'gitseq')!r}); return facts(*arguments)\n"
        "record.facts = gone\n"
    )
    assert holder.do(f"answer = child({removed + count!r})") == 0


def test_a_wait_for_one_s_own_ancestor_is_refused_instead_of_waiting_for_ever(holder):
    assert holder.do("answer = child('say(outcome(lambda: acquire()))')")[0] == "Refused"


def test_a_released_lease_has_no_children(holder):
    holder.do("lease.release()")
    assert holder_of(holder.folder) is None
    assert holder.do(f"answer = child({ASK!r})") is None


def _notes(folder: Path) -> "list[str]":
    """Of waits elsewhere, by processes inside that folder's lease."""
    names = os.listdir(folder / "gitseq/queue")
    return [name for name in names if name.startswith("w.") and not name.endswith(".tmp")]


def _orphan(pass_fds: str, env: str = "None") -> str:
    """Statements that start a process whose parents, up to but without the holder, have ended; its answer."""
    code = (
        "while proctree.start_of(os.getppid()) == int(sys.argv[-1]): os.sched_yield()\n"
        "parent = joined(); say(parent and parent.depth)"
    )
    script = '"$@" "$(cut -d" " -f22 /proc/$$/stat)" &'
    return f"answer = child({code!r}, argv=('sh', '-c', {script!r}, 'sh'), env={env}, pass_fds={pass_fds})"
