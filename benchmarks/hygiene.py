"""W2, hygiene of a large tree: nine built-in hooks over the sources of Django, and what it costs to do it again."""

from pathlib import Path

import contenders
import measure
from contenders import Contender, Gitseq, PreCommit, Prek
from measure import Lane, Row, Sample
from tree import CommitOne, Site, WholeTree, repository, settle
from workload import Trial, Workload

SOURCES, QUICK_SOURCES = "Django==5.1.4", "Werkzeug==3.1.3"
TO_FIX = 300
HOOKS = {
    "trailing-whitespace": ("trailing-whitespace-fixer", "text"),
    "end-of-file-fixer": ("end-of-file-fixer", "text"),
    "check-yaml": ("check-yaml", "yaml"),
    "check-json": ("check-json", "json"),
    "check-toml": ("check-toml", "toml"),
    "check-merge-conflict": ("check-merge-conflict", "text"),
    "check-added-large-files": ("check-added-large-files", "file"),
    "mixed-line-ending": ("mixed-line-ending", "text"),
    "detect-private-key": ("detect-private-key", "text"),
}
"""The program of the package pre-commit-hooks that does it, and the files it is for."""


class HygieneByGitseq(Gitseq):
    def configure(self, repo: Path) -> None:
        tables = [f'[[hook]]\nid = "{name}"\nbuiltin = "{name}"\n' for name in HOOKS]
        (repo / "gitseq.toml").write_text("\n".join(tables))


class HygieneByPreCommit(PreCommit):
    """The programs of pre-commit-hooks, as local hooks: what pre-commit runs from its own environment of them."""

    def configure(self, repo: Path) -> None:
        entries = "".join(
            f"  - {{id: {name}, name: {name}, language: system, types: [{kind}], entry: {self.folder / program}}}\n"
            for name, (program, kind) in HOOKS.items()
        )
        (repo / ".pre-commit-config.yaml").write_text(f"repos:\n- repo: local\n  hooks:\n{entries}")


class HygieneByPrograms(HygieneByPreCommit, Prek):
    title = "prek, as programs"


class HygieneByPrek(Prek):
    """prek's own, built in."""

    def configure(self, repo: Path) -> None:
        entries = "".join(f"  - id: {name}\n" for name in HOOKS)
        (repo / ".pre-commit-config.yaml").write_text(f"repos:\n- repo: builtin\n  hooks:\n{entries}")


KINDS = (HygieneByGitseq, HygieneByPrek, HygieneByPrograms, HygieneByPreCommit)


class Unchanged(WholeTree):
    """Runs over all files that the run before has passed."""

    def round(self) -> Sample:
        super().round()  # other lanes forget what has passed, and write to files
        return super().round()


class ToFix(Lane):
    """Runs over all files, some of which the hooks change; afterwards everything is as it was."""

    def __init__(self, case: str, site: Site) -> None:
        super().__init__(case, site.entrant.title)
        self._site = site
        files = sorted(site.path.rglob("*.py"))
        self._files = files[:: len(files) // TO_FIX][:TO_FIX]

    def round(self) -> Sample:
        for file in self._files:
            file.write_bytes(file.read_bytes() + b"# \n")
        self._site.git("add", "-A")
        self._site.forget()
        sample = measure.run(self._site.argv, self._site.env, self._site.path, code_wanted=1)
        self._site.git("reset", "-q", "--hard")
        return sample


def site(entrant: Contender, path: Path, sources: Path) -> Site:
    repository(sources, path, entrant.env)
    entrant.configure(path)  # type: ignore[attr-defined]
    argv = entrant.all_files()
    settle(path, argv, entrant.env)
    entrant._ask(argv[0], "install", cwd=path)
    return Site(entrant, path, argv)


def run(trial: Trial) -> "list[Row]":
    name = QUICK_SOURCES if trial.quick else SOURCES
    sources = contenders.sources(name)
    sites = [site(entrant, trial.folder / str(number), sources) for number, entrant in enumerate(trial.entrants(KINDS))]
    whole = f"{name}, whole tree of {sum(file.is_file() for file in sources.rglob('*')):,} files"
    lanes: "list[Lane]" = []
    for one in sites:
        lanes.append(WholeTree(whole, one.entrant.title, one, forget=True))
        if isinstance(one.entrant, Gitseq):
            lanes.append(Unchanged(whole, "gitseq, nothing changed", one))
    if not trial.quick:
        lanes += [ToFix(f"{name}, whole tree, {TO_FIX} files to fix", one) for one in sites]
    lanes += [CommitOne(f"{name}, commit of one file", one, min(one.path.rglob("*.py"))) for one in sites]
    return measure.compete(lanes, trial.rounds(5, 3))


WORKLOAD = Workload(
    "W2",
    "Nine hygiene hooks over a real tree",
    "gitseq with an empty ledger, and again when nothing has changed; prek with its built-in hooks, and with the "
    "programs of pre-commit-hooks as pre-commit has them.",
    run,
)
