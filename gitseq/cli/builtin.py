"""`gitseq builtin ID`: a hook inside gitseq as a command, for pre-commit and whoever else starts hooks.

gitseq itself asks built-in hooks within the engine; nothing here is in a queue or a cage.
"""

import os

from gitseq.builtin import registry
from gitseq.builtin.base import Context, File, PerFile, Whole
from gitseq.engine.inside import write
from gitseq.git import call, repo
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from gitseq.builtin.base import Check, Finding, Git
    from gitseq.cli.context import Context as World
    from gitseq.host.env import Env

_EXAMPLES = """examples:
  gitseq builtin trailing-whitespace --markdown-linebreak-ext=md README.md
  gitseq builtin forbid-pattern TODO -- src/a.py

Words before the first that is no option, or before `--`, are arguments of the hook; the others are files. Files that
the hook mends are written. The hooks and their arguments: docs/reference/builtin-hooks.md.
"""


def configure(parser: "argparse.ArgumentParser") -> None:
    """The options of `gitseq builtin`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("id", metavar="BUILTIN", help="the hook, such as trailing-whitespace")
    parser.add_argument("words", nargs="...", metavar="ARGUMENT | FILE", help="its arguments, then files")


def run(options: "argparse.Namespace", context: "World") -> int:
    """Ask one hook about files, show what it says, write what it mends. 1 when it has something to say."""
    check, names = _check(options.id, options.words)
    paths = [os.fsencode(name) for name in names]
    found_in = repo.discover(context.env, context.cwd)
    world = Context(_git(context.env, context.cwd), found_in.git_dir, context.env, tuple(paths), context.cwd)
    code = 0
    for finding, file in _findings(check, [File(path, top=context.cwd) for path in paths], world):
        plain.write_all(1, finding.output)
        code = max(code, finding.exit_code)
        if finding.fixed is not None and file is not None:
            refused = write(file, finding.fixed, found_in.git_dir + b"/gitseq")
            plain.write_all(1, refused.output if refused is not None else b"")
            code = max(code, 1)
    return code


def _check(name: str, words: "list[str]") -> "tuple[Check, list[str]]":
    """The hook with its arguments, and the files. Raises ConfigError."""
    if "--" in words:
        at = words.index("--")
        return registry.load(name, words[:at]), words[at + 1 :]
    at = _options_end(registry.load(name, []), words)
    return registry.load(name, words[:at]), words[at:]


def _options_end(check: "Check", words: "Sequence[str]") -> int:
    known = {flag: option for option in check.options for flag in option.flags}
    at = 0
    while at < len(words) and words[at].startswith("-"):
        flag, equals, _value = words[at].partition("=")
        takes_next = flag in known and known[flag].const is None and not equals
        at += 2 if takes_next else 1
    return at


def _findings(check: "Check", files: "list[File]", world: Context) -> "Iterator[tuple[Finding, File | None]]":
    verdict = check.begin(world)
    if verdict is not None:
        yield verdict, None
        return
    if isinstance(check, PerFile):
        for file in files:
            yield check.check_file(file), file
    elif isinstance(check, Whole):
        yield check.check(files, world), None
    yield check.end(world), None


def _git(env: "Env", folder: bytes) -> "Git":
    def git(arguments: "Sequence[bytes]", stdin: bytes = b"") -> bytes:
        return call.output(list(arguments), env, folder, stdin)

    return git
