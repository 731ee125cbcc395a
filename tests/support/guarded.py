"""A work tree with every odd thing in it, an independent record of it, and file operations that end or fail."""

import errno
import os
import random
import shutil
import signal
import stat
import subprocess
import time

from gitseq.git import status
from gitseq.guard.journal import Dirty, Where
from gitseq.host import procs
from gitseq.host.fileops import FileOps

NAME_LATIN = b"caf\xe9.txt"
NAME_ODD = b'new\nline\t"quote".txt'


def environment(home: bytes) -> "dict[bytes, bytes]":
    """What git needs and nothing of the person's who runs the tests."""
    who = {b"NAME": b"A", b"EMAIL": b"a@example.org", b"DATE": b"1700000000 +0000"}
    people = {b"GIT_%s_%s" % (role, key): value for role in (b"AUTHOR", b"COMMITTER") for key, value in who.items()}
    return {
        b"PATH": os.environb.get(b"PATH", os.defpath.encode()),
        b"HOME": home,
        b"LC_ALL": b"C",
        b"GIT_CONFIG_GLOBAL": b"/dev/null",
        b"GIT_CONFIG_NOSYSTEM": b"1",
        b"GIT_ALLOW_PROTOCOL": b"file",
        **people,
    }


class Tree:
    """A git work tree in tests."""

    def __init__(self, top: bytes, git_dir: bytes = b"") -> None:
        self.top = os.path.realpath(top)
        self.git_dir = os.path.realpath(git_dir or top + b"/.git")
        self.env = environment(os.path.dirname(self.top))

    @classmethod
    def init(cls, top: bytes) -> "Tree":
        os.makedirs(top)
        tree = cls(top)
        tree.run(b"init", b"-q", b"-b", b"main")
        return cls(top)

    def run(self, *arguments: bytes, stdin: bytes = b"") -> bytes:
        done = subprocess.run(
            [b"git", *arguments], input=stdin, env=self.env, cwd=self.top, capture_output=True, check=False
        )
        assert done.returncode == 0, (arguments, done.returncode, done.stderr)
        return done.stdout

    def git(self, arguments: "list[bytes]", stdin: bytes = b"", index: "bytes | None" = None) -> procs.Completed:
        """The callable the engine hands to the guard."""
        env = {**self.env, b"GIT_OPTIONAL_LOCKS": b"0"}
        if index:
            env[b"GIT_INDEX_FILE"] = index
        return procs.capture([b"git", *arguments], env, cwd=self.top, stdin=stdin)

    def path(self, name: bytes) -> bytes:
        return self.top + b"/" + name

    def write(self, name: bytes, content: bytes, mode: "int | None" = None) -> None:
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(content)
        if mode is not None:
            os.chmod(path, mode)

    def read(self, name: bytes) -> bytes:
        with open(self.path(name), "rb") as stream:
            return stream.read()

    def dirty(self) -> "list[Dirty]":
        listing = self.git(
            [b"status", b"--porcelain=v2", b"-z", b"-uno", b"--no-renames", b"--ignore-submodules=dirty"]
        )
        assert listing.rc == 0, listing.err
        return [Dirty(*change.values()) for change in status.parse(listing.out, self.top).unstaged]

    def where(self, run: bytes = b"run-1") -> Where:
        return Where(self.top, self.git_dir, run)

    def index(self) -> bytes:
        return self.run(b"ls-files", b"-s", b"-t", b"-z")

    def state(self) -> bytes:
        return self.run(b"--no-optional-locks", b"status", b"--porcelain=v2", b"-z", b"--no-renames", b"--ignored")


def capture(top: bytes) -> "dict[bytes, tuple[object, ...]]":
    """Everything about a work tree that a person could lose: bytes, modes, link targets, times, identity of files."""
    found: dict[bytes, tuple[object, ...]] = {}
    pending = [top]
    while pending:
        for entry in os.scandir(pending.pop()):
            name = entry.path[len(top) + 1 :]
            if name == b".git":
                continue
            st = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(st.st_mode):
                found[name] = ("folder", st.st_mode)
                pending.append(entry.path)
            elif stat.S_ISLNK(st.st_mode):
                found[name] = ("link", os.readlink(entry.path), st.st_mtime_ns, st.st_ino)
            elif stat.S_ISREG(st.st_mode):
                with open(entry.path, "rb") as stream:
                    found[name] = (stream.read(), st.st_mode, st.st_mtime_ns, st.st_ino)
            else:
                found[name] = ("special", st.st_mode, st.st_mtime_ns, st.st_ino)
    return found


def clone(template: Tree, top: bytes) -> Tree:
    """A copy with all times kept."""
    shutil.copytree(os.fsdecode(template.top), os.fsdecode(top), symlinks=True, copy_function=_copy)
    return Tree(top)


def _copy(source: str, target: str) -> None:
    if stat.S_ISFIFO(os.lstat(source).st_mode):
        os.mkfifo(target)
        return
    shutil.copy2(source, target, follow_symlinks=False)


def odd_tree(top: bytes) -> Tree:
    """The odd cases, each with unstaged changes; most with staged ones of their own."""
    tree = Tree.init(top)
    tree.run(b"config", b"filter.upper.smudge", b"tr a-z A-Z")
    tree.run(b"config", b"filter.upper.clean", b"tr A-Z a-z")
    tree.write(b".gitattributes", b"mixed.txt text eol=crlf\nfiltered.txt filter=upper\n")
    tree.write(b".gitignore", b"*.o\n")
    _commit_first_versions(tree)
    _stage_second_versions(tree)
    _edit_without_staging(tree)
    for name in tree.run(b"ls-files", b"-z", b"-o", b"-c").split(b"\0"):
        if name and os.path.lexists(tree.path(name)):
            os.utime(tree.path(name), (1_600_000_000, 1_600_000_000), follow_symlinks=False)
    return tree


TEXT = b"".join(b"line %d\n" % number for number in range(40))
STAGED = TEXT.replace(b"line 3\n", b"line 3 staged\n")
UNSTAGED = STAGED.replace(b"line 20\n", b"line 20 unstaged\n")
REGULAR = [
    b"text.txt",
    b"with space.txt",
    NAME_LATIN,
    NAME_ODD,
    b"-dash.txt",
    b"deep/er/est/text.txt",
    b"by-rename.txt",
]


def _commit_first_versions(tree: Tree) -> None:
    for name in REGULAR:
        tree.write(name, TEXT)
    tree.write(b"binary.bin", bytes(range(256)) * 16)
    tree.write(b"mode.sh", b"#!/bin/sh\n", 0o755)
    tree.write(b"executable.sh", b"#!/bin/sh\n", 0o644)
    for name in (b"deleted.txt", b"deleted too.txt", b"file-to-link", b"file-to-folder", b"file-to-fifo", b"clean.txt"):
        tree.write(name, b"content of " + name + b"\n")
    for name in (b"gone/a.txt", b"gone/deep/b.txt", b"folder-to-file/x", b"folder-to-file/sub/y", b"folder-to-link/z"):
        tree.write(name, b"content of " + name + b"\n")
    os.symlink(b"text.txt", tree.path(b"link"))
    os.symlink(b"nowhere", tree.path(b"link-to-file"))
    tree.write(b"mixed.txt", b"one\r\ntwo\r\nthree\r\n")
    tree.write(b"filtered.txt", b"HELLO\n")
    tree.write(b"empty.txt", b"")
    tree.write(b"readonly.txt", b"first\n", 0o444)
    sub = Tree.init(tree.path(b"sub"))
    sub.write(b"inside.txt", b"inside\n")
    sub.run(b"add", b"-A")
    sub.run(b"commit", b"-q", b"-m", b"inside")
    tree.run(b"-c", b"advice.addEmbeddedRepo=false", b"add", b"-A")
    tree.run(b"commit", b"-q", b"-m", b"first")
    sub.write(b"inside.txt", b"edited inside\n")


def _stage_second_versions(tree: Tree) -> None:
    for name in REGULAR:
        tree.write(name, STAGED)
    tree.write(b"binary.bin", bytes(range(256)) * 17)
    tree.write(b"clean.txt", b"staged and nothing else\n")
    tree.run(b"add", b"-u")


def _edit_without_staging(tree: Tree) -> None:
    for name in REGULAR:
        tree.write(name, UNSTAGED)
    tree.write(b"binary.bin", bytes(reversed(range(256))) * 16)
    os.chmod(tree.path(b"mode.sh"), 0o640)
    os.chmod(tree.path(b"executable.sh"), 0o755)
    os.unlink(tree.path(b"deleted.txt"))
    os.unlink(tree.path(b"deleted too.txt"))
    shutil.rmtree(tree.path(b"gone"))
    os.unlink(tree.path(b"file-to-link"))
    os.symlink(b"text.txt", tree.path(b"file-to-link"))
    os.unlink(tree.path(b"file-to-folder"))
    tree.write(b"file-to-folder/untracked.txt", b"only copy\n")
    tree.write(b"file-to-folder/more/untracked.o", b"ignored only copy\n")
    os.unlink(tree.path(b"file-to-fifo"))
    os.mkfifo(tree.path(b"file-to-fifo"))
    shutil.rmtree(tree.path(b"folder-to-file"))
    tree.write(b"folder-to-file", b"untracked, only copy\n")
    shutil.rmtree(tree.path(b"folder-to-link"))
    os.symlink(b"deep", tree.path(b"folder-to-link"))
    os.unlink(tree.path(b"link"))
    os.symlink(b"deep/er", tree.path(b"link"))
    os.unlink(tree.path(b"link-to-file"))
    tree.write(b"link-to-file", b"a file now\n")
    tree.write(b"mixed.txt", b"one\r\ntwo\nthree and more\r\n")
    tree.write(b"filtered.txt", b"MiXeD CaSe\n")
    tree.write(b"empty.txt", b"no longer\n")
    os.chmod(tree.path(b"readonly.txt"), 0o644)
    tree.write(b"readonly.txt", b"second\n", 0o444)
    tree.write(b"intended.txt", b"intent to add\n")
    tree.write(b"new folder/intended.txt", b"intent to add, in a folder of its own\n")
    tree.run(b"add", b"-N", b"intended.txt", b"new folder/intended.txt")
    tree.write(b"untracked.txt", b"untracked\n")
    tree.write(b"build/ignored.o", b"ignored\n")


# --- what hooks do, and what must be found afterwards ------------------------------------------------


def hook_none(tree: Tree, note: "Note") -> None:
    """A hook that changes nothing."""


def hook_fix_apart(tree: Tree, note: "Note") -> None:
    """A fixer that changes lines the user did not touch, once in place and once by a rename."""
    fixed = tree.read(b"text.txt").replace(b"line 35\n", b"line 35 fixed\n")
    note.wrote(b"text.txt", fixed)
    tree.write(b"text.txt", fixed)
    note.wrote(b"by-rename.txt", fixed)
    tree.write(b".by-rename.tmp", fixed)
    os.rename(tree.path(b".by-rename.tmp"), tree.path(b"by-rename.txt"))


def hook_hostile(tree: Tree, note: "Note") -> None:
    """Changes the very lines the user did, deletes a dirty file, edits deleted ones, removes and replaces folders."""
    clash = tree.read(b"text.txt").replace(b"line 20\n", b"line 20 by the hook\n")
    note.wrote(b"text.txt", clash)
    tree.write(b"text.txt", clash)
    note.removed(b"with space.txt")
    os.unlink(tree.path(b"with space.txt"))
    note.wrote(b"deleted.txt", b"the hook's\n")
    tree.write(b"deleted.txt", b"the hook's\n")
    note.wrote(b"gone/new.txt", b"made by the hook\n")
    tree.write(b"gone/new.txt", b"made by the hook\n")
    note.removed(b"deep")
    shutil.rmtree(tree.path(b"deep"))
    note.wrote(b"deep", b"a file where a folder was\n")
    tree.write(b"deep", b"a file where a folder was\n")
    note.wrote(b"intended.txt", b"")
    tree.write(b"intended.txt", b"")
    note.wrote(b"folder-to-file/sub/y", b"y by the hook\n")
    tree.write(b"folder-to-file/sub/y", b"y by the hook\n")


def hook_user_saves(tree: Tree, note: "Note") -> None:
    """The user goes on typing in the version they see in their editor, and saves it, in place and by a rename."""
    saved = UNSTAGED.replace(b"line 20 unstaged\n", b"line 20 unstaged and more\n")
    note.wrote(b"text.txt", saved)
    tree.write(b"text.txt", saved)
    note.wrote(b"-dash.txt", saved)
    tree.write(b".dash.swp", saved)
    os.rename(tree.path(b".dash.swp"), tree.path(b"-dash.txt"))
    note.wrote(b"deleted.txt", b"written anew by the user\n")
    tree.write(b"deleted.txt", b"written anew by the user\n")


HOOKS = {hook.__name__: hook for hook in (hook_none, hook_fix_apart, hook_hostile, hook_user_saves)}


class Note:
    """What a hook is about to write, kept outside of the tree so that it survives the hook's death."""

    def __init__(self, folder: bytes) -> None:
        self._folder = folder
        os.makedirs(folder, exist_ok=True)

    def wrote(self, name: bytes, content: bytes) -> None:
        number = len(os.listdir(self._folder))
        whole = self._folder + b".new"  # a hook may be killed while it notes something, too
        with open(whole, "wb") as stream:
            stream.write(b"wrote\0" + name + b"\0" + content)
        os.rename(whole, self._folder + b"/%03d" % number)

    def removed(self, name: bytes) -> None:
        self.wrote(name, b"")

    def all(self) -> "list[tuple[bytes, bytes]]":
        """(path, content) in order; the last of them may not have come to be."""
        found = []
        for number in sorted(os.listdir(self._folder)):
            with open(self._folder + b"/" + number, "rb") as stream:
                _word, name, content = stream.read().split(b"\0", 2)
            found.append((name, content))
        return found


# --- dying and failing -------------------------------------------------------------------------------


class Counting(FileOps):
    """Counts every change, every step and every call of git; at number `at` something happens instead."""

    swaps = True

    def __init__(self, at: int = -1) -> None:
        self.count = 0
        self.at = at
        self.log: list[str] = []
        for name in (
            "rename",
            "unlink",
            "rmdir",
            "mkdir",
            "chmod",
            "copy_attributes",
            "link",
            "rename_new",
            "exchange",
            "set_mtime",
            "write",
            "copy",
            "sync",
        ):
            setattr(self, name, self._counted(name, getattr(self, name)))  # type: ignore[no-untyped-call]

    def write(self, path: bytes, content: bytes) -> None:
        """Without waiting for the disk: a killed process leaves its writes to the kernel, only a power cut does not."""
        with open(path, "xb") as stream:
            stream.write(content)

    def copy(self, source: bytes, target: bytes) -> None:
        """See `write`."""
        shutil.copyfile(source, target)

    def sync(self, path: bytes) -> None:
        """See `write`."""
        os.lstat(path)

    def exchange(self, one: bytes, other: bytes) -> None:
        """As the system does it, unless the file system is one that cannot."""
        if not self.swaps:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), one, None, other)
        super().exchange(one, other)

    def _counted(self, name, operation):  # type: ignore[no-untyped-def]
        def call(*arguments):  # type: ignore[no-untyped-def]
            self.tick(name, *arguments)
            return operation(*arguments)

        return call

    def step(self, name: str) -> None:
        self.tick("step " + name)

    def tick(self, what: str, *arguments: object) -> None:
        number = self.count
        self.count += 1
        self.log.append(what)
        if number == self.at:
            self.happen(what, *arguments)

    def happen(self, what: str, *arguments: object) -> None:
        """Nothing, in a run that only counts."""

    def git_of(self, tree: Tree):  # type: ignore[no-untyped-def]
        def git(arguments, stdin=b"", index=None):  # type: ignore[no-untyped-def]
            self.tick("git " + arguments[0].decode())
            return tree.git(arguments, stdin, index)

        return git


class Dying(Counting):
    """The process is killed at that number; a write is half done then."""

    def happen(self, what: str, *arguments: object) -> None:
        if what == "write":
            path, content = arguments
            assert isinstance(path, bytes)
            assert isinstance(content, bytes)
            with open(path, "wb") as stream:
                stream.write(content[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)


class Failing(Counting):
    """From that number on, `times` changes fail with `code`; steps do not."""

    def __init__(self, at: int, code: int = errno.ENOSPC, times: int = 1) -> None:
        super().__init__(at)
        self._code = code
        self._times = times

    def tick(self, what: str, *arguments: object) -> None:
        number = self.count
        super().tick(what, *arguments)
        if self.at <= number < self.at + self._times and not what.startswith(("step", "git")):
            paths = [argument for argument in arguments if isinstance(argument, bytes)]
            raise OSError(self._code, os.strerror(self._code), paths[0])


def start_child(action) -> int:  # type: ignore[no-untyped-def]
    """Run `action` in a child process, with a process group of its own; give the pid to `reap`."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setpgid(0, 0)
        action()
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the parent has to be told
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def reap(pid: int, seconds: float) -> int:
    """The exit code of a child, negative for a signal; its group is killed when it takes longer than that."""
    end = time.monotonic() + seconds
    done, status_word = os.waitpid(pid, os.WNOHANG)
    while not done and time.monotonic() < end:
        time.sleep(0.001)
        done, status_word = os.waitpid(pid, os.WNOHANG)
    if not done:
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:  # it has not come to making its group yet
            os.kill(pid, signal.SIGKILL)
        _pid, status_word = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status_word)


def in_child(action, seconds: float = 30) -> int:  # type: ignore[no-untyped-def]
    """Run `action` in a child process and return its exit code."""
    return reap(start_child(action), seconds)


def seeded(*parts: object) -> random.Random:
    """The same numbers for the same words, in every process."""
    return random.Random(repr(parts))
