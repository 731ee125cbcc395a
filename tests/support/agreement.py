"""The hooks of pre-commit-hooks (from PyPI) beside ours: the same files, arguments and repository, both outcomes.

Theirs are called in this process: `main([...])` of the module that their console script names.
"""

import contextlib
import importlib
import io
import os
import re
import subprocess
import sys
import tarfile
import traceback
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from identify import identify

from gitseq.builtin import registry
from gitseq.builtin.base import Batch, Check, Context, File, Finding, PerFile, Whole
from gitseq.core.builtins import DEFAULTS
from tests.support.repo import Repo

HANDFUL = 7
"""Files that are looked at together; a small number, so that most handfuls of a test are neither all clean nor not."""
OURS_ALONE = frozenset(("forbid-pattern", "require-pattern", "conventional-commit"))
BY_FILTER = {
    "check-illegal-windows-names": "Illegal Windows filenames detected",
    "forbid-submodules": "submodules are not allowed in this repository:",
}
"""Ids that are no program there but pre-commit's `language: fail`, and what it prints above the names."""

MODULES = {
    "debug-statements": "debug_statement_hook",
    "double-quote-string-fixer": "string_fixer",
    "name-tests-test": "tests_should_end_in_test",
    "trailing-whitespace": "trailing_whitespace_fixer",
}
"""Where the module is not named as the id is."""

ONE_BY_ONE = frozenset(("check-yaml",))
"""Theirs lets what one file says (`%YAML`, or an error) count in the files behind it; ours does not."""

THEIRS = sorted(set(DEFAULTS) - OURS_ALONE - set(BY_FILTER))


class Outcome(NamedTuple):
    """How a hook ended."""

    exit_code: int
    output: bytes
    crashed: str = ""
    """The last line of the traceback with which it ended, if it did."""


def theirs(name: str, args: Sequence[str], top: Path, paths: Iterable[bytes]) -> Outcome:
    """What the hook of pre-commit-hooks does with the files."""
    module: Any = importlib.import_module("pre_commit_hooks." + MODULES.get(name, name.replace("-", "_")))
    if name in ONE_BY_ONE:
        module = importlib.reload(module)
    written = io.BytesIO()
    with _in_folder(top), _output_to(written), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code, crashed = module.main([*args, *_separated(paths)]), ""
        except SystemExit as end:
            code, crashed = end.code, ""
        except Exception:  # noqa: BLE001 - whatever ends their hook is an outcome
            code, crashed = 1, traceback.format_exc().rstrip().rpartition("\n")[2]
    return Outcome(int(code or 0), written.getvalue(), crashed)


def _separated(paths: Iterable[bytes]) -> "list[str]":
    """File names, with `--` in front where one would be read as an option, which pre-commit does not keep it from."""
    names = [os.fsdecode(path) for path in paths]
    return ["--", *names] if any(name.startswith("-") for name in names) else names


def ours(name: str, args: Sequence[str], top: Path, paths: Iterable[bytes], **context: Any) -> Outcome:
    """What our hook does with them; fixes are written as the engine would."""
    check = registry.load(name, args)
    return run_check(
        check, [File(path, _index_mode(top, path), os.fsencode(top)) for path in paths], at(top, **context)
    )


def run_check(check: Check, files: Sequence[File], context: Context) -> Outcome:
    """One check over files, in the order of `base`."""
    first = check.begin(context)
    if first is not None:
        return Outcome(first.exit_code, first.output)
    findings: list[Finding] = []
    if isinstance(check, Whole):
        findings.append(check.check(files, context))
    else:
        assert isinstance(check, PerFile)
        findings += [write_fix(file, check.check_file(file)) for file in _suspects(check, files)]
    findings.append(check.end(context))
    return Outcome(max(each.exit_code for each in findings), b"".join(each.output for each in findings))


def _suspects(check: PerFile, files: Sequence[File]) -> "list[File]":
    """Those the engine would ask about one by one: it reads and looks at a handful at a time."""
    found: list[File] = []
    for start in range(0, len(files), HANDFUL):
        handful = list(files[start : start + HANDFUL])
        for file in handful:
            with contextlib.suppress(OSError):
                file.shared()
        found += check.suspects(Batch(handful))
    return found


def write_fix(file: File, found: Finding) -> Finding:
    """Put a fix into the file."""
    if found.fixed is not None:
        assert found.exit_code, "a fix is a failure"
        content = found.fixed if isinstance(found.fixed, bytes) else b"".join(found.fixed)
        with open(file.location, "wb") as stream:
            stream.write(content)
        file.put(content)
    return found


def at(top: Path, **changes: Any) -> Context:
    """The context of a hook in the repository at `top`."""

    def git(arguments: Sequence[bytes], stdin: bytes = b"") -> bytes:
        return subprocess.run([b"git", *arguments], cwd=top, input=stdin, capture_output=True, check=True).stdout

    context = Context(git, os.fsencode(top / ".git"), dict(os.environb), (), os.fsencode(top))
    return context.replace(**changes)


def _index_mode(top: Path, path: bytes) -> int:
    return (
        0
        if (top / ".git").exists()
        else 0o100755
        if os.access(os.path.join(os.fsencode(top), path), os.X_OK)
        else 0o100644
    )


def comparable(output: bytes) -> bytes:
    """Output without what may differ: the frames of their own source in a traceback."""
    kept, skipping = [], False
    for line in output.split(b"\n"):
        bare = line.strip()
        if bare == b"Traceback (most recent call last):":
            skipping = True
        elif skipping and (re.match(rb'File ".*", line \d+$', bare) or re.match(rb"\w+(Error|Warning)\b", bare)):
            skipping = False
        if not skipping:
            kept.append(line)
    return b"\n".join(kept)


@contextmanager
def _in_folder(top: Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(top)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _output_to(stream: io.BytesIO) -> Iterator[None]:
    """Both streams, in the order of writing; names that are not UTF-8 are printed instead of being an error."""
    before = sys.stdout, sys.stderr
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", write_through=True, newline="")
    sys.stdout = sys.stderr = text
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        text.detach()


def excused(name: str, content: bytes) -> bool:
    """Whether a file is one on which we mean to differ (docs/reference/builtin-hooks.md)."""
    if name == "double-quote-string-fixer":  # theirs loses count of the lines, and writes into other places
        text = content.decode("utf-8", "replace")
        return text.splitlines(keepends=True) != list(io.StringIO(text))
    return False


class Difference(NamedTuple):
    """Where we do not agree."""

    name: str
    args: tuple[str, ...]
    path: bytes
    content: bytes
    what: str
    theirs: object
    ours: object

    def __str__(self) -> str:
        return (
            f"{self.name} {list(self.args)} on {self.path!r} {self.content[:2000]!r}: {self.what}\n"
            f"  theirs {self.theirs!r}\n  ours   {self.ours!r}"
        )


def differences(name: str, args: Sequence[str], top: Path, paths: Sequence[bytes]) -> "list[Difference]":
    """Run both over the files at `top`, which hold their old content again afterwards; where do they differ?

    A hook of theirs that ends with a traceback leaves the files behind it unchecked: then file by file.
    """
    before = _contents(top, paths)
    paths = [path for path in paths if not excused(name, before[path])]
    found = None if name in ONE_BY_ONE else _compared(name, args, top, paths)
    if found is None:
        each = [_compared(name, args, top, [path]) for path in paths]
        found = [difference for one in each for difference in one or ()]
    return found


def _compared(name: str, args: Sequence[str], top: Path, paths: Sequence[bytes]) -> "list[Difference] | None":
    before = _contents(top, paths)
    a = theirs(name, args, top, paths)
    theirs_left = _contents(top, paths)
    _restore(top, before, theirs_left)
    if a.crashed and len(paths) > 1:
        return None
    b = ours(name, args, top, paths)
    ours_left = _contents(top, paths)
    _restore(top, before, ours_left)
    told = tuple(args)
    found = [
        Difference(name, told, path, before[path], "content", theirs_left[path], ours_left[path])
        for path in paths
        if theirs_left[path] != ours_left[path]
    ]
    first = paths[0] if paths else b""
    sample = before.get(first, b"")
    if a.crashed:
        if not b.exit_code:
            found.append(Difference(name, told, first, sample, "crash", a.crashed, b))
        elif b"\n" not in b.output:
            found.append(Difference(name, told, first, sample, "no words", a.crashed, b))
        return found
    if a.exit_code != b.exit_code:
        found.append(Difference(name, told, first, sample, "exit code", a, b))
    if _lines(name, comparable(a.output)) != _lines(name, comparable(b.output)):
        found.append(Difference(name, told, first, sample, "output", comparable(a.output), comparable(b.output)))
    return found


def _lines(name: str, output: bytes) -> "list[bytes]":
    """Lines in an order to be compared: some of theirs come out of a set."""
    lines = output.split(b"\n")
    return sorted(lines) if name == "check-added-large-files" else lines


def _contents(top: Path, paths: Iterable[bytes]) -> "dict[bytes, bytes]":
    found = {}
    for path in paths:
        location = os.path.join(os.fsencode(top), path)
        if os.path.isfile(location):
            with open(location, "rb") as stream:
                found[path] = stream.read()
        else:
            found[path] = b""
    return found


def _restore(top: Path, wanted: "dict[bytes, bytes]", there: "dict[bytes, bytes]") -> None:
    for path, content in wanted.items():
        if there[path] != content:
            with open(os.path.join(os.fsencode(top), path), "wb") as stream:
                stream.write(content)


class RealTree:
    """The unpacked source of a large project, as a repository."""

    def __init__(self, repo: Repo) -> None:
        self.path = repo.path
        self.env = repo.env
        self._tags = {path: identify.tags_from_path(os.fsdecode(self._at(path))) for path in self._tracked(repo)}

    @staticmethod
    def _tracked(repo: Repo) -> "list[bytes]":
        return repo.git("ls-files", "-z").stdout.split(b"\0")[:-1]

    def _at(self, path: bytes) -> bytes:
        return os.path.join(os.fsencode(self.path), path)

    def selected(self, name: str) -> "list[bytes]":
        """The paths that a hook would be given; to one that must be told, all text files of a few kilobytes."""
        defaults = DEFAULTS[name]
        if defaults.get("files") == "^$":
            return [
                path for path, tags in self._tags.items() if "text" in tags and os.path.getsize(self._at(path)) < 9999
            ]
        pattern, types = re.compile(defaults.get("files", "")), set(defaults.get("types", ("file",)))
        return [path for path, tags in self._tags.items() if types <= tags and pattern.search(os.fsdecode(path))]

    @contextmanager
    def disturbed(self, paths: Sequence[bytes], random: Random) -> Iterator[None]:
        """Half of the files with something put in, taken out or doubled at one place; they are put back."""
        before = _contents(self.path, paths)
        _restore(self.path, {path: _disturbed(content, random) for path, content in before.items()}, before)
        yield
        _restore(self.path, before, dict.fromkeys(before, b"?"))


_DISTURBANCES = (
    b" ",
    b"\t",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"',
    b"'",
    b"{",
    b"]",
    b"<",
    b"\n\n\n",
    b"\xe2\x82\xac",
)


def _disturbed(content: bytes, random: Random) -> bytes:
    if random.random() < 0.5:
        return content
    place = random.choice((0, len(content), random.randrange(len(content) + 1)))
    rest = place + random.choice((0, 0, 1, 20))
    return content[:place] + random.choice(_DISTURBANCES) * random.choice((1, 2)) + content[rest:]


def unpack_django(repo: Repo) -> RealTree:
    """Django's source distribution, from the package registry, committed."""
    folder = repo.path.parent / "sdist"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "Django"]
    subprocess.run([*command, "--dest", str(folder), "Django==5.2"], check=True, stdin=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(repo.path, filter="data")
    repo.git("add", "--all", "--force")
    repo.git("commit", "-q", "-m", "Django")
    return RealTree(repo)
