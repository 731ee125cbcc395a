"""Extended attributes and ACLs of files, as a user sets them."""

import errno
import os
import struct
from pathlib import Path

import pytest

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
_OWNER, _USER, _GROUP, _MASK, _OTHER = 1, 2, 4, 16, 32


def acl(user: int, mode: int) -> bytes:
    """An ACL that lets one more user do what the group may (acl(5); bytes as in <linux/posix_acl_xattr.h>)."""
    owner, group, others = mode >> 6 & 7, mode >> 3 & 7, mode & 7
    entries = ((_OWNER, owner, -1), (_USER, group, user), (_GROUP, group, -1), (_MASK, group, -1), (_OTHER, others, -1))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def put(path: Path, values: "dict[str, bytes]") -> None:
    """Set attributes; skips the test where the file system has none."""
    for name, value in values.items():
        _put(path, name, value)


def _put(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except (OSError, AttributeError) as error:
        if getattr(error, "errno", errno.ENOTSUP) != errno.ENOTSUP:
            raise
        pytest.skip(f"no {name} here")


def of(path: Path) -> "dict[str, bytes]":
    """All attributes but the labels that the system gives by itself."""
    return {name: os.getxattr(path, name) for name in os.listxattr(path) if not name.startswith("security.")}
