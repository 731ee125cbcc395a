"""Checks of what earlier runs left: records, tickets, processes, hidden work, locks, files of the wrong owner."""

import os
import stat

from gitseq.core import lockrule, lockwords, queueing, shell
from gitseq.core.caps import printable as command_line
from gitseq.core.stages import STAGES
from gitseq.core.text import printable
from gitseq.core.units import format_size
from gitseq.engine import leftovers, turn, unstaged
from gitseq.engine.doctor.finding import ADVICE, FINE, PROBLEM, Finding
from gitseq.engine.request import Request
from gitseq.errors import NotRestored
from gitseq.git import indexlock, lockowner
from gitseq.guard import kept, recover, state
from gitseq.host import clock, files, tree
from gitseq.queue import record
from gitseq.queue import state as queue_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitseq.engine.doctor.finding import Patient
    from gitseq.git.repo import Repo
    from gitseq.queue.places import Place

_REAP = "gitseq reap"
_LOCK_PATIENCE, _LOCK_STEP = 1.0, 0.05
_MOST_FILES = 20_000
_LARGE_LEDGER = 1 << 30


# --- the queue -----------------------------------------------------------------------------------


def lease(patient: "Patient") -> "Iterator[Finding]":
    """Does somebody hold the turn who is not there, or who will not give it back?"""
    place = _queue(patient)
    if place is None:
        return
    found = record.examine(place)
    take_a_turn = _turn(patient)
    if found.standing in (queueing.DEAD, queueing.REBOOTED, queueing.COPIED):
        what = {
            queueing.DEAD: "a run died while it held the turn",
            queueing.REBOOTED: "a run held the turn when the machine was restarted",
            queueing.COPIED: "the record of a run came along when this repository was copied",
        }[found.standing]
        why = "It blocks nobody: whoever comes next ends what it left, and takes its place."
        yield Finding("lease", ADVICE, what, why, _REAP, fix=take_a_turn)
    elif found.standing == queueing.ORPHANED and found.lease is not None:
        what = f"the queue was removed while pid {found.lease.owner.pid} holds the turn"
        why = "Others wait for it all the same, but lost their order."
        yield Finding("lease", ADVICE, what, why, todo="Wait for that run; never remove files of the queue.")
    elif found.standing == queueing.ELSEWHERE and found.lease is not None:
        what = f"the turn is held on {found.lease.owner.host}, or in a container, since it was taken there"
        todo = "If that machine or container is gone for good, restart what serves this disk: it keeps the lock."
        yield Finding("lease", ADVICE, what, "Whether it still runs cannot be seen from here.", todo=todo)
    elif found.lease is None and found.lock_held:
        what = "a program that is not gitseq holds the lock file of the queue"
        yield Finding("lease", ADVICE, what, "All runs wait for it.", "gitseq status")
    yield from _dead_tickets(place, take_a_turn)
    yield from _stopped(place)


def _queue(patient: "Patient") -> "Place | None":
    place = patient.place
    return place if place is not None and os.path.isdir(place.queue_dir) else None


def _dead_tickets(place: "Place", fix: "Callable[[], str] | None") -> "Iterator[Finding]":
    """Looked at twice: a line that moves while we count seems to have one."""
    dead = min(_count_dead(place), _count_dead(place))
    if dead:
        what = f"{dead} ticket{'s' * (dead > 1)} of runs that died while they waited"
        why = "They block nobody: whoever is next removes them."
        yield Finding("tickets", ADVICE, what, why, _REAP, fix=fix)


def _count_dead(place: "Place") -> int:
    numbers = queueing.tickets(os.listdir(os.fsdecode(place.queue_dir)))
    holder, holding = queue_state.holder_and_ticket(place)
    alive = len(queue_state.look(place).waiters) + (holder is not None and holding in numbers)
    return max(0, len(numbers) - alive)


def _stopped(place: "Place") -> "Iterator[Finding]":
    queue = queue_state.look(place)
    standing = [(one.pid, one.what) for one in queue.waiters]
    if queue.holder is not None and queue.holder.standing == queueing.IN_FORCE:
        standing.insert(0, (queue.holder.pid, queue.holder.what))
    for pid, what in standing:
        process = tree.look(pid) if pid else None
        if process is not None and process.state in b"Tt":
            yield Finding(
                "stopped",
                PROBLEM,
                f"pid {pid} ({printable(os.fsencode(what))}) stands in the queue and is stopped",
                "Everybody behind it waits until it is continued (Ctrl-Z does that to a program).",
                f"kill -CONT {pid}",
            )


def _turn(patient: "Patient") -> "Callable[[], str] | None":
    """Whoever takes a turn clears what the dead before it left."""
    world = patient.world
    if world is None:
        return None

    def take() -> str:
        with turn.take(Request(STAGES["manual"]), world, "doctor"):
            return "took a turn, and so cleared what dead runs had left in the queue"

    return take


def orphans(patient: "Patient") -> "Iterator[Finding]":
    """Are there processes of dead runs?"""
    place, repo = patient.place, patient.repo
    if place is None or repo is None:
        return
    for one in leftovers.find(place, repo.state_dir):
        yield Finding(
            "orphan",
            PROBLEM,
            f"a dead run left pid {one.pid} ({format_size(one.memory)}): {command_line(one.command)}",
            "It holds memory, files and ports that the next hook may need.",
            _REAP,
            fix=lambda: f"ended {len(leftovers.end_now(place, repo.state_dir))} processes of dead runs",
        )


# --- unstaged work -------------------------------------------------------------------------------


def guards(patient: "Patient") -> "Iterator[Finding]":
    """Is unstaged work of a dead run still hidden, here or in another work tree?"""
    repo = patient.repo
    if repo is None:
        return
    for git_dir, top in _work_trees(repo):
        dead = [run for run in state.unfinished(git_dir) if not unstaged.is_live(run)]
        if dead:
            yield _hidden(patient, git_dir, top, dead)
    for one in kept.listing(repo.git_dir):
        yield Finding(
            "kept",
            ADVICE,
            f"{len(one.conflicts)} files that did not go together were set aside in {printable(one.folder)}",
            "They are removed after two weeks.",
            "gitseq recover --list",
        )


def _hidden(patient: "Patient", git_dir: bytes, top: bytes, dead: "list[bytes]") -> Finding:
    here = patient.repo is not None and git_dir == patient.repo.git_dir
    command = "gitseq recover" if here else f"cd {shell.typed(top)} && gitseq recover"
    where = "" if here else f" in {printable(top)}"
    what = f"a run that died left unstaged work hidden{where}"
    try:
        surveys = [survey for survey in recover.survey(git_dir) if survey.run in dead]
    except NotRestored as error:
        return Finding("guard", PROBLEM, what, "\n".join(error.lines()), command)
    files_ = [line for survey in surveys for line in survey.lines()]
    why = "Files in the work tree are not as you left them:\n" + "\n".join(files_[:10]) if files_ else ""
    world = patient.world
    safe = here and world is not None and all(survey.as_left for survey in surveys)

    def bring_back() -> str:
        assert world is not None  # noqa: S101 - `safe` says so
        with turn.take(Request(STAGES["manual"]), world, "doctor"):
            unstaged.finish_dead_runs(world)
        return "brought back what was hidden"

    return Finding("guard", PROBLEM, what, why or "The run hid nothing yet.", command, fix=bring_back if safe else None)


def _work_trees(repo: "Repo") -> "Iterator[tuple[bytes, bytes]]":
    """(git directory, top) of this work tree and of the others of the repository."""
    yield repo.git_dir, repo.top
    if repo.git_dir != repo.common_dir:
        yield repo.common_dir, os.path.dirname(repo.common_dir)
    folder = repo.common_dir + b"/worktrees"
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        git_dir = os.path.join(folder, name)
        named = files.read(git_dir + b"/gitdir") or b""
        if git_dir != repo.git_dir and named:
            yield git_dir, os.path.dirname(named.rstrip(b"\n"))


# --- the index -----------------------------------------------------------------------------------


def index_lock(patient: "Patient") -> "Iterator[Finding]":
    """Is the index locked, and by whom? The lock is never removed here: nothing proves that nobody needs it."""
    repo = patient.repo
    lock = _lasting_lock(patient)
    if repo is None or lock is None or lock.state == lockrule.OURS:
        return
    lock = lockowner.search(repo, lock, spare_ancestors=False) if lock.state == lockrule.FOREIGN else lock
    try:
        st = os.lstat(lock.path)
        evidence = lockwords.Evidence(max(0.0, clock.wall() - st.st_mtime), st.st_size, 0.0)
    except OSError:
        return
    words = lockwords.refusal(lock, evidence)
    if lock.state == lockrule.STALE_SUSPECT:
        why = f"Commits and hooks are refused while it is there.\n{words.why}"
        yield Finding("index-lock", PROBLEM, words.what, why, f"rm {shell.typed(lock.path)}")
    else:
        yield Finding("index-lock", ADVICE, words.what, words.why, todo=words.hint)


def _lasting_lock(patient: "Patient") -> "lockrule.Lock | None":
    """An editor's `git status` holds the lock for milliseconds: only one that stays counts."""
    if patient.repo is None:
        return None
    give_up = clock.monotonic() + _LOCK_PATIENCE
    while True:
        lock = indexlock.check(patient.repo, patient.env)
        if lock is None or clock.monotonic() >= give_up:
            return lock
        clock.pause(_LOCK_STEP)


# --- files ---------------------------------------------------------------------------------------


def owners(patient: "Patient") -> "Iterator[Finding]":
    """Are there files of another user among ours, such as root's after one `sudo git commit`?"""
    if patient.repo is None:
        return
    me = os.geteuid()
    whose = os.stat(patient.repo.common_dir).st_uid if me == 0 else me
    for folder in _state_folders(patient.repo):
        strange = [path for path, st in _below(folder) if st.st_uid != whose]
        if strange:
            as_root = "" if me == 0 else "sudo "
            yield Finding(
                "owner",
                PROBLEM,
                f"{len(strange)} files in {printable(folder)} belong to another user, such as {printable(strange[0])}",
                "Hooks cannot use or replace them: runs are refused, or start slower. Perhaps git ran as root here.",
                f"{as_root}chown -R {whose}:{_group_of(patient.repo)} {shell.typed(folder)}",
            )
    if me == 0 and whose != 0:
        what = f"you are root, and this repository belongs to user {whose}"
        why = "What git and hooks write now, that user cannot change afterwards."
        yield Finding("root", ADVICE, what, why, todo="Run git as that user.")


def _group_of(repo: "Repo") -> int:
    return os.stat(repo.common_dir).st_gid


def _state_folders(repo: "Repo") -> "list[bytes]":
    folders = dict.fromkeys((repo.state_dir, repo.git_dir + b"/gitseq"))
    return [folder for folder in folders if os.path.isdir(folder)]


def _below(folder: bytes) -> "Iterator[tuple[bytes, os.stat_result]]":
    """The folder and what is in it, so far as it may be read."""
    count = 0
    yield folder, os.lstat(folder)
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            count += 1
            if count > _MOST_FILES:
                return
            path = os.path.join(place, name)
            try:
                yield path, os.lstat(path)
            except OSError:
                continue


def plans(patient: "Patient") -> "Iterator[Finding]":
    """Are there kept plans that are not believed, because others could have written them?"""
    folder = patient.repo.state_dir + b"/plan" if patient.repo is not None else b""
    if not folder or not os.path.isdir(folder):
        return
    bad = [path for path, st in _below(folder) if stat.S_ISREG(st.st_mode) and not _is_believed(path, st)]
    if bad:
        yield Finding(
            "plans",
            ADVICE,
            f"{len(bad)} kept plans are not used: they are another user's, others may write to them, or they are torn",
            "The configuration is read anew at each start, which costs a tenth of a second.",
            f"rm -- {' '.join(shell.typed(path) for path in bad)}",
            fix=lambda: f"removed {sum(map(files.remove, bad))} kept plans",
        )


def _is_believed(path: bytes, st: os.stat_result) -> bool:
    return st.st_uid == os.geteuid() and not st.st_mode & 0o022 and not path.endswith(b".tmp")


def crashes(patient: "Patient") -> "Iterator[Finding]":
    """Are there reports of bugs?"""
    folder = patient.repo.state_dir if patient.repo is not None else b""
    names = [name for name in sorted(os.listdir(folder)) if name.startswith(b"crash-")] if os.path.isdir(folder) else []
    if names:
        path = os.path.join(folder, names[-1])
        what = f"gitseq crashed here {len(names)} time{'s' * (len(names) > 1)}, the last report is {printable(path)}"
        why = "Each is a bug of gitseq's, and its authors would like to know."
        paths = " ".join(shell.typed(os.path.join(folder, name)) for name in names)
        yield Finding("crash", ADVICE, what, why, f"rm -- {paths}", todo="Read and send it; then remove it.")


def ledger(patient: "Patient") -> "Iterator[Finding]":
    """How large is the store of passes, and can it be read?"""
    folder = patient.repo.state_dir + b"/ledger" if patient.repo is not None else b""
    if not folder or not os.path.isdir(folder):
        return
    found = list(_below(folder))
    size = sum(st.st_size for _path, st in found)
    unreadable = [path for path, _st in found if not os.access(path, os.R_OK)]
    clear = "gitseq cache clear"
    if unreadable:
        what = f"{len(unreadable)} files of the ledger cannot be read, such as {printable(unreadable[0])}"
        yield Finding("ledger", PROBLEM, what, "Hooks run again on what has passed before.", clear)
    elif size > _LARGE_LEDGER:
        what = f"the ledger takes {format_size(size)}"
        yield Finding("ledger", ADVICE, what, "It holds what has passed; without it hooks run once more.", clear)
    else:
        yield Finding("ledger", FINE, f"the ledger takes {format_size(size)}")


CHECKS = (lease, orphans, guards, index_lock, owners, plans, crashes, ledger)
