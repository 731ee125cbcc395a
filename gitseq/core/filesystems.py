"""File systems on which locks, times or modes are not what they seem. Values in, words out."""

TROUBLESOME = {
    "nfs": "locks are emulated: a waiter may be woken late, and a server that is gone stops everything",
    "cifs": "locks are emulated, and modes and symbolic links are not kept",
    "9p": "locks hold within one machine only, and files look changed when they are not",
    "drvfs": "locks and modes are Windows', and every file operation is slow",
    "sshfs": "locks hold within one machine only",
    "vboxsf": "there are no locks",
    "prl_fs": "locks hold within one machine only",
    "ceph": "locks may be taken away when the network fails",
    "lustre": "without the mount option `flock` there are no locks",
}
_SAME = {"nfs4": "nfs", "smb3": "cifs", "smbfs": "cifs", "fuse.sshfs": "sshfs", "fuse.drvfs": "drvfs", "v9fs": "9p"}


def type_of(table: bytes, path: bytes) -> str:
    """The type of the file system that an absolute path lies on, from /proc/self/mountinfo; '' when it is not told."""
    best, kind = b"", ""
    for line in table.splitlines():
        before, _dash, after = line.partition(b" - ")
        fields, behind = before.split(b" "), after.split(b" ")
        if len(fields) < 5 or len(behind) < 2:
            continue
        point = _unescaped(fields[4])
        inside = path == point or path.startswith(point.rstrip(b"/") + b"/")
        if inside and len(point) >= len(best):
            best, kind = point, _kind(behind)
    return kind


def _kind(behind: "list[bytes]") -> str:
    """WSL's drives are of type 9p, or drvfs before; only their options tell."""
    kind = behind[0].decode("ascii", "replace")
    return "drvfs" if kind == "9p" and any(b"drvfs" in part for part in behind[2:]) else _SAME.get(kind, kind)


def _unescaped(point: bytes) -> bytes:
    first, *rest = point.split(b"\\")
    return first + b"".join(bytes([int(part[:3], 8)]) + part[3:] for part in rest)


def trouble(kind: str) -> str:
    """What is known against a type of file system; '' when nothing is."""
    return TROUBLESOME.get(kind, "")
