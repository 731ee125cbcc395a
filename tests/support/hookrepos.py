"""Repositories that offer hooks, built as local git repositories, and the environment to install from registries.

hooks = python_hooks(make_repo)
repo.write(".pre-commit-config.yaml", yaml(hooks, "count-lines"))
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.support.repo import Repo, run_bounded

MakeRepo = Callable[..., Repo]

_OF_REGISTRIES = ("PIP_", "UV_", "NPM_", "npm_", "NODE_EXTRA", "SSL_", "REQUESTS_CA", "HTTP_PROXY", "HTTPS_PROXY")
_BEFORE = dict(os.environ)  # tests are collected before the fixture that empties the environment


def registries() -> "dict[str, str]":
    """What this machine's user has set so that package clients find their registries."""
    return {name: value for name, value in _BEFORE.items() if name.upper().startswith(_OF_REGISTRIES)}


def rustup_home() -> str:
    """Where this machine's user keeps Rust, which a HOME of the test's own would hide."""
    return _BEFORE.get("RUSTUP_HOME") or os.path.join(_BEFORE.get("HOME", "/"), ".rustup")


def tool(name: str) -> "str | None":
    """Where a program is on the PATH these tests were started with."""
    return shutil.which(name, path=_BEFORE.get("PATH"))


def folder_of(name: str) -> "list[str]":
    """The folder of a program, to be put on PATH; [] when it is nowhere."""
    found = tool(name)
    return [os.path.dirname(found)] if found else []


NO_NETWORK = {
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": "/dev/null",
    "UV_OFFLINE": "1",
    "NPM_CONFIG_OFFLINE": "true",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "GIT_ALLOW_PROTOCOL": "none",
}
"""Whoever asks a registry, or git for another repository, fails."""


def setup(repo: Repo, store: "Path | None" = None) -> Repo:
    """Let a repository's commands reach the registries; a store of its own unless one is given."""
    repo.env.update(registries())
    repo.env["GITSEQ_HOME"] = str(store or Path(repo.env["HOME"]) / "store")
    return repo


def yaml(url: "Repo | str", *ids: str, rev: str = "v1.0", more: str = "") -> str:
    """A `.pre-commit-config.yaml` with these hooks of one repository."""
    where = url.path if isinstance(url, Repo) else url
    hooks = "".join(f"      - id: {name}\n{more}" for name in ids)
    return f"repos:\n  - repo: {where}\n    rev: {rev}\n    hooks:\n{hooks}"


def local(hook_id: str, language: str, entry: str, *dependencies: str) -> str:
    """A `.pre-commit-config.yaml` with a hook of this repository."""
    listed = ", ".join(f'"{dependency}"' for dependency in dependencies)
    return (
        "repos:\n  - repo: local\n    hooks:\n"
        f"      - id: {hook_id}\n        name: {hook_id}\n        language: {language}\n"
        f"        entry: {entry}\n        additional_dependencies: [{listed}]\n"
    )


def configure(repo: Repo, text: str) -> None:
    """Write a `.pre-commit-config.yaml` and commit it without any hook."""
    repo.commit_file(".pre-commit-config.yaml", text, "Configure hooks")


def offer(make_repo: MakeRepo, name: str, files: "dict[str, str]", manifest: str) -> Repo:
    """A repository with these files and this `.pre-commit-hooks.yaml`, tagged v1.0."""
    made = make_repo(name)
    for path, content in files.items():
        made.write(path, content, mode=0o755 if content.startswith("#!") else None)
    made.write(".pre-commit-hooks.yaml", manifest)
    made.add()
    made.git("commit", "-q", "-m", "Offer hooks")
    made.git("tag", "v1.0")
    return made


def entry(hook_id: str, language: str, command: str, more: str = "") -> str:
    """One hook of a manifest."""
    return f"- id: {hook_id}\n  name: {hook_id}\n  language: {language}\n  entry: {command}\n{more}"


PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """\
import os, time, zipfile
INFO = "counting-1.0.dist-info/"
FILES = {{
    "counting.py": open("counting.py").read(),
    INFO + "METADATA": "Metadata-Version: 2.1\\nName: counting\\nVersion: 1.0\\nRequires-Dist: iniconfig\\n",
    INFO + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    INFO + "entry_points.txt": "[console_scripts]\\ncount-lines = counting:main\\n",
    INFO + "RECORD": "",
}}
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open({log!r}, "a") as log:
        log.write("built\\n")
    git = [name for name in os.environ if name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX")]
    assert not git, git
    gate = os.environ.get("BUILD_GATE")
    while gate and os.path.exists(gate):
        time.sleep(0.01)
    with zipfile.ZipFile(folder + "/counting-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in FILES.items():
            wheel.writestr(name, content)
    return "counting-1.0-py3-none-any.whl"
"""
PYTHON_MODULE = """\
import sys
import iniconfig
def main():
    print(sys.prefix, "with", iniconfig.__name__, "and", len(sys.argv) - 1, "files")
    return 1 if any("TODO" in open(name).read() for name in sys.argv[1:]) else 0
"""


def python_hooks(make_repo: MakeRepo, log: Path) -> Repo:
    """Offers `count-lines`, a Python program with one dependency; each time it is built, a line is added to `log`.

    It builds itself, without any package to build with; not before the file that BUILD_GATE names is gone.
    """
    files = {"pyproject.toml": PYPROJECT, "backend.py": BACKEND.format(log=str(log)), "counting.py": PYTHON_MODULE}
    return offer(make_repo, "python-hooks", files, entry("count-lines", "python", "count-lines"))


GO = """\
#!/bin/sh
# stands in for a compiler: quick, and it can be held up
echo built >>'{log}'
[ -z "$GIT_DIR$GIT_INDEX_FILE$GIT_WORK_TREE" ] || {{ echo "GIT_DIR reached the build"; exit 9; }}
while [ -n "$BUILD_GATE" ] && [ -e "$BUILD_GATE" ]; do sleep 0.02; done
mkdir -p "$GOBIN"
printf '#!/bin/sh\\necho with $# files\\n! grep -q TODO "$@"\\n' >"$GOBIN/count-lines"
chmod +x "$GOBIN/count-lines"
"""


def made_up_hooks(repo: Repo, make_repo: MakeRepo, log: Path) -> Repo:
    """Offers `count-lines`, built in no time by a `go` on the PATH of `repo` that is none; `log` as for Python."""
    repo.hook_script("go", GO.format(log=log))
    return offer(make_repo, "go-hooks", {"main.go": "package main\n"}, entry("count-lines", "golang", "count-lines"))


NODE_PACKAGE = """\
{"name": "shouting", "version": "1.0.0", "bin": {"shout": "shout.js"}, "dependencies": {"ms": "2.1.3"}}
"""
NODE_PROGRAM = """\
#!/usr/bin/env node
const ms = require("ms");
console.log(process.execPath, ms("1m"), process.argv.length - 2);
process.exit(process.argv.slice(2).some(name => require("fs").readFileSync(name, "utf8").includes("TODO")) ? 1 : 0);
"""


def node_hooks(make_repo: MakeRepo) -> Repo:
    """Offers `shout`, a Node.js program with one dependency."""
    files = {"package.json": NODE_PACKAGE, "shout.js": NODE_PROGRAM}
    return offer(make_repo, "node-hooks", files, entry("shout", "node", "shout"))


def stored(repo: Repo, kind: str) -> "list[Path]":
    """What lies in the store of a repository: `clones`, `environments`, `repositories`, `revs`."""
    folder = Path(repo.env["GITSEQ_HOME"]) / kind
    return sorted(folder.iterdir()) if folder.is_dir() else []


def empty_home(repo: Repo) -> None:
    """Forget everything the store holds."""
    run_bounded(["rm", "-rf", repo.env["GITSEQ_HOME"]], env=repo.env, cwd=repo.path)
