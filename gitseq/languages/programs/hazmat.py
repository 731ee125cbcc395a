"""What `pre-commit hazmat` in front of a hook's command does; the file names follow the command, behind a last `--`.

cd FOLDER COMMAND... -- FILE...        run it in a folder, with the files named relative to it
n1 COMMAND... -- FILE...               run it once for each file
ignore-exit-code COMMAND...            run it, and pass
"""

import os
import sys

from gitseq.host import env as host_env
from gitseq.host import procs

_EXECUTABLE_IS_NOWHERE = 1


def main() -> None:
    """The program; exits."""
    words = [os.fsencode(word) for word in sys.argv[1:]]
    tool, words = (words[0].decode("utf-8", "replace"), words[1:]) if words else ("", [])
    if tool == "cd" and words:
        raise SystemExit(_cd(words[0], words[1:]))
    if tool == "n1":
        command, files = split(words)
        raise SystemExit(_worst([_call([*command, name], b".") for name in files]))
    if tool == "ignore-exit-code":
        _call(words, b".")
        raise SystemExit(0)
    raise SystemExit(f"hazmat: unknown tool `{tool}`; known are cd, n1, ignore-exit-code")


def split(words: "list[bytes]") -> "tuple[list[bytes], list[bytes]]":
    """(command, files): what stands before and behind the last `--`. SystemExit when there is none."""
    if b"--" not in words:
        raise SystemExit("hazmat entry must end with `--`")
    place = len(words) - 1 - words[::-1].index(b"--")
    return words[:place], words[place + 1 :]


def below(folder: bytes, files: "list[bytes]") -> "list[bytes]":
    """Files named relative to a folder. SystemExit for one that does not lie in it."""
    prefix = folder + b"/"
    for name in files:
        if not name.startswith(prefix):
            raise SystemExit(f"unexpected file outside of {os.fsdecode(prefix)}: {os.fsdecode(name)}")
    return [name[len(prefix) :] for name in files]


def _cd(folder: bytes, words: "list[bytes]") -> int:
    command, files = split(words)
    if not os.path.isdir(folder):
        raise SystemExit(f"hazmat cd: {os.fsdecode(folder)} is no folder")
    return _call([*command, *below(folder, files)], folder)


def _call(argv: "list[bytes]", folder: bytes) -> int:
    """Run a command to its end; its exit code, 128+n when a signal ended it."""
    if not argv:
        raise SystemExit("hazmat: names no command")
    env = host_env.snapshot()
    found = procs.find_executable(argv[0], env.get(b"PATH", os.defpath.encode()), os.path.abspath(folder))
    if found is None:
        print(f"Executable `{os.fsdecode(argv[0])}` not found", flush=True)  # noqa: T201 - a program of its own
        return _EXECUTABLE_IS_NOWHERE
    try:
        pid = procs.spawn(procs.Program(found, argv, env, folder), procs.Streams(0, 1, 2), own_group=False)
    except OSError as error:
        print(f"{os.fsdecode(argv[0])}: {error.strerror}", flush=True)  # noqa: T201
        return _EXECUTABLE_IS_NOWHERE
    _pid, status = os.waitpid(pid, 0)
    return procs.exit_of(status)[0]


def _worst(codes: "list[int]") -> int:
    worst = 0
    for code in codes:
        worst |= code
    return worst
