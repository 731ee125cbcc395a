"""What each language starts and installs: command lines of those that cannot be had here, and the rules of all."""

import os
import zipfile

import pytest

from gitseq.config.foreign_keys import LANGUAGES, WITHOUT_ENVIRONMENT, language_of
from gitseq.errors import EnvironmentProblem
from gitseq.languages import base
from gitseq.languages.base import Tools
from gitseq.languages.dart import executables
from gitseq.languages.dotnet import tool_id
from gitseq.model import Hook

PLACE = b"/store/environments/x-1/env"
INSTALLING = sorted({language_of(name) for name in LANGUAGES} - WITHOUT_ENVIRONMENT)


class Recorder:
    """Commands instead of running them; programs named in `missing` are not there."""

    def __init__(self, folder, source=True, missing=(), env=None):
        self.ran: "list[list[bytes]]" = []
        self.envs: "list[dict[bytes, bytes]]" = []
        self.answers: "dict[bytes, bytes]" = {}
        self.missing = missing
        scratch = os.fsencode(folder / "scratch")
        os.makedirs(scratch)
        os.makedirs(folder / "source")
        where = os.fsencode(folder / "source") if source else b""
        self.tools = Tools({b"PATH": b"/bin", **(env or {})}, scratch, where, self._execute, self._find)

    def _execute(self, argv, cwd, env):
        self.ran.append(argv)
        self.envs.append(env)
        return self.answers.get(b" ".join(argv), b"")

    def _find(self, name, env):
        return None if name.decode() in self.missing else b"/bin/" + name

    def lines(self):
        return [b" ".join(argv).decode() for argv in self.ran]


def hook(language, *argv, version="default", dependencies=(), source="/hooks"):
    return Hook("h", "h", argv or ("tool", "--fix"), language=language, language_version=version,
                dependencies=dependencies, source=source)  # fmt: skip


def install(language, tmp_path, place=None, **how):
    """The recorder after an installation."""
    files = how.pop("files", {})
    recorder = Recorder(tmp_path, source=how.get("source", "/hooks") != "", missing=how.pop("missing", ()))
    for name, content in files.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    argv = how.pop("argv", ())
    wanted = hook(language, *argv, **how)
    base.of(wanted).install(wanted, place or os.fsencode(tmp_path / "env"), recorder.tools)
    return recorder


@pytest.mark.parametrize("language", INSTALLING)
def test_every_language_that_installs_says_what_to_get_when_its_tool_is_missing(tmp_path, language):
    recorder = Recorder(tmp_path)
    recorder.tools._find = lambda _name, _env: None
    (tmp_path / "source" / "package.json").write_text("{}")
    (tmp_path / "source" / "x.cabal").write_text("")
    (tmp_path / "source" / "x.rockspec").write_text("")
    (tmp_path / "source" / ".pre-commit-channel").mkdir()
    argv = ("Rscript", "x.R") if language == "r" else ("run.ts",)
    version = "python9.9" if language == "python" else "default"
    wanted = hook(language, *argv, version=version)
    with pytest.raises(EnvironmentProblem) as caught:
        base.of(wanted).install(wanted, os.fsencode(tmp_path / "env"), recorder.tools)
    assert "which is not on PATH" in caught.value.what
    assert caught.value.hint.startswith(("Install", "Put"))
    assert "GITSEQ_SKIP=h" in caught.value.hint
    assert not recorder.ran


@pytest.mark.parametrize("language", sorted(set(INSTALLING) - {"docker", "docker_image", "r", "julia", "deno"}))
def test_command_is_started_as_it_stands_with_the_environment_in_front(language):
    wanted = hook(language)
    told = base.of(wanted).start(wanted, PLACE)
    assert told.argv == (b"tool", b"--fix")
    assert all(folder.startswith(PLACE) for folder in told.path)
    env = told.applied({b"PATH": b"/usr/bin", b"PYTHONHOME": b"/x", b"A": b"1"})
    assert env[b"PATH"].startswith(PLACE)
    assert env[b"PATH"].endswith(b":/usr/bin")
    assert env[b"A"] == b"1"


@pytest.mark.parametrize("language", sorted(set(INSTALLING) - {"julia", "docker_image"}))
def test_hook_that_says_nothing_to_install_is_told(tmp_path, language):
    if language == "python":
        pytest.skip("an empty environment is one")
    argv = ("Rscript", "-e", "1") if language == "r" else ()
    with pytest.raises(EnvironmentProblem, match="says nothing to install"):
        install(language, tmp_path, source="", argv=argv)


@pytest.mark.parametrize(
    "language", [*sorted(set(INSTALLING) - {"python", "node", "golang", "rust", "ruby"}), "docker_image"]
)
def test_version_of_a_toolchain_that_is_taken_as_found_is_refused(tmp_path, language):
    with pytest.raises(EnvironmentProblem, match="language_version"):
        install(language, tmp_path, version="1.2.3", argv=("Rscript", "x.R"))


def test_unknown_language_is_told_not_a_traceback():
    with pytest.raises(EnvironmentProblem, match="does not know the language cobol"):
        base.of(hook("cobol"))


# --- those whose toolchain cannot be had where this is tested


def test_docker_builds_an_image_and_runs_the_command_in_it(tmp_path):
    place = os.fsencode(tmp_path / "docker-12ab" / "env")
    recorder = install("docker", tmp_path, place=place)
    assert recorder.lines() == ["/bin/docker build --tag gitseq-docker-12ab --label GITSEQ --pull ."]
    wanted = hook("docker")
    base.of(wanted).refresh(wanted, place, recorder.tools)
    assert recorder.lines()[1:] == [
        "/bin/docker build --tag gitseq-docker-12ab --label GITSEQ .",
        "/bin/docker system info --format {{ json . }}",
    ]
    shell, option, script, *rest = base.of(wanted).start(wanted, place).argv
    assert (shell, option) == (b"/bin/sh", b"-c")
    assert rest == [b"docker", b"--entrypoint", b"tool", b"gitseq-docker-12ab", b"--fix"]
    user = f" --user {os.getuid()}:{os.getgid()} "
    assert f'exec docker run --rm{user}--volume "$PWD:/src:rw,Z" --workdir /src "$@"' in script.decode()


def test_rootless_docker_needs_no_user(tmp_path):
    place = os.fsencode(tmp_path / "docker_image-1" / "env")
    recorder = install("docker_image", tmp_path, place=place)
    recorder.answers[b"/bin/docker system info --format {{ json . }}"] = b'{"SecurityOptions":["name=rootless"]}'
    wanted = hook("docker_image", "alpine:3", "grep", "x")
    base.of(wanted).refresh(wanted, place, recorder.tools)
    argv = base.of(wanted).start(wanted, place).argv
    assert b"--user" not in argv[2]
    assert argv[3:] == (b"docker", b"alpine:3", b"grep", b"x")


def test_dotnet_installs_each_tool_from_what_was_packed_alone(tmp_path):
    packed = tmp_path / "scratch" / "packed"
    packed.mkdir(parents=True)
    with zipfile.ZipFile(packed / "a.nupkg", "w") as archive:
        archive.writestr("a.nuspec", "<package><metadata><id>My.Tool</id></metadata></package>")
    assert tool_id(os.fsencode(packed / "a.nupkg")) == "My.Tool"
    (tmp_path / "source").mkdir()
    wanted = hook("dotnet")
    ran = []
    tools = Tools({}, os.fsencode(tmp_path / "scratch"), os.fsencode(tmp_path / "source"),
                  lambda argv, _cwd, _env: ran.append(b" ".join(argv)) or b"", lambda name, _env: name)  # fmt: skip
    base.of(wanted).install(wanted, PLACE, tools)
    assert ran[0].startswith(b"dotnet pack --configuration Release --property PackageOutputPath=")
    assert ran[1].startswith(b"dotnet tool install --configfile ")
    assert ran[1].endswith(b" My.Tool")


def test_swift_builds_into_the_environment(tmp_path):
    (line,) = install("swift", tmp_path, place=PLACE).lines()
    source = tmp_path / "source"
    assert line == f"/bin/swift build --package-path {source} -c release --build-path {PLACE.decode()}/.build"


def test_dart_compiles_what_the_package_declares(tmp_path):
    pubspec = b"name: x\nexecutables:\n  one:\n  two: other\nenvironment:\n  sdk: '>=2.12.0'\n"
    assert executables(pubspec) == [(b"one", b"one"), (b"two", b"other")]
    assert executables(b"executables: {}\n") == []
    recorder = install("dart", tmp_path, files={"pubspec.yaml": pubspec})
    bin_ = tmp_path / "env" / "bin"
    assert recorder.lines() == [
        "/bin/dart pub get",
        f"/bin/dart compile exe --output {bin_}/one bin/one.dart",
        f"/bin/dart compile exe --output {bin_}/two bin/other.dart",
    ]


def test_haskell_installs_packages_and_dependencies(tmp_path):
    recorder = install("haskell", tmp_path, files={"x.cabal": b""}, dependencies=("hlint",))
    options = f"--install-method copy --installdir {tmp_path}/env/bin"
    assert recorder.lines() == ["/bin/cabal update", f"/bin/cabal install {options} x.cabal hlint"]


def test_julia_runs_a_script_of_the_source_with_its_project(tmp_path):
    recorder = install("julia", tmp_path, files={"Project.toml": b"[deps]\n"}, dependencies=("JSON",))
    assert (tmp_path / "env" / "Project.toml").read_bytes() == b"[deps]\n"
    assert recorder.ran[0][-2:] == [b"--", b"JSON"]
    told = base.of(hook("julia")).start(hook("julia", "bin/check.jl", "-x"), PLACE)
    assert told.argv == (b"julia", b"--startup-file=no", b"/hooks/bin/check.jl", b"-x")
    assert told.env[b"JULIA_LOAD_PATH"] == PLACE


def test_r_restores_the_locked_library(tmp_path):
    argv = ("Rscript", "check.R", "--x")
    recorder = install("r", tmp_path, files={"renv.lock": b"{}", "renv/activate.R": b""}, argv=argv)
    assert recorder.ran[0][:2] == [b"/bin/Rscript", b"--vanilla"]
    assert (tmp_path / "env" / "renv.lock").read_bytes() == b"{}"
    told = base.of(hook("r")).start(hook("r", *argv), PLACE)
    assert told.argv[-2:] == (b"/hooks/check.R", b"--x")
    assert base.of(hook("r")).start(hook("r", "Rscript", "-e", "1"), PLACE).argv[-2:] == (b"-e", b"1")


def test_conda_makes_an_environment_of_the_source_or_of_dependencies(tmp_path):
    place = str(tmp_path / "env")
    with_source = install("conda", tmp_path, dependencies=("a",))
    assert with_source.lines() == [
        f"/bin/conda env create --yes -p {place} --file environment.yml",
        f"/bin/conda install --yes -p {place} a",
    ]
    other = tmp_path / "other"
    other.mkdir()
    without = install("conda", other, source="", dependencies=("a",), missing=("conda",))
    assert without.lines() == [f"/bin/mamba create --yes -p {other}/env a"]


def test_coursier_installs_the_channel_of_the_source(tmp_path):
    recorder = install("coursier", tmp_path, files={".pre-commit-channel/fmt.json": b""}, dependencies=("scalafix",))
    channel = f"--default-channels=false --channel {tmp_path}/source/.pre-commit-channel fmt"
    assert recorder.lines() == [
        f"/bin/cs fetch {channel}",
        f"/bin/cs install --dir {tmp_path}/env {channel}",
        "/bin/cs fetch scalafix",
        f"/bin/cs install --dir {tmp_path}/env scalafix",
    ]


def test_bun_keeps_the_source_that_it_links_to(tmp_path):
    recorder = install("bun", tmp_path, files={"package.json": b"{}"}, dependencies=("prettier@3",))
    source = f"{tmp_path}/env/source"
    assert recorder.lines() == ["/bin/bun install", f"/bin/bun add --global {source} prettier@3"]
    assert os.path.exists(source + "/package.json")


def test_deno_runs_a_script_of_the_source(tmp_path):
    recorder = install("deno", tmp_path, argv=("deno", "run", "-A", "hook.ts"), dependencies=("npm:cowsay",))
    assert recorder.lines() == [
        "/bin/deno cache /hooks/hook.ts",
        f"/bin/deno install --global --allow-all --root {tmp_path}/env npm:cowsay",
    ]
    told = base.of(hook("deno")).start(hook("deno", "deno", "run", "-A", "hook.ts"), PLACE)
    assert told.argv == (b"deno", b"run", b"-A", b"/hooks/hook.ts")


# --- those that are installed for real in tests/e2e; here what does not need a toolchain


def test_rust_tells_programs_from_libraries(tmp_path):
    recorder = install("rust", tmp_path, dependencies=("serde:1", "cli:ripgrep:14", "cli:fd"))
    assert recorder.lines() == [
        "/bin/cargo add serde@1",
        f"/bin/cargo install --bins --root {tmp_path}/env --path .",
        f"/bin/cargo install --bins --root {tmp_path}/env ripgrep --version 14",
        f"/bin/cargo install --bins --root {tmp_path}/env fd",
    ]


def test_rust_of_a_version_is_fetched_by_rustup_and_thrown_away(tmp_path):
    recorder = install("rust", tmp_path, version="1.75.0")
    assert recorder.lines()[0] == "/bin/rustup toolchain install --no-self-update --profile minimal 1.75.0"
    assert recorder.envs[-1][b"RUSTUP_TOOLCHAIN"] == b"1.75.0"
    assert recorder.envs[-1][b"RUSTUP_HOME"].startswith(os.fsencode(tmp_path / "scratch"))


def test_go_of_a_version_is_fetched_by_go_itself(tmp_path):
    recorder = install("golang", tmp_path, version="1.22.1", dependencies=("example.com/x@v1",))
    assert recorder.lines() == ["/bin/go install ./...", "/bin/go install example.com/x@v1"]
    assert recorder.envs[0][b"GOTOOLCHAIN"] == b"go1.22.1"
    assert recorder.envs[0][b"GOBIN"] == os.fsencode(tmp_path / "env" / "bin")


@pytest.mark.parametrize(
    ("language", "program"), [("node", "/bin/node --version"), ("ruby", "/bin/ruby -e print RUBY_VERSION")]
)
def test_toolchain_of_another_version_is_refused(tmp_path, monkeypatch, language, program):
    monkeypatch.setattr(os.path, "realpath", lambda path: path)
    recorder = Recorder(tmp_path)
    recorder.answers[program.encode()] = b"v18.1.0" if language == "node" else b"3.1.2"
    wanted = hook(language, version="20")
    with pytest.raises(EnvironmentProblem, match=r"needs .* 20, and the one on PATH is"):
        base.of(wanted).install(wanted, os.fsencode(tmp_path / "env"), recorder.tools)


@pytest.mark.parametrize(("asked", "meant"), [("3.12", "python3.12"), ("python3.12", "python3.12"), ("pypy3", "pypy3")])
def test_version_of_python_may_be_a_number(asked, meant):
    wanted = hook("python", version=asked)
    assert base.of(wanted).version(wanted) == meant


def test_python_is_made_by_uv_where_it_is_found(tmp_path):
    recorder = install("python", tmp_path, dependencies=("iniconfig",))
    place = tmp_path / "env"
    assert recorder.lines()[0].startswith("/bin/uv venv --quiet --no-project --python /bin/python3")
    assert recorder.lines()[1:] == [f"/bin/uv pip install --python {place}/bin/python . iniconfig"]
