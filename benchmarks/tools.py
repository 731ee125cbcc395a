"""W3, the tools people really run: ruff check, ruff format --check and mypy on a real project."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import contenders
import measure
from contenders import Contender, Gitseq, Husky, Lefthook, PreCommit, Prek, Sh
from measure import Lane, Row, Sample
from tree import CommitOne, Site, WholeTree, git, repository
from workload import Trial, Workload

SOURCES, PACKAGE = "Werkzeug==3.1.3", "src"
_LENIENT = "[mypy]\nignore_errors = True\nignore_missing_imports = True\n"
"""The released sources are not clean for whichever mypy is newest; it does the same work, and says nothing."""


def commands(peers: Path) -> "dict[str, str]":
    """By id; all but mypy are given the files."""
    return {
        "ruff": f"{peers}/ruff check --quiet --isolated --exit-zero",
        "ruff-format": f"{peers}/ruff format --quiet --isolated --check",
        "mypy": f"{peers}/mypy --config-file lenient.ini --no-error-summary {PACKAGE}",
    }


class ToolsBySh(Sh):
    def configure(self, repo: Path, tools: "dict[str, str]") -> None:
        lines = [tool if name == "mypy" else f'xargs -0 {tool} <"$names" || exit 1' for name, tool in tools.items()]
        body = "\n".join(["#!/bin/sh", "names=$(mktemp) && trap 'rm -f \"$names\"' EXIT", '{} >"$names"', *lines, ""])
        (repo / "all.sh").write_text(body.replace("{}", "git ls-files -z '*.py'"))
        hook = repo / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(body.replace("{}", "git diff --cached --name-only --diff-filter=ACMR -z -- '*.py'"))
        hook.chmod(0o755)

    def all_files(self) -> "list[str]":
        return ["sh", "all.sh"]


class ToolsByGitseq(Gitseq):
    def configure(self, repo: Path, tools: "dict[str, str]") -> None:
        tables = []
        for name, tool in tools.items():
            how = 'cache = "tree"\npass_filenames = false\n' if name == "mypy" else "cache = true\n"
            tables.append(f'[[hook]]\nid = "{name}"\nrun = "{tool}"\ntypes = ["python"]\n{how}')
        (repo / "gitseq.toml").write_text("\n".join(tables))
        self._ask(str(self.folder / "gitseq"), "install", cwd=repo)


class ToolsByPreCommit(PreCommit):
    def configure(self, repo: Path, tools: "dict[str, str]") -> None:
        kind = {"language": "system", "types": ["python"], "require_serial": True}
        hooks = [
            {"id": name, "name": name, "entry": tool, "pass_filenames": name != "mypy", **kind}
            for name, tool in tools.items()
        ]
        (repo / ".pre-commit-config.yaml").write_text(json.dumps({"repos": [{"repo": "local", "hooks": hooks}]}))
        self._ask(str(self.folder / self.name), "install", cwd=repo)


class ToolsByPrek(ToolsByPreCommit, Prek):
    name = "prek"


class ToolsByLefthook(Lefthook):
    def configure(self, repo: Path, tools: "dict[str, str]") -> None:
        jobs = [
            {"name": name, "glob": "*.py", "run": tool if name == "mypy" else tool + " {staged_files}"}
            for name, tool in tools.items()
        ]
        (repo / "lefthook.yml").write_text(json.dumps({"pre-commit": {"jobs": jobs}}))
        self._ask(self._program, "install", cwd=repo)


class ToolsByHusky(Husky):
    def configure(self, repo: Path, tools: "dict[str, str]") -> None:
        mypy = shlex.quote(tools["mypy"])
        self.write(repo, {"*.py": [tool if name != "mypy" else f"sh -c {mypy}" for name, tool in tools.items()]})


KINDS = (ToolsBySh, ToolsByGitseq, ToolsByPrek, ToolsByLefthook, ToolsByPreCommit, ToolsByHusky)


class Cold(WholeTree):
    """Whole runs that find no cache, neither the tools' own nor gitseq's."""

    def round(self) -> Sample:
        for name in (".mypy_cache", ".ruff_cache"):
            shutil.rmtree(self._site.path / name, ignore_errors=True)
        return super().round()


def site(entrant: Contender, path: Path, sources: Path, tools: "dict[str, str]") -> Site:
    repository(sources, path, entrant.env)
    (path / "lenient.ini").write_text(_LENIENT)
    fixes = tools["ruff-format"].replace("--check", ".")
    subprocess.run(shlex.split(fixes), cwd=path, env=entrant.env, check=True)
    entrant.configure(path, tools)  # type: ignore[attr-defined]
    contenders.commit_set_up(path, entrant.env)
    git(path, entrant.env, "status")  # the index knows the time of every file
    return Site(entrant, path, [] if isinstance(entrant, Husky) else entrant.all_files())


def run(trial: Trial) -> "list[Row]":
    sources = contenders.sources(SOURCES)
    tools = commands(trial.installed.peers)
    entrants = trial.entrants(KINDS[:4] if trial.quick else KINDS)
    sites = [site(entrant, trial.folder / str(number), sources, tools) for number, entrant in enumerate(entrants)]
    whole = [one for one in sites if not isinstance(one.entrant, Husky)]
    file = Path(PACKAGE, "werkzeug", "utils.py")
    cold: "list[Lane]" = [
        Cold(f"{SOURCES}, whole tree, no cache anywhere", one.entrant.title, one, forget=True) for one in whole
    ]
    again: "list[Lane]" = [
        WholeTree(f"{SOURCES}, whole tree again, nothing changed", one.entrant.title, one) for one in whole
    ]
    commits: "list[Lane]" = [CommitOne(f"{SOURCES}, commit of one file", one, one.path / file) for one in sites]
    rounds = trial.rounds(5, 1)
    # Each of these finds the caches that the one before it has filled.
    found = measure.compete(cold, rounds, warm_up=0)
    return found + measure.compete(again, rounds) + measure.compete(commits, rounds)


WORKLOAD = Workload(
    "W3",
    "ruff check, ruff format --check and mypy on a real project",
    "The sources of Werkzeug. The tools' own caches are warm but where it says otherwise; gitseq's ledger is what "
    "tells the second run from the first. lint-staged knows no run over all files.",
    run,
    unit="s",
)
