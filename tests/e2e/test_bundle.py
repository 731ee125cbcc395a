"""The file the hot path is linked from: it is used, it is never believed when it is untrue, and it is never needed."""

import ast
import os
import shutil
from pathlib import Path

import pytest

from tests.support.caged import NOBODY
from tests.support.procs import python
from tests.support.recorder import hook
from tests.support.repo import Repo, run_bounded, text
from tests.unit.test_light_imports import ROOT

PROBE = """
import posix, sys
def tell(code, leave=posix._exit):
    linked = {name: type(module.__spec__.loader).__name__ == "_Linker" for name, module in sys.modules.items()
              if name.startswith("gitseq.")}
    posix.write(2, b"\\nLINKED " + repr((code, linked)).encode())
    leave(code)
posix._exit = tell
sys.path.append(sys.argv[1])
from gitseq.boot import main
main()
"""


class Library:
    """A copy of gitseq that a test may edit, and a repository whose pre-commit hook it answers."""

    def __init__(self, path: Path, repo: Repo) -> None:
        self.path = path
        self._repo = repo
        shutil.copytree(ROOT / "gitseq", path / "gitseq", ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def bundle(self) -> Path:
        (found,) = (self.path / "gitseq" / "__pycache__").glob("hot.*.bin")
        return found

    def run(self) -> "tuple[str, dict[str, bool]]":
        """What a run says, and for each module of ours that it loaded: was it linked from the bundle?"""
        argv = [*python(PROBE), str(self.path), ".git/hooks/pre-commit", "pre-commit"]
        done = run_bounded(argv, env={**self._repo.env, "GIT_INDEX_FILE": ".git/index"}, cwd=self._repo.path)
        assert done.returncode == 0, text(done)
        code, linked = ast.literal_eval(done.stderr.decode().rpartition("LINKED ")[2])
        assert code == 0
        return done.stdout.decode(), linked

    def warm(self) -> "Library":
        for _ in range(2):  # the first compiles the plan, which loads what the second does not
            self.run()
        return self

    def edit(self, module: str, old: str, new: str) -> None:
        source = self.path / "gitseq" / module
        content = source.read_text()
        assert old in content
        source.write_text(content.replace(old, new))


@pytest.fixture
def library(repo: Repo, tmp_path: Path) -> Library:
    repo.config(hook("plain", "true"))
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    return Library(tmp_path / "library", repo)


def test_all_modules_of_an_ordinary_run_are_linked_from_the_second_run_on(library):
    _, linked = library.warm().run()
    assert len(linked) > 50
    assert [name for name, is_linked in linked.items() if not is_linked] == ["gitseq.boot"]


def test_built_in_hooks_are_linked_too_and_load_nothing_of_the_verbs(library, repo):
    wanted = (
        "trailing-whitespace",
        "end-of-file-fixer",
        "check-json",
        "check-merge-conflict",
        "check-added-large-files",
    )
    repo.config("".join(f'[[hook]]\nid = "{name}"\nbuiltin = "{name}"\n' for name in wanted), commit=False)
    repo.write("data.json", "{}\n")
    repo.add()
    library.run()
    repo.write("data.json", "[]\n")
    repo.add()
    _, linked = library.run()
    assert [name for name, is_linked in linked.items() if not is_linked] == ["gitseq.boot"]
    assert {"gitseq.engine.cached", "gitseq.builtin.text", "gitseq.builtin.data"} <= set(linked)
    assert not {"gitseq.cli.main", "gitseq.cli.exec", "gitseq.cli.run"} & set(linked)


def test_an_edited_module_is_never_run_as_it_was(library):
    library.warm().edit("core/text.py", '"Passed"', '"Edited"')
    said, linked = library.run()
    assert "Edited" in said
    assert not linked["gitseq.core.text"]
    said, linked = library.run()
    assert "Edited" in said
    assert linked["gitseq.core.text"]


def test_a_module_that_is_gone_from_the_sources_is_not_linked(library):
    library.warm()
    (library.path / "gitseq" / "core" / "colour.py").rename(library.path / "gitseq" / "core" / "shade.py")
    library.edit("cli/engage.py", "from gitseq.core import colour", "from gitseq.core import shade as colour")
    _, linked = library.run()
    assert "gitseq.core.colour" not in linked


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"\xff" * 100,
        lambda data: data.replace(b"gitseq", b"gitsqe", 1)[:-1],
        lambda data: data[: len(data) // 8] + bytes(len(data) - len(data) // 8),
    ],
    ids=["empty", "torn", "garbage", "shortened", "zeros-after-a-power-cut"],
)
def test_a_damaged_bundle_is_replaced_and_costs_no_run(library, damage):
    bundle = library.warm().bundle
    bundle.write_bytes(damage(bundle.read_bytes()))
    assert "Passed" in library.run()[0]
    assert library.run()[1]["gitseq.engine.run"]


def test_a_folder_that_takes_no_bundle_costs_no_run(library):
    (library.path / "gitseq" / "__pycache__").write_text("a file, where a folder should be")
    for _ in range(2):
        said, linked = library.run()
        assert "Passed" in said
        assert not any(linked.values())


def test_where_no_bundle_may_be_written_none_is_made():
    script = f"""
import os, sys
sys.path.append({str(ROOT)!r})
from gitseq import bundle
if os.geteuid() == 0:
    os.setuid({NOBODY})
def stamp(source):
    sys.exit("it was begun")
bundle.store("/hot.bin", (0, ""), ("gitseq.cli.hook",), stamp)
"""
    done = run_bounded(python(script), env=dict(os.environ), cwd=ROOT)
    assert done.returncode == 0, text(done)


def test_a_module_that_was_imported_before_its_group_is_linked_is_not_executed_again(library):
    library.warm()
    script = f"""
import sys
sys.path.append({str(library.path)!r})
from gitseq import boot
boot._linked("gitseq.cli.engage")
from gitseq.core import builtins
from gitseq.engine import inside
assert type(inside.__spec__.loader).__name__ == "_Linker"
assert sys.modules["gitseq.core.builtins"] is builtins
"""
    done = run_bounded(python(script), env=dict(os.environ), cwd=library.path)
    assert done.returncode == 0, text(done)


def test_a_linked_module_looks_like_an_imported_one(library):
    script = f"""
import sys
sys.path.append({str(library.path)!r})
def facts():
    import gitseq.cli.hook
    return {{name: (m.__name__, m.__file__, m.__package__, list(getattr(m, "__path__", ())), m.__spec__.name,
                   m.__spec__.origin, m.__spec__.parent)
            for name, m in sys.modules.items() if name.startswith("gitseq.") and "light" not in name}}
imported = facts()
for name in [name for name in sys.modules if name.split(".")[0] == "gitseq"]:
    del sys.modules[name]
from gitseq import boot
linker = boot._Linker(boot._load(), type(sys.__spec__))
assert linker.link("gitseq.cli.hook")
del sys.modules["gitseq.boot"]
linked = facts()
assert linked == imported, [(linked[name], imported[name]) for name in linked if linked[name] != imported[name]]
"""
    library.warm()
    done = run_bounded(python(script), env=dict(os.environ), cwd=library.path)
    assert done.returncode == 0, text(done)
