"""Our built-in hooks and those of pre-commit-hooks: the same verdict, the same bytes written, the same output."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitseq.core.builtins import DEFAULTS
from tests.support.agreement import BY_FILTER, MODULES, OURS_ALONE, THEIRS, differences, ours, unpack_django
from tests.support.repo import Repo, isolated_env
from tests.support.samples import SAMPLES, contents

SCENES = {
    "check-added-large-files",
    "check-case-conflict",
    "destroyed-symlinks",
    "forbid-new-submodules",
    "no-commit-to-branch",
}
"""Hooks that are about the repository: compared below, one scene a test."""


def test_every_hook_of_pre_commit_hooks_is_compared():
    assert set(SAMPLES) | SCENES == set(THEIRS)
    assert set(THEIRS) | set(BY_FILTER) | OURS_ALONE == set(DEFAULTS)


def test_every_program_of_pre_commit_hooks_has_a_hook_here():
    from importlib.metadata import entry_points

    programs = {
        entry.value
        for entry in entry_points(group="console_scripts")
        if entry.dist is not None and entry.dist.name.replace("_", "-") == "pre-commit-hooks"
    }
    answered = {f"pre_commit_hooks.{MODULES.get(name, name.replace('-', '_'))}:main" for name in THEIRS}
    assert programs - answered == {"pre_commit_hooks.removed:main"}


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "AKIAsecret")


@pytest.fixture
def plain_repository(repo, monkeypatch):
    for name, value in repo.env.items():
        monkeypatch.setenv(name, value)
    return repo


@pytest.fixture(scope="module")
def real_tree(tmp_path_factory):
    """One tree for all tests, which leave it as it was."""
    folder = tmp_path_factory.mktemp("tree")
    return unpack_django(Repo.init(folder / "repo", isolated_env(folder / "home")))


def agree(top: Path, name: str, args: "tuple[str, ...]", files: "dict[bytes, bytes]") -> None:
    for path, content in files.items():
        location = os.path.join(os.fsencode(top), path)
        os.makedirs(os.path.dirname(location), exist_ok=True)
        with open(location, "wb") as stream:
            stream.write(content)
    found = differences(name, args, top, sorted(files))
    assert not found, "\n".join(map(str, found))


def tried(name: str, examples: int):
    sample = SAMPLES[name]
    files = st.dictionaries(st.sampled_from(sample.names), contents(name), min_size=1, max_size=4)
    return lambda test: settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )(given(files=files, args=st.sampled_from(sample.args))(test))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_generated_files_get_the_same_verdict_bytes_and_output(name, plain_repository, credentials):
    @tried(name, 25)
    def agrees(files, args):
        agree(plain_repository.path, name, args, files)

    agrees()


@pytest.mark.campaign
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_many_generated_files_get_the_same_verdict_bytes_and_output(name, plain_repository, credentials):
    @tried(name, 1000)
    def agrees(files, args):
        agree(plain_repository.path, name, args, files)

    agrees()


# --- what needs a repository: one scene a test


def agree_in(repo, name: str, *args: str, paths: "list[bytes] | None" = None) -> bytes:
    """Both hooks on these paths (all tracked ones by default); what ours said."""
    given = repo.git("ls-files", "-z").stdout.split(b"\0")[:-1] if paths is None else paths
    found = differences(name, args, repo.path, given)
    assert not found, "\n".join(map(str, found))
    return ours(name, args, repo.path, given).output


def test_large_files_are_refused_only_when_they_are_added(plain_repository):
    repo = plain_repository
    repo.commit_file("old.bin", b"x" * 3000)
    repo.write("new.bin", b"x" * 2049)
    repo.write("small.bin", b"x" * 2048)
    repo.add("new.bin", "small.bin")
    assert agree_in(repo, "check-added-large-files", "--maxkb=2") == b"new.bin (3 KB) exceeds 2 KB.\n"
    assert agree_in(repo, "check-added-large-files", "--maxkb=2", "--enforce-all").count(b"\n") == 2
    assert agree_in(repo, "check-added-large-files", "--maxkb", "0", "--enforce-all").count(b"\n") == 4
    assert not agree_in(repo, "check-added-large-files")


def test_large_files_that_git_lfs_keeps_are_not_refused(plain_repository):
    repo = plain_repository
    repo.commit_file(".gitattributes", "*.psd filter=lfs diff=lfs merge=lfs -text\n")
    repo.git("config", "filter.lfs.clean", "cat")
    repo.write("a b.psd", b"x" * 3000)
    repo.write("new\nline.psd.txt", b"x" * 3000)
    repo.add("a b.psd", "new\nline.psd.txt")
    for option in ((), ("--enforce-all",)):
        said = agree_in(repo, "check-added-large-files", "--maxkb=2", *option, paths=[b"a b.psd"])
        assert not said
    told = ours("check-added-large-files", ("--maxkb=2",), repo.path, [b"a b.psd", b"new\nline.psd.txt"])
    assert told.output == b"new\nline.psd.txt (3 KB) exceeds 2 KB.\n"  # theirs reads the name from lines, and misses it


@pytest.mark.parametrize(
    ("names", "staged", "conflicts"),
    [
        (["a.txt", "b.txt"], [], 0),
        (["a.txt"], ["A.txt"], 2),
        (["a/x.txt"], ["A/y.txt"], 2),
        (["a/x.txt", "A/y.txt"], [], 2),
        ([], ["f.txt", "F.txt", "f.TXT"], 3),
        (["dir/file"], ["DIR"], 2),
        (["Straße.txt"], ["x"], 0),
    ],
)
def test_names_that_collide_without_case(plain_repository, names, staged, conflicts):
    repo = plain_repository
    for name in names:
        repo.commit_file(name, "x")
    for name in staged:
        repo.write(name, "x")
        repo.add(name)
    assert agree_in(repo, "check-case-conflict").count(b"conflict found") == conflicts
    added = agree_in(repo, "check-case-conflict", paths=[os.fsencode(name) for name in staged])
    assert added.count(b"conflict found") == (conflicts if staged else 0)


def test_letters_beyond_ascii_collide_too(plain_repository):
    """Theirs compares one name with the quoted form of the other, and finds nothing."""
    repo = plain_repository
    repo.commit_file("\u00e9.txt", "x")
    repo.write("\u00c9.txt", "x")
    repo.add("\u00c9.txt")
    said = ours("check-case-conflict", (), repo.path, ["\u00c9.txt".encode()])
    assert said.exit_code == 1
    assert said.output.count(b"conflict found") == 2


@pytest.mark.parametrize(
    ("content", "destroyed"),
    [(b"target", True), (b"target\n", True), (b"target\r\n", True), (b"target\n\n\n", False), (b"other", False)],
)
def test_links_that_became_files(plain_repository, content, destroyed):
    repo = plain_repository
    (repo.path / "li nk").symlink_to("target")
    repo.add("li nk")
    repo.commit()
    (repo.path / "li nk").unlink()
    repo.write("li nk", content)
    repo.add("li nk")
    assert agree_in(repo, "destroyed-symlinks").startswith(b"Destroyed symlinks:\n- li nk\n") is destroyed
    assert not agree_in(repo, "destroyed-symlinks", paths=[b"README.md"])


def test_links_that_are_still_links_or_gone_are_not_destroyed(plain_repository):
    repo = plain_repository
    for name in ("kept", "gone"):
        (repo.path / name).symlink_to("target")
        repo.add(name)
    assert not agree_in(repo, "destroyed-symlinks")
    repo.commit()
    repo.git("rm", "-q", "--cached", "gone")
    (repo.path / "kept").unlink()
    (repo.path / "kept").symlink_to("elsewhere")
    repo.add("kept")
    assert not agree_in(repo, "destroyed-symlinks", paths=[b"kept", b"gone"])


def test_broken_links_are_found(plain_repository):
    repo = plain_repository
    repo.write("there", "x")
    for name, target in (("good", "there"), ("broken", "nowhere"), ("loop", "loop")):
        (repo.path / name).symlink_to(target)
    repo.add("there", "good", "broken", "loop")
    assert agree_in(repo, "check-symlinks") == b"broken: Broken symlink\nloop: Broken symlink\n"


def test_new_submodules_are_refused(with_submodule, monkeypatch):
    repo = with_submodule
    for name, value in repo.env.items():
        monkeypatch.setenv(name, value)
    repo.git("reset", "-q", "--soft", "HEAD~1") if not repo.git("status", "--porcelain").stdout else None
    assert agree_in(repo, "forbid-new-submodules", paths=[b"sub"]).startswith(b"sub: new submodule introduced\n\nThis")
    repo.commit()
    assert not agree_in(repo, "forbid-new-submodules", paths=[b"sub"])
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD~1")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")
    assert agree_in(repo, "forbid-new-submodules", paths=[b"sub"]).startswith(b"sub: new submodule introduced\n\nThis")


def test_protected_branches_refuse_commits(plain_repository):
    repo, name = plain_repository, "no-commit-to-branch"
    for branch, args in (
        ("main", ()),
        ("side", ()),
        ("side", ("--branch", "side")),
        ("main", ("-b", "side", "-bmaster")),
        ("feature/x", ("--pattern", "feat")),
        ("feature/x", ("--pat=^x", "--branch=feature/x")),
        ("feature/x", ("-p", "x$")),
    ):
        repo.git("checkout", "-q", "-B", branch)
        assert not agree_in(repo, name, *args, paths=[])
    assert ours(name, ("-b", "feature/x"), repo.path, []).exit_code == 1
    repo.git("checkout", "-q", "--detach")
    agree_in(repo, name, "-p", "", paths=[])
    repo.git("checkout", "-q", "--orphan", "master")
    agree_in(repo, name, paths=[])


def test_markers_are_looked_for_only_in_a_merge(in_merge_conflict, monkeypatch):
    repo = in_merge_conflict
    for name, value in repo.env.items():
        monkeypatch.setenv(name, value)
    assert agree_in(repo, "check-merge-conflict", paths=[b"f.txt"]).count(b"Merge conflict string") == 3
    repo.git("merge", "--abort")
    repo.write("f.txt", "<<<<<<< x\n")
    assert not agree_in(repo, "check-merge-conflict", paths=[b"f.txt"])
    assert agree_in(repo, "check-merge-conflict", "--assume-in-merge", paths=[b"f.txt"])


@pytest.mark.parametrize("file_mode", ["true", "false"])
def test_executables_and_shebangs(plain_repository, file_mode):
    repo = plain_repository
    for name, content, mode in (
        ("both", "#!/bin/sh\n", 0o755),
        ("no shebang", "echo\n", 0o755),
        ("it's plain", "#!/bin/sh\n", 0o644),
        ("neither", "x", 0o644),
        ("-dash", "#!", 0o644),
    ):
        repo.write(name, content, mode)
        repo.git("add", "--", name)
    repo.git("config", "core.fileMode", file_mode)
    executables = [b"both", b"no shebang"] if file_mode == "true" else [b"-dash", b"both", b"neither", b"no shebang"]
    assert agree_in(repo, "check-executables-have-shebangs", paths=executables).startswith(b"no shebang: marked exec")
    repo.write("untracked", "#!/bin/sh\n")
    tracked = [b"-dash", b"both", b"it's plain", b"neither", b"no shebang"]
    assert agree_in(repo, "check-shebang-scripts-are-executable", paths=tracked).count(b"has a shebang but") == 2
    assert not agree_in(repo, "check-shebang-scripts-are-executable", paths=[b"untracked"])


def test_credentials_from_files_and_environment(plain_repository, monkeypatch, tmp_path):
    repo, name = plain_repository, "detect-aws-credentials"
    repo.write("f.txt", "key: AKIAfirst, AKIAsecond\n")
    assert agree_in(repo, name, paths=[b"f.txt"]).startswith(b"No AWS keys were found")
    assert not agree_in(repo, name, "--allow-missing-credentials", paths=[b"f.txt"])
    own = tmp_path / "own.ini"
    own.write_text("[a]\naws_secret_access_key = AKIAfirst\n[b]\naws_session_token=\naws_security_token=100%\n")
    assert agree_in(repo, name, "--credentials-file", str(own), paths=[b"f.txt"]) == (
        b"AWS secret found in f.txt: AKIA************************\n"
    )
    (Path(repo.env["HOME"]) / ".aws").mkdir()
    (Path(repo.env["HOME"]) / ".aws" / "credentials").write_text("[a]\naws_secret_access_key: AKIAsecond\n")
    assert agree_in(repo, name, paths=[b"f.txt"])
    assert not agree_in(repo, name, paths=[b"README.md"])
    (Path(repo.env["HOME"]) / ".boto").write_text("no section")
    assert agree_in(repo, name, paths=[b"f.txt"])


def test_what_the_filter_selects_is_refused_as_by_language_fail(plain_repository):
    """pre-commit's `language: fail` prints the entry, an empty line, and the names."""
    for name, heading in BY_FILTER.items():
        said = ours(name, (), plain_repository.path, [b"aux.c", b"x/nul"])
        assert said == (1, heading.encode() + b"\n\naux.c\nx/nul\n", "")
        assert not ours(name, (), plain_repository.path, []).exit_code


# --- a real tree


@pytest.mark.campaign
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_large_real_tree_gets_the_same_verdict_bytes_and_output(name, real_tree, credentials, monkeypatch):
    """Every file as it is, then with changes in half of them."""
    for variable, value in real_tree.env.items():
        monkeypatch.setenv(variable, value)
    paths = real_tree.selected(name)
    for args in SAMPLES[name].args:
        for start in range(0, len(paths), 200):
            found = differences(name, args, real_tree.path, paths[start : start + 200])
            assert not found, "\n".join(map(str, found[:5]))
    with real_tree.disturbed(paths, random.Random(name)):
        for start in range(0, len(paths), 50):
            found = differences(name, SAMPLES[name].args[-1], real_tree.path, paths[start : start + 50])
            assert not found, "\n".join(map(str, found[:5]))
