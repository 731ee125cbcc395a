"""pre-commit itself beside gitseq: the same random configuration and tree, the same command, and what came of it.

    case = make(seed)
    theirs, ours = play(case, folder, environment)
    assert not differences(case, theirs, ours)

A case is built once and copied, so that both find the same bytes. Hooks are a recorder that notes what it was given.
"""

import os
import random
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.repo import BIN, Repo, run_bounded, text

CONFIG = ".pre-commit-config.yaml"

RECORDER = """#!/bin/sh
# record ID MODE FILE...: notes the files and what pre-commit says in the environment, then does as MODE says
id=$1 mode=$2
shift 2
out=$RECORD/$id.$$
[ $# = 0 ] || printf '%s\\0' "$@" > "$out.files"
[ $# != 0 ] || : > "$out.files"
env -0 | grep -z '^PRE_COMMIT' | grep -zv '^PRE_COMMIT_HOME=' | sort -z > "$out.env"
case $mode in
exit*) echo "said by $id"; exit "${mode#exit}" ;;
kill) kill -9 $$ ;;
grep) [ $# = 0 ] || ! grep -l bad -- "$@" 2>/dev/null ;;
fix) for name; do [ -L "$name" ] || ! grep -q bad -- "$name" || sed -i s/bad/good/ -- "$name"; done ;;
fixall) sed -i s/bad/good/ base/one.py ;;
esac
"""

_NAMES = (
    *("base/one.py", "base/two.txt", "src/a.py", "src/deep/b.json", "src/c d.txt", "docs/read me.md", "Makefile"),
    *("tool", "run.sh", "data.bin", "empty", "vendor/v.py", "tests/test_x.py", "x.min.js", "Dockerfile.dev"),
    *(
        "quote'd.py",
        'double".txt',
        "umläut.py",
        "日本.txt",
        "new\nline.txt",
        "tab\t.py",
        "star*.txt",
        "-dash.py",
        "$HOME.txt",
    ),
)
_REGEXES = (
    "",
    r"\.py$",
    r"^src/",
    r"\.(py|txt)$",
    r"(?x)^(\n  src/.*|\n  base/.*  # here\n)$",
    "a",
    r"^(?!vendor/)",
    "umläut",
    r"\n",
)
_EXCLUDES = ("^$", "", r"^vendor/", r"\.min\.", r"^src/deep/", "nothing-is-called-so", "^base/.*", r"\.txt$")
_TYPES = ("file", "python", "text", "executable", "non-executable", "binary", "symlink", "shell", "json", "markdown")
_STAGES = ("pre-commit", "pre-push", "commit-msg", "manual", "pre-merge-commit", "prepare-commit-msg", "post-commit")
_LEGACY = ("commit", "push", "merge-commit")
_CONTENTS = (
    "good\n",
    "bad\n",
    "x = 1\nbad = 2\n",
    "",
    "#!/usr/bin/env python3\nprint()\n",
    "#!/bin/sh\necho bad\n",
    "no newline",
)


class Case(NamedTuple):
    """What both will be put through."""

    seed: int
    config: "dict[str, Any]"
    files: "dict[str, tuple[str, bool]]"
    """Name -> (content, executable) in the first commit."""
    links: "dict[str, str]"
    staged: "dict[str, str | None]"
    """Changes that are staged; None removes the file."""
    unstaged: "dict[str, str]"
    untracked: "dict[str, str]"
    intend: "tuple[str, ...]"
    situation: str
    """commit, push, run, merge, unmerged or unstaged-config."""
    command: tuple[str, ...]
    """Arguments of `run`, alike for both."""
    env: "dict[str, str]"


class Outcome(NamedTuple):
    """What came of it."""

    code: int
    verdicts: "dict[str, str]"
    calls: "dict[str, tuple[Any, ...]]"
    """Id of the recorder -> (its files with how often each was given, calls without files, environments)."""
    bodies: "dict[str, list[str]]"
    """Name of a hook that is no recorder -> the lines it said."""
    after: "dict[str, bytes]"
    """The repository afterwards: HEAD's tree, the index, the work tree."""
    said: str


# --- making a case --------------------------------------------------------------------------------


def make(seed: int) -> Case:
    """The case of a seed."""
    dice = random.Random(seed)
    names = dice.sample(_NAMES, dice.randint(4, 12))
    if "base/one.py" not in names:
        names.append("base/one.py")
    situation = dice.choice(("commit", "commit", "run", "run", "run", "run", "merge", "push", "rare"))
    if situation == "rare":
        situation = dice.choice(("unmerged", "unstaged-config", "commit"))
    config = _config(dice, situation)
    if any(hook["language"] == "pygrep" for hook in _local_hooks(config)):
        names = [name for name in names if not name.startswith("-")]  # pre-commit takes them for options
    files = {name: (dice.choice(_CONTENTS), dice.random() < 0.25) for name in names}
    links = {"link": dice.choice(names), "dangling": "nowhere"} if dice.random() < 0.4 else {}
    staged: dict[str, str | None] = {
        name: dice.choice((*_CONTENTS, "changed\n")) + f"# {seed}\n" for name in names if dice.random() < 0.5
    }
    staged |= {
        f"added/{number}.py": "bad\n" if dice.random() < 0.5 else "fine\n" for number in range(dice.randint(0, 2))
    }
    for name in list(files)[:-1]:
        if name not in ("base/one.py", "base/two.txt") and dice.random() < 0.08:
            staged[name] = None
    unstaged = {
        name: f"unstaged {seed}\n" for name in names if dice.random() < 0.2 and staged.get(name, "") is not None
    }
    if _has_fixer(config):
        unstaged = {name: content for name, content in unstaged.items() if name not in staged and name != "base/one.py"}
    return Case(
        seed,
        config,
        files,
        links,
        staged,
        unstaged,
        {"untracked.py": "bad\n"} if dice.random() < 0.3 else {},
        ("intended.py",) if dice.random() < 0.15 else (),
        situation,
        _command(dice, config, names),
        _environment(dice, config),
    )


def _local_hooks(config: "dict[str, Any]") -> "list[dict[str, Any]]":
    return [hook for repo in config["repos"] if repo["repo"] == "local" for hook in repo["hooks"]]


def _has_fixer(config: "dict[str, Any]") -> bool:
    return any("fix" in hook["entry"] for hook in _local_hooks(config))


def _config(dice: random.Random, situation: str) -> "dict[str, Any]":
    config: dict[str, Any] = {}
    if dice.random() < 0.2:
        config["files"] = dice.choice(_REGEXES)
    if dice.random() < 0.2:
        config["exclude"] = dice.choice(_EXCLUDES)
    if dice.random() < 0.2:
        config["fail_fast"] = dice.random() < 0.7
    if dice.random() < 0.2:
        config["default_stages"] = dice.sample((*_STAGES, *_LEGACY), dice.randint(1, 4))
    if dice.random() < 0.1:
        config["minimum_pre_commit_version"] = dice.choice(("3.2.0", "4", "99.0"))
    if dice.random() < 0.1:
        config["ci"] = {"autofix_prs": False}
    if dice.random() < 0.05:
        config["unknown"] = 1
    hooks = [_hook(dice, number, situation) for number in range(dice.randint(1, 6))]
    cut = dice.randint(0, len(hooks))
    config["repos"] = [{"repo": "local", "hooks": part} for part in (hooks[:cut], hooks[cut:]) if part]
    if dice.random() < 0.25:
        ids = dice.sample(("identity", "check-hooks-apply", "check-useless-excludes"), dice.randint(1, 3))
        config["repos"].insert(
            dice.randint(0, len(config["repos"])), {"repo": "meta", "hooks": [{"id": one} for one in ids]}
        )
    return config


def _hook(dice: random.Random, number: int, situation: str) -> "dict[str, Any]":
    name = f"hook {number}" if dice.random() < 0.9 else f"häkchen 日本 {number}"
    hook: dict[str, Any] = {"id": dice.choice((f"id{number}", "same")), "name": name}
    mode = dice.choice(("exit0", "exit0", "exit1", "exit3", "kill", "grep", "grep", "fix", "fixall"))
    kind = dice.choice(("system",) * 6 + ("unsupported", "script", "fail", "pygrep", "missing"))
    hook["language"] = {"missing": "system"}.get(kind, kind)
    if kind in ("system", "unsupported"):
        hazmat = "pre-commit hazmat n1 " if dice.random() < 0.05 else ""
        hook["entry"] = f"{hazmat}record '{number}' {mode}" + (" --" if hazmat else "")
    elif kind == "script":
        hook["entry"] = f"scripts/rec {number} {mode}"
    elif kind == "fail":
        hook["entry"] = 'not these, "please'
    elif kind == "pygrep":
        hook["entry"] = dice.choice(("bad", r"b[aA]d\s*$", "(?i)GOOD", "x = 1.*bad", r"^\s*$"))
        hook["args"] = dice.sample(("-i", "--multiline", "--negate"), dice.randint(0, 2))
    else:
        hook["entry"] = "no-such-command --x"
    return hook | _options(dice, kind, mode, situation)


def _options(dice: random.Random, kind: str, mode: str, situation: str) -> "dict[str, Any]":
    found: dict[str, Any] = {}
    choices: dict[str, Any] = {
        "files": lambda: dice.choice(_REGEXES),
        "exclude": lambda: dice.choice(_EXCLUDES),
        "types": lambda: dice.sample(_TYPES, dice.choice((0, 1, 1, 2))),
        "types_or": lambda: dice.sample(_TYPES, dice.randint(0, 3)),
        "exclude_types": lambda: dice.sample(_TYPES, dice.randint(0, 2)),
        "always_run": lambda: dice.random() < 0.7,
        "pass_filenames": lambda: dice.random() < 0.3,
        "require_serial": lambda: True,
        "fail_fast": lambda: True,
        "verbose": lambda: True,
        "alias": lambda: dice.choice(("other", "id0")),
        "description": lambda: "for people",
        "minimum_pre_commit_version": lambda: "2.9.0",
    }
    for key, choose in choices.items():
        if dice.random() < 0.15:
            found[key] = choose()
    if kind in ("system", "unsupported") and dice.random() < 0.1 and "hazmat" not in kind:
        found["types"] = ["text"]
    if mode == "fixall":
        found["pass_filenames"] = False
    likely = {"push": "pre-push", "merge": "pre-commit"}.get(situation, "pre-commit")
    if dice.random() < 0.4:
        found["stages"] = dice.sample((*_STAGES, *_LEGACY), dice.randint(1, 3)) + (
            [likely] if dice.random() < 0.6 else []
        )
    return found


def _command(dice: random.Random, config: "dict[str, Any]", names: "list[str]") -> "tuple[str, ...]":
    stage = dice.choice(("pre-commit",) * 5 + ("manual", "pre-push", "commit-msg", "pre-merge-commit"))
    words = ["run"]
    if dice.random() < 0.2:
        hook = dice.choice([*_local_hooks(config), {"id": "nobody"}])
        words.append(dice.choice((hook["id"], hook.get("alias") or hook["id"])))
    words += ["--hook-stage", stage]
    if stage == "commit-msg":
        return (*words, "--commit-msg-filename", ".git/COMMIT_EDITMSG")
    which = dice.choice(("staged", "staged", "all", "files", "range"))
    if which == "all":
        words.append("--all-files")
    elif which == "range":
        words += ["--from-ref", "first", "--to-ref", "HEAD"]
    if dice.random() < 0.2:
        words.append("--fail-fast")
    if dice.random() < 0.2:
        words.append("--verbose")
    if which == "files":
        words += [
            "--files",
            *(
                ("./" + name) if name.startswith("-") else name
                for name in dice.sample(names, dice.randint(1, len(names)))
            ),
        ]
    return tuple(words)


def _environment(dice: random.Random, config: "dict[str, Any]") -> "dict[str, str]":
    if dice.random() > 0.25:
        return {}
    hooks = _local_hooks(config)
    skipped = [dice.choice((hook["id"], hook.get("alias", "none"))) for hook in hooks if dice.random() < 0.5]
    return {"SKIP": " , ".join(["nobody", *skipped])}


# --- playing it -----------------------------------------------------------------------------------


def play(case: Case, folder: Path, environment: "dict[str, str]") -> "tuple[Outcome, Outcome]":
    """Build the case below `folder` and put both through it: (pre-commit, gitseq)."""
    _build(case, folder / "original", environment)
    outcomes = []
    for tool in ("pre-commit", "gitseq"):
        shutil.copytree(folder / "original", folder / tool, symlinks=True)
        outcomes.append(_run(case, tool, folder / tool, environment))
    return outcomes[0], outcomes[1]


def _build(case: Case, folder: Path, environment: "dict[str, str]") -> None:
    recorder = Path(environment["HOME"]) / "scripts" / "record"
    if not recorder.exists():
        recorder.write_text(RECORDER)
        recorder.chmod(0o755)
    folder.mkdir(parents=True)
    repo = Repo.init(folder / "work", environment)
    repo.git("init", "-q", "--bare", "../remote.git")
    repo.git("remote", "add", "origin", "../remote.git")
    for name, (content, executable) in case.files.items():
        repo.write(name, content, 0o755 if executable else 0o644)
    for name, target in case.links.items():
        os.symlink(target, repo.path / name)
    repo.write("scripts/rec", '#!/bin/sh\nexec record "$@"\n', 0o755)
    repo.write(CONFIG, yaml.safe_dump(case.config, sort_keys=False, allow_unicode=case.seed % 2 == 0))
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "first")
    repo.git("tag", "first")
    repo.git("push", "-q", "origin", "main")
    if case.situation in ("merge", "unmerged"):
        _merge(case, repo)
    elif "--from-ref" in case.command or case.situation == "push":
        _change(case, repo, case.staged)
        repo.git("commit", "-q", "--allow-empty", "-m", "second")
    else:
        _change(case, repo, case.staged)
    if case.situation != "unmerged":
        for name, content in case.unstaged.items():
            if os.path.lexists(repo.file(name)):
                repo.write(name, content)
    for name, content in case.untracked.items():
        repo.write(name, content)
    for name in case.intend:
        repo.write(name, "bad\n")
        repo.git("add", "--intent-to-add", "--", name)
    if case.situation == "unstaged-config":
        repo.write(CONFIG, repo.read(CONFIG) + b"# more\n")
    (repo.path / ".git" / "COMMIT_EDITMSG").write_text("bad message\n")


def _change(case: Case, repo: Repo, changes: "dict[str, str | None]") -> None:
    for name, content in changes.items():
        if content is None:
            repo.git("rm", "-q", "-f", "--", name)
        elif not os.path.islink(repo.file(name)):
            repo.write(name, content)
            repo.git("add", "--", name)


def _merge(case: Case, repo: Repo) -> None:
    """A merge with a conflict in base/one.py, resolved or not, and files that only one side changed."""
    repo.git("checkout", "-q", "-b", "side")
    repo.write("base/one.py", "from the side\n")
    repo.write("side.py", "bad\n")
    repo.git("add", "base/one.py", "side.py")
    repo.git("commit", "-q", "-m", "side")
    repo.git("checkout", "-q", "main")
    _change(case, repo, {name: content for name, content in case.staged.items() if name != "base/one.py"})
    repo.write("base/one.py", "from main\n")
    repo.git("add", "base/one.py")
    repo.git("commit", "-q", "-m", "main")
    repo.git("merge", "-q", "side", check=False)
    if case.situation == "merge":
        repo.write("base/one.py", "resolved, bad\n")
        repo.git("add", "base/one.py")


def _run(case: Case, tool: str, folder: Path, environment: "dict[str, str]") -> Outcome:
    record = folder / "record"
    record.mkdir()
    repo = Repo(folder / "work", {**environment, **case.env, "RECORD": str(record)})
    if case.situation in ("commit", "push"):
        _install(case, tool, repo)
        record_before = list(record.iterdir())
        assert not record_before
        if case.situation == "commit":
            done = repo.git("commit", "--allow-empty", "-m", "the message, bad", check=False)
        else:
            done = repo.git("push", "-q", "origin", f"HEAD:{'main' if case.seed % 2 else 'fresh'}", check=False)
    else:
        command = case.command if case.situation == "run" else ("run",)
        done = run_bounded([str(BIN / tool), *command], env=repo.env, cwd=repo.path)
    said = text(done)
    verdicts, bodies = _parsed(said)
    recorded = {hook["name"] for hook in _local_hooks(case.config) if "rec" in hook["entry"]}
    bodies = {name: lines for name, lines in bodies.items() if name not in recorded}
    return Outcome(done.returncode, verdicts, _calls(record), bodies, _after(repo), said)


def _install(case: Case, tool: str, repo: Repo) -> None:
    stages = ["pre-commit", "commit-msg", "prepare-commit-msg"] if case.situation == "commit" else ["pre-push"]
    if tool == "gitseq":
        repo.gitseq("install", *stages, check=True)
        return
    words = [word for stage in stages for word in ("-t", stage)]
    done = run_bounded([str(BIN / "pre-commit"), "install", *words], env=repo.env, cwd=repo.path)
    if done.returncode and b"is required but version" not in done.stdout:
        raise AssertionError(text(done))


_LINE = re.compile(r"^(?P<name>\S.*?)\.{3,}(\((?P<why>[^)]*)\))?(?P<word>Passed|Failed|Skipped)$")


def _parsed(said: str) -> "tuple[dict[str, str], dict[str, list[str]]]":
    """Name of each hook -> its verdict, and -> the lines under it; where a stage runs it again, the last counts."""
    verdicts: dict[str, str] = {}
    bodies: dict[str, list[str]] = {}
    name = ""
    for line in said.splitlines():
        match = _LINE.match(line)
        if match:
            name = match["name"]
            verdicts[name] = match["word"] + (f" ({match['why']})" if match["why"] else "")
            bodies[name] = []
        elif (
            name
            and line.strip()
            and not line.startswith(
                ("- duration", "- hook id", "gitseq:", "[", "error: failed to push", "next: ", "note: ")
            )
        ):
            bodies[name].append(line)
    return verdicts, {name: sorted(lines) for name, lines in bodies.items()}


def _calls(record: Path) -> "dict[str, tuple[Any, ...]]":
    given: dict[str, Counter[bytes]] = {}
    without: Counter[str] = Counter()
    environments: dict[str, set[bytes]] = {}
    for path in sorted(record.iterdir()):
        name = path.name.split(".")[0]
        if path.suffix == ".env":
            environments.setdefault(name, set()).add(path.read_bytes())
            continue
        names = path.read_bytes().split(b"\0")[:-1]
        given.setdefault(name, Counter()).update(names)
        without[name] += not names
    return {name: (files, without[name], environments.get(name)) for name, files in given.items()}


def _after(repo: Repo) -> "dict[str, bytes]":
    names = repo.git("ls-files", "-z", "--cached", "--others").stdout.split(b"\0")[:-1]
    tree = {
        name: os.readlink(repo.file(name)) if os.path.islink(repo.file(name)) else repo.read(name)
        for name in dict.fromkeys(names)
        if os.path.lexists(repo.file(name))
    }
    return {
        "HEAD": repo.git("ls-tree", "-r", "HEAD").stdout,
        "index": repo.git("ls-files", "--stage").stdout,
        "work tree": repr(sorted(tree.items())).encode(),
    }


# --- comparing ------------------------------------------------------------------------------------

CRASHED = 3
"""pre-commit's exit code for an error it did not expect."""


def differences(case: Case, theirs: Outcome, ours: Outcome) -> "list[str]":
    """In what the two are not alike, in words; the argued differences of docs/explanation/pre-commit.md left out."""
    found = []
    if bool(theirs.code) != bool(ours.code) and not _nothing_to_refuse(theirs, ours):
        found.append(f"exit code {theirs.code} there, {ours.code} here")
    if theirs.verdicts != ours.verdicts:
        found.append(f"verdicts {theirs.verdicts} there, {ours.verdicts} here")
    if theirs.calls != ours.calls:
        found.append(f"calls {theirs.calls} there, {ours.calls} here")
    for name, lines in theirs.bodies.items():
        if _comparable(lines) != _comparable(ours.bodies.get(name, [])):
            found.append(f"{name} said {lines} there, {ours.bodies.get(name)} here")
    found += [f"{what} afterwards differs" for what in theirs.after if theirs.after[what] != ours.after[what]]
    return found


def _nothing_to_refuse(theirs: Outcome, ours: Outcome) -> bool:
    """A stage without hooks: refused there for what the index is like, while here there is nothing to run."""
    refusals = ("configuration is unstaged", "Unmerged files")
    return not ours.said and not ours.code and any(words in theirs.said for words in refusals)


def _comparable(lines: "list[str]") -> "list[str]":
    """Without what is said of a command that is not there: exit code 1 and a sentence there, 127 and another here."""
    told = ("xecutable `no-such-command` not found", "exit code: 1")
    return [line for line in lines if not any(part in line for part in told)]


def report(case: Case, theirs: Outcome, ours: Outcome, found: "list[str]") -> str:
    """All that is needed to look into a difference."""
    parts = [f"seed {case.seed}: {case.situation} {case.command} {case.env}", *found]
    parts += ["--- pre-commit", theirs.said, "--- gitseq", ours.said, "--- configuration", yaml.safe_dump(case.config)]
    return "\n".join(parts)


def pre_commit_version() -> str:
    """Which pre-commit this is held against."""
    done = subprocess.run([str(BIN / "pre-commit"), "--version"], capture_output=True, check=True)
    return done.stdout.decode().split()[-1]
