"""What is shipped works without the checkout it was made from, as installers lay it out."""

import importlib.util
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support import hookrepos, installed
from tests.support.repo import Repo, run_bounded, text

ROOT = Path(__file__).parents[2]
LARGEST = 1 << 20
"""Bytes. No file of the project is larger."""
SHIPPED = set(
    "bin gitseq hooks tests benchmarks docs README.md CHANGELOG.md LICENSE gitseq.toml.example Makefile mkdocs.yml "
    ".pre-commit-hooks.yaml .gitignore pyproject.toml PKG-INFO".split()
)
"""What may stand at the top of an sdist."""


def build(folder: Path, kind: str) -> Path:
    """Build a wheel or an sdist of the checkout, with the clock of the archive pinned."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, timeout=60, env=environment)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sdist"), "sdist")


def names_in_wheel(wheel: Path) -> "set[str]":
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_module_the_shim_and_the_type_marker(wheel):
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "gitseq").rglob("*.py")}
    assert modules | {"gitseq/_hooks/shim.sh", "gitseq/py.typed"} <= names_in_wheel(wheel)
    assert not [name for name in names_in_wheel(wheel) if "__pycache__" in name or name.startswith("tests")]


def test_the_sdist_holds_what_its_tests_need(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"Makefile", "hooks/shim.sh", "tests/conftest.py", "docs/tutorial/demo.py", "gitseq.toml.example"} <= names


def test_the_sdist_holds_nothing_that_happens_to_lie_about(sdist):
    with tarfile.open(sdist) as archive:
        tops = {name.split("/")[1] for name in archive.getnames()}
    assert tops <= SHIPPED, tops - SHIPPED


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_what_is_built_twice_is_the_same_file(kind, request, tmp_path):
    assert build(tmp_path / "again", kind).read_bytes() == request.getfixturevalue(kind).read_bytes()


def test_no_file_of_the_project_is_large(wheel, sdist):
    with zipfile.ZipFile(wheel) as archive:
        large = [info.filename for info in archive.infolist() if info.file_size > LARGEST]
    with tarfile.open(sdist) as packed:
        large += [member.name for member in packed.getmembers() if member.size > LARGEST]
    assert not large


def test_a_repository_is_served_by_an_installed_wheel_alone(wheel, tmp_path, repo: Repo):
    """The dependencies are those of the environment the tests run in, found as a .pth file tells."""
    place = tmp_path / "installed"
    venv.create(place, with_pip=False, symlinks=True, system_site_packages=False)
    python = place / "bin" / "python"
    packages = next((place / "lib").glob("python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "others.pth").write_text(f"{sys.prefix}/lib/{packages.parent.name}/site-packages\n")
    repo.config('[[hook]]\nid = "yes"\nrun = "true"\n')
    argv = [str(python), "-c", "from gitseq.cli.main import main; main()", "install"]
    done = run_bounded(argv, env=repo.env, cwd=repo.path)
    assert done.returncode == 0, text(done)
    assert str(packages) in (repo.path / ".git/hooks/pre-commit").read_text()
    repo.write("a.txt", "a\n")
    repo.add()
    committed = repo.commit(check=False)
    assert committed.returncode == 0, text(committed)
    assert "yes" in text(committed)


@pytest.fixture(scope="module")
def demo():
    spec = importlib.util.spec_from_file_location("gitseq_demo", ROOT / "docs/tutorial/demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def uv(tmp_path_factory):
    return installed.uv_in(tmp_path_factory.mktemp("uv"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("age", ["oldest", pytest.param("newest", marks=pytest.mark.campaign)])
def test_everything_works_with_the_oldest_and_with_the_newest_dependencies(
    age, uv, wheel, demo, repo, make_repo, tmp_path
):
    stated = installed.stated_dependencies((ROOT / "pyproject.toml").read_bytes())
    tool = installed.Tool(uv, wheel, tmp_path, stated if age == "oldest" else {})
    demo.show(tool.programs, tmp_path / "scratch")
    hooks = hookrepos.made_up_hooks(repo, make_repo, tmp_path / "built")
    assert tool.use_everything(repo, hooks) >= installed.modules(stated)
