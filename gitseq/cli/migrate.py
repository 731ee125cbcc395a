"""`gitseq migrate`: the configuration of another hook manager becomes a gitseq.toml."""

import json
import os

from gitseq.cli.telling import say, tell
from gitseq.config import kept
from gitseq.engine import settings
from gitseq.errors import ConfigError, Refused, UsageError
from gitseq.git import repo
from gitseq.host import files
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from gitseq.cli.context import Context
    from gitseq.config.migrate.draft import Draft
    from gitseq.host.env import Env

_NAME = b"gitseq.toml"
_PRE_COMMIT = (".pre-commit-config.yaml", ".pre-commit-config.yml")
_LEFTHOOK = ("lefthook.yml", ".lefthook.yml", "lefthook.yaml", ".lefthook.yaml", ".config/lefthook.yml")
_LINT_STAGED = (".lintstagedrc", ".lintstagedrc.json", ".lintstagedrc.yaml", ".lintstagedrc.yml")
_HUSKY = ".husky"
_PACKAGE = "package.json"
_LARGEST = 4 << 20

_EXAMPLES = """examples:
  gitseq migrate --check               what would be lost? (exit code 1: something)
  gitseq migrate                       write gitseq.toml, which is found before the old file
  gitseq migrate --from lefthook.yml

Read are .pre-commit-config.yaml, lefthook.yml, the scripts of husky, and lint-staged in package.json or .lintstagedrc.
"""


def configure(parser: "argparse.ArgumentParser") -> None:
    """The options of `gitseq migrate`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--check", action="store_true", help="only tell what would be lost, and end with 1 if anything")
    parser.add_argument("--from", dest="source", metavar="FILE", help="migrate this file, or husky's folder")
    parser.add_argument("--stdout", action="store_true", help="print the new file, and write nothing")
    parser.add_argument("-f", "--force", action="store_true", help="overwrite a gitseq.toml that is there")


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Write the new file, or tell what it would lack."""
    from gitseq.config.migrate import proof
    from gitseq.config.migrate.draft import render

    top = repo.discover(context.env, context.cwd).top
    source = _chosen(options.source, context, top)
    draft = _drafted(source, top, context.env)
    text = render(draft)
    draft.lost += proof.problems(text)
    _tell_losses(draft)
    if options.check:
        tell(f"{draft.source}: " + ("cannot be migrated completely" if draft.lost else "can be migrated completely"))
        return 1 if draft.lost else 0
    if options.stdout:
        say(text)
        return 0
    _write(os.path.join(top, _NAME), text.encode("utf-8", "surrogateescape"), force=options.force)
    tell(f"wrote {_NAME.decode()} from {draft.source}")
    for other in _found(top):
        if other != source:
            tell(f"note: there is {other}, too: gitseq migrate --stdout --from {other}")
    tell("next: gitseq validate && gitseq install")
    return 0


def _tell_losses(draft: "Draft") -> None:
    """On stderr, for the new file may go to stdout."""
    lines = [f"lost: {loss}" for loss in draft.lost] + [f"note: {note}" for note in draft.notes]
    plain.write_all(2, "".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace"))


# --- which file ------------------------------------------------------------------------------------


def _chosen(named: "str | None", context: "Context", top: bytes) -> str:
    """The source, relative to the top. Raises UsageError when there is none."""
    if named is not None:
        path = os.path.realpath(os.path.join(context.cwd, os.fsencode(named)))
        if not os.path.exists(path):
            raise UsageError(f"there is no {named}")
        return os.fsdecode(os.path.relpath(path, top))
    found = _found(top)
    if not found:
        raise UsageError(
            "there is nothing to migrate",
            why="Looked for .pre-commit-config.yaml, lefthook.yml, .husky/, and lint-staged in package.json.",
            hint="Name it: gitseq migrate --from FILE. To begin anew: gitseq init",
        )
    return found[0]


def _found(top: bytes) -> "list[str]":
    """What there is to migrate, first what would be found first."""
    found = [name for name in (*_PRE_COMMIT, *_LEFTHOOK) if os.path.isfile(_path(top, name))]
    if _husky_scripts(top, _HUSKY):
        found.append(_HUSKY)
    elif _lint_staged_in(top) is not None:
        found.append(next(name for name in (_PACKAGE, *_LINT_STAGED) if _table_of(top, name) is not None))
    return found


def _path(top: bytes, name: str) -> bytes:
    return os.path.join(top, os.fsencode(name))


# --- reading it ------------------------------------------------------------------------------------


def _drafted(source: str, top: bytes, env: "Env") -> "Draft":
    base = os.path.basename(source)
    if os.path.isdir(_path(top, source)):
        from gitseq.config.migrate import node

        return node.migrate(source + "/", _husky_scripts(top, source), _lint_staged_in(top))
    if base == _PACKAGE or base.startswith(".lintstagedrc"):
        from gitseq.config.migrate import node

        table = _table_of(top, source)
        if table is None:
            raise UsageError(f"{source} has no configuration of lint-staged")
        return node.migrate(source, {}, table)
    if "lefthook" in base:
        from gitseq.config.migrate import lefthook

        return lefthook.migrate(_text(top, source), source)
    if base.endswith((".yaml", ".yml")):
        from gitseq.config.migrate import pre_commit

        return pre_commit.migrate(_text(top, source), source, settings.vet, answers=kept.Where(top, env, None).answers)
    raise UsageError(f"{source} is no configuration that can be migrated", hint="gitseq migrate --help")


def _text(top: bytes, name: str) -> str:
    content = files.read(_path(top, name))
    if content is None or len(content) > _LARGEST:
        raise ConfigError(f"{name} cannot be read")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is not UTF-8") from None


def _husky_scripts(top: bytes, folder: str) -> "dict[str, str]":
    """Stage -> text of the scripts that husky calls."""
    from gitseq.core.stages import GIT_STAGES

    names = [stage for stage in GIT_STAGES if os.path.isfile(_path(top, f"{folder}/{stage}"))]
    return {stage: _text(top, f"{folder}/{stage}") for stage in names}


def _lint_staged_in(top: bytes) -> "Any":
    tables = (_table_of(top, name) for name in (_PACKAGE, *_LINT_STAGED))
    return next((table for table in tables if table is not None), None)


def _table_of(top: bytes, name: str) -> "Any":
    """What lint-staged is told in a file; None when there is no such file, or it says nothing."""
    if not os.path.isfile(_path(top, name)):
        return None
    text = _text(top, name)
    if name.endswith(".json"):
        try:
            data = json.loads(text)
            json.dumps(data, ensure_ascii=False).encode()  # an escape may stand for no character
        except UnicodeEncodeError:
            raise ConfigError(f"{name}: holds half of a surrogate pair, which is no character") from None
        except RecursionError:
            raise ConfigError(f"{name}: is nested too deeply") from None
        except ValueError as error:
            raise ConfigError(f"{name}: not valid JSON: {error}") from None
    else:
        from gitseq.config import yaml_file

        data = yaml_file.load(text, name)[0]  # .lintstagedrc is YAML, of which JSON is a part
    if os.path.basename(name) == _PACKAGE:
        return data.get("lint-staged") if isinstance(data, dict) else None
    return data


# --- writing the new one ---------------------------------------------------------------------------


def _write(path: bytes, content: bytes, *, force: bool) -> None:
    """After this returns, or dies, a file that was at `path` before is as it was, unless it was to be overwritten."""
    try:
        if force:
            files.write_whole(path, content, files.mode(path) & 0o777 or 0o666)
            return
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        raise Refused(
            f"there is a {_NAME.decode()} already",
            kept="It was not touched.",
            hint="To see what would be written: gitseq migrate --stdout. To overwrite it: gitseq migrate --force",
        ) from None
    with open(fd, "wb") as stream:
        stream.write(content)
