"""Built-in hooks: run in this process, in the order of the configuration.

Neighbours that look at one file at a time share one read of it: a handful of files is read, then each hook in turn
looks at all of them. What one of them finds in a file depends on what its predecessors have made of that file and on
nothing else, so the outcome is that of running hook after hook over everything.
"""

import os

from gitseq.builtin import registry
from gitseq.builtin.base import CLEAN, Batch, Context, File, Finding, PerFile, Whole, broken, finding
from gitseq.core import verdict
from gitseq.engine import hooks
from gitseq.errors import GitseqError
from gitseq.git import call
from gitseq.host import clock, files, libc
from gitseq.model import Hook, HookProgress, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitseq.builtin.base import Check
    from gitseq.engine.asked import Asked
    from gitseq.engine.request import Request, World
    from gitseq.host.env import Env

_HANDFUL = 64
_HANDFUL_BYTES = 4 << 20
"""So much is held at a time, unless a single file is larger (see `builtin.base` for those)."""
_MANY = 500
"""Files from which on memory is kept from one handful to the next: of fewer that is not worth a millisecond."""
_PROGRESS = 0.2
"""Seconds between two signs of life."""


class Part:
    """One hook of a group: what it has to look at, and what it has found so far."""

    def __init__(self, asked: "Asked", check: "Check") -> None:
        self.asked = asked
        self.hook = asked.job.hook
        self.check = check
        self.root = os.fsencode(self.hook.root)
        self.is_begun = False
        self.is_decided = False
        """Nothing more is to be asked of it."""
        self.seconds = 0.0
        self.written: list[bytes] = []
        """Files it has changed, relative to its root."""
        self.passing: list[bytes] = []
        """Files it found nothing wrong with, of which this may be remembered."""
        self._exit_code = 0
        self._output: list[bytes] = []
        self._problem: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether something has ended it early."""
        return bool(self._problem)

    def add(self, found: Finding) -> None:
        """Take note of a finding."""
        self._output.append(found.output)
        self._exit_code = max(self._exit_code, found.exit_code)

    def stop(self, *why: str) -> None:
        """It has failed whatever it found."""
        self._problem = why
        self.is_decided = True

    @property
    def modified(self) -> "tuple[bytes, ...]":
        """What it has changed, relative to the top."""
        return tuple(self._from_top(self.written))

    @property
    def lasting(self) -> "frozenset[bytes]":
        """Files (relative to the top) whose pass may be kept."""
        return frozenset(self._from_top(self.passing))

    def _from_top(self, paths: "list[bytes]") -> "list[bytes]":
        return [os.path.join(self.root, path) for path in paths] if self.root else paths

    def verdict(self) -> Verdict:
        """What came of it."""
        if self.asked.all_passed and not self.is_begun:
            return self.asked.passed_before()
        ran = verdict.Ran(self._exit_code, output=b"".join(self._output), problem=self._problem)
        told = verdict.judge(self.hook, [ran], self.seconds, len(self.asked.paths))
        told = told.replace(cached=self.asked.cached, cpu=self.seconds)
        return told.replace(status="failed", modified=self.modified) if self.written else told


def neighbours(chosen: "Sequence[Hook]", *, stop_at_failure: bool) -> int:
    """How many hooks, from the first on, can be run over the same files side by side.

    Not past one whose failure would keep the next from starting, nor across two that treat their fixes differently.
    """
    first = chosen[0]
    number = 1
    for hook, before in zip(chosen[1:], chosen, strict=False):
        alike = (
            hook.builtin
            and (hook.project, hook.root) == (first.project, first.root)
            and hook.stage_fixes == first.stage_fixes
        )
        if not alike or before.fail_fast or stop_at_failure:
            break
        number += 1
    return number


def prepare(chosen: "Sequence[Hook]", index: bytes) -> None:
    """Import what the built-in hooks among these need to look at the files of an index."""
    for hook in chosen:
        if hook.builtin:
            try:
                registry.prepare(hook.builtin, index)
            except Exception:  # noqa: BLE001, S112 - what cannot be imported is that hook's failure, if it is run at all
                continue


def part(asked: "Asked") -> Part:
    """A hook made ready. Raises ConfigError for arguments that it does not take."""
    hook = asked.job.hook
    return Part(asked, registry.load(hook.builtin, hook.argv))


class Inside:
    """Runs built-in hooks of one run."""

    def __init__(self, request: "Request", world: "World", runner: hooks.Runner, deadline: float) -> None:
        self._request = request
        self._world = world
        self._runner = runner
        self._deadline = deadline
        self._told = 0.0
        self._stopped: hooks.Stopped | None = None

    def run(self, parts: "list[Part]", on_seen: "Callable[[], None]") -> "hooks.Stopped | None":
        """Run the hooks of one group; what they found is in the parts, what they wrote in the work tree.

        Why the whole run has to end, if it has to. `on_seen` is called when no file will be read any more.
        """
        waiting: list[Part] = []
        for each in parts:
            if isinstance(each.check, PerFile) and each.hook.pass_filenames != 0:
                waiting.append(each)
                continue
            self._side_by_side(waiting)  # what comes before it has written what it has to write
            self._end(waiting)
            waiting = []
            is_settled = each.asked.all_passed and not any(one.written for one in parts)
            if not self._is_stopped() and not is_settled:
                self._alone(each)
        self._side_by_side(waiting)
        if not self._is_stopped():
            on_seen()
        self._end(waiting)
        if self._is_stopped():
            for each in parts:
                if each.is_begun and not each.is_decided:  # it has not seen all of its files
                    each.stop("interrupted")
        return self._stopped

    # --- one that looks at all files together

    def _alone(self, each: Part) -> None:
        begun = clock.monotonic()
        each.is_begun = True
        context = self._context(each)
        folder = context.top
        names = each.asked.paths if each.hook.pass_filenames != 0 else []
        try:
            found = each.check.begin(context)
            if found is None:
                if isinstance(each.check, Whole):  # one that looks at files one by one has been given none
                    each.add(each.check.check([File(path, 0, folder) for path in names], context))
                found = each.check.end(context)
            each.add(found)
            each.is_decided = True
        except GitseqError as error:
            each.stop(*error.lines())
        except Exception as error:  # noqa: BLE001 - it is that hook's failure, not the run's
            each.add(broken(each.hook.id.encode(), error))
        each.seconds = clock.monotonic() - begun
        if self._world.signals.stop:
            each.stop("interrupted")
            self._stopped = hooks.Stopped(self._world.signals.stop)

    # --- those that look at one file at a time

    def _side_by_side(self, parts: "list[Part]") -> None:
        if self._is_stopped() or not any(each.asked.job.paths for each in parts):
            return
        wanted, paths = _Wanted(parts), _in_order(parts)
        if len(paths) > _MANY:
            libc.keep_freed(4 * _HANDFUL_BYTES, _HANDFUL_BYTES)
        for handful in _handfuls(paths, self._folder(parts[0]), wanted.read()):
            wanted.turn_to(handful)
            for number, each in enumerate(parts):
                if each.is_decided:
                    continue
                fixed = self._look(each, wanted.batch(each))
                if fixed:
                    wanted.anew(fixed, parts[number + 1 :])
                if self._is_stopped():
                    return
            self._show_progress(parts[0])

    def _end(self, parts: "list[Part]") -> None:
        for each in parts:
            if each.is_begun and not each.is_decided and not self._is_stopped():
                self._ask(each, each.check.end)
                each.is_decided = True

    def _is_stopped(self) -> bool:
        return self._stopped is not None

    def _begin(self, each: Part) -> None:
        each.is_begun = True
        each.is_decided = self._ask(each, each.check.begin) is not None or each.over

    def _ask(self, each: Part, question: "Callable[[Context], Finding | None]") -> "Finding | None":
        begun = clock.monotonic()
        found = None
        try:
            found = question(self._context(each))
        except GitseqError as error:
            each.stop(*error.lines())
        except Exception as error:  # noqa: BLE001 - it is that hook's failure, not the run's
            each.add(broken(each.hook.id.encode(), error))
            each.stop("could not be run")
        if found is not None:
            each.add(found)
        each.seconds += clock.monotonic() - begun
        return found

    def _look(self, each: Part, batch: Batch) -> "set[bytes]":
        """Let a hook look at some files; which of them it has changed."""
        fixed: set[bytes] = set()
        if batch.files and not each.is_begun:
            self._begin(each)
        if each.is_decided or not batch.files:
            return fixed
        look, passing, received = each.check.check_file, each.passing, self._world.signals.received  # type: ignore[attr-defined]
        begun = now = clock.monotonic()
        limit = min(
            begun + each.hook.timeout - each.seconds if each.hook.timeout else float("inf"),
            self._deadline or float("inf"),
        )
        for file in self._suspects(each, batch):
            if received or now > limit:
                self._cut_short(each)
                break
            try:
                found = look(file)
            except Exception as error:  # noqa: BLE001 - it is that hook's failure, not the run's
                found = broken(file.path, error)
            if found is CLEAN:
                passing.append(file.path)
            elif self._take(each, file, found):
                fixed.add(file.path)
            now = clock.monotonic()
        each.seconds += clock.monotonic() - begun
        return fixed

    def _suspects(self, each: Part, batch: Batch) -> "list[File]":
        """The files that it has to look at one by one; the others have passed."""
        suspects: list[File] = each.check.suspects(batch)  # type: ignore[attr-defined]
        if suspects is not batch.files:
            left = {file.path for file in suspects}
            each.passing += [path for path in batch.paths if path not in left] if left else batch.paths
        return suspects

    def _take(self, each: Part, file: File, found: Finding) -> bool:
        """Note a finding and write what it says; whether something was written."""
        if found.fixed is None:
            each.add(found)
            if not found.exit_code and found.lasting:
                each.passing.append(file.path)
            return False
        caller = self._world.caller
        if caller is not None and caller.gone(self._world.repo):
            each.stop("interrupted")
            self._stopped = hooks.Stopped(0, caller_gone=True)
            return False
        refused = write(file, found.fixed, self._world.repo.git_dir + b"/gitseq")
        if refused is not None:
            each.add(refused)
            return False
        # where a fix joins the commit, that there was something to fix is no failure
        each.add(found.replace(exit_code=0) if each.hook.stage_fixes else found)
        each.written.append(file.path)
        return True

    def _cut_short(self, each: Part) -> None:
        if self._world.signals.stop:
            each.stop("interrupted")
            self._stopped = hooks.Stopped(self._world.signals.stop)
        elif self._deadline and clock.monotonic() > self._deadline:
            each.stop("timeout: the time of the whole run is over", 'to allow more: `run_timeout = "..."` in [limits]')
        else:
            from gitseq.core.units import format_duration

            each.stop(f"timed out after {format_duration(each.hook.timeout or 0.0)}")

    def _show_progress(self, each: Part) -> None:
        if not self._world.wants_progress:
            return
        now = clock.monotonic()
        if now - self._told > _PROGRESS:
            self._told = now
            self._world.tell(HookProgress(each.hook, each.seconds, b""))

    # --- where it happens

    def _folder(self, each: Part) -> bytes:
        top = self._world.repo.top
        return os.path.join(top, each.root) if each.root else top

    def _context(self, each: Part) -> Context:
        env = self._runner.environment(each.asked.job)
        folder = self._folder(each)
        return Context(_git(env, folder), self._world.repo.git_dir, env, self._request.arguments, folder)


def _git(env: "Env", folder: bytes) -> "Callable[..., bytes]":
    def git(arguments: "Sequence[bytes]", stdin: bytes = b"") -> bytes:
        return call.output(list(arguments), env, folder, stdin)

    return git


class _Wanted:
    """Which files each of some neighbours has to look at. Nearly always many of them have the same to look at, and
    then share one set, and of each handful one batch."""

    def __init__(self, parts: "list[Part]") -> None:
        self._sets: dict[int, frozenset[bytes]] = {}
        self._wanted = {each: self._set_of(each.asked.job.paths) for each in parts}
        self._handful: list[File] = []
        self._batches: dict[int, Batch] = {}

    def read(self) -> "frozenset[bytes]":
        """Files that somebody has to look into."""
        return frozenset().union(*{mine for each, mine in self._wanted.items() if each.check.reads})

    def turn_to(self, handful: "list[File]") -> None:
        """These files are next."""
        self._handful = handful
        self._batches = {}

    def batch(self, each: Part) -> Batch:
        """Those of the handful that one of them has to look at."""
        mine = self._wanted[each]
        found = self._batches.get(id(mine))
        if found is None:
            found = self._batches[id(mine)] = Batch([file for file in self._handful if file.path in mine])
        return found

    def anew(self, fixed: "set[bytes]", later: "list[Part]") -> None:
        """Files hold something else now, which nobody who comes later has passed before."""
        self._batches = {}
        for each in later:
            more = (fixed & self._set_of(each.asked.paths)) - self._wanted[each]
            if more:
                self._wanted[each] |= more

    def _set_of(self, paths: "list[bytes]") -> "frozenset[bytes]":
        """By the identity of a list that lives in a part."""
        found = self._sets.get(id(paths))
        if found is None:
            found = self._sets[id(paths)] = frozenset(paths)
        return found


def _in_order(parts: "list[Part]") -> "list[bytes]":
    """Every file that one of them selected, in git's order; one that is not wanted now may be after a fix."""
    lists = list({id(paths): paths for paths in (each.asked.job.paths for each in parts)}.values())
    return lists[0] if len(lists) == 1 else sorted(set().union(*lists))


def _handfuls(paths: "list[bytes]", folder: bytes, read: "frozenset[bytes]") -> "Iterable[list[File]]":
    """Files in portions of bounded size; those in `read` are read already, of the others somebody wants the name."""
    handful: list[File] = []
    held = 0
    for path in paths:
        file = File(path, 0, folder)
        if path in read:
            held += _held(file)
        handful.append(file)
        if len(handful) >= _HANDFUL or held >= _HANDFUL_BYTES:
            yield handful
            handful, held = [], 0
    if handful:
        yield handful


def _held(file: File) -> int:
    """Bytes of it that are in memory from now on."""
    try:
        return len(file.shared() or b"")
    except OSError:  # whoever looks at it will say so
        return 0


def write(file: File, fixed: "bytes | Iterable[bytes]", scratch: bytes) -> "Finding | None":
    """After this returns, or dies, the file holds its old content or all of the new one, and has its old mode.

    So it has its ACL and the extended attributes that the user gave it. The new content is written into the git
    directory and renamed over the file; where that cannot be (another file system, a folder we may not write to,
    several names or another owner of the file, attributes that cannot be copied) it is written in its place, which a
    death can tear. A symbolic link is followed. Answers why nothing was written: it could not be, or somebody has
    written to the file since it was looked at, whose text must not be lost.
    """
    try:
        return _write(file, fixed, scratch)
    except OSError as error:
        return finding(file.path + f": cannot be written: {error.strerror}".encode())


def _write(file: File, fixed: "bytes | Iterable[bytes]", scratch: bytes) -> "Finding | None":
    target = os.path.realpath(file.location)
    before = files.signature(target)
    st = os.stat(target)
    files.ensure_dir(scratch, 0o700)
    beside = scratch + b"/fix.%d" % os.getpid()
    try:
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as stream:
            if isinstance(fixed, bytes):
                stream.write(fixed)
            else:
                stream.writelines(fixed)
            is_alike = files.copy_attributes(target, stream.fileno())
            os.fchmod(stream.fileno(), st.st_mode & 0o7777)
            ours = os.fstat(stream.fileno())
        if not file.is_as_read() or files.signature(target) != before:
            return finding(file.path + b": was written to while it was looked at, so its fix was not")
        is_alike = is_alike and st.st_nlink == 1 and (st.st_uid, st.st_gid) == (ours.st_uid, ours.st_gid)
        if not is_alike or not _renamed(beside, target):
            _copy_into(beside, target)
    finally:
        files.remove(beside)
    file.put(fixed)
    return None


def _renamed(source: bytes, target: bytes) -> bool:
    try:
        os.rename(source, target)
    except OSError:
        return False
    return True


def _copy_into(source: bytes, target: bytes) -> None:
    with open(source, "rb") as reader:
        fd = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
        with open(fd, "wb") as writer:
            while piece := reader.read(1 << 20):
                writer.write(piece)
            writer.truncate()
