"""Splitting a list of files into calls that the kernel accepts (execve(2), "Limits on size of arguments")."""

POINTER = 8
HEADROOM = 2048
"""POSIX asks xargs to leave this much to the environment a program adds to; shebang lines use it, too."""


def environment_size(env: "dict[bytes, bytes]") -> int:
    """Bytes an environment takes of the kernel's argument space."""
    return sum(map(len, env)) + sum(map(len, env.values())) + len(env) * (2 + POINTER)


def split(command: "list[bytes]", files: "list[bytes]", space: int, most: int) -> "list[list[bytes]]":
    """The argument lists that hand all `files` to `command`, in order.

    `space` is the room for arguments and pointers in bytes (the environment already taken off); `most` limits the
    files of one call, -1 does not. No files: one call without any. A file too long for any call gets one of its
    own, where the kernel will say so.
    """
    if not files:
        return [list(command)]
    fixed = sum(len(part) + 1 + POINTER for part in command)
    calls: list[list[bytes]] = []
    used = space + 1
    for name in files:
        need = len(name) + 1 + POINTER
        if used + need > space or (most > 0 and len(calls[-1]) - len(command) >= most):
            calls.append(list(command))
            used = fixed
        calls[-1].append(name)
        used += need
    return calls
