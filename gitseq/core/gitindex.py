"""The stat of every tracked file, as git's index has noted it (gitformat-index(5)).

It is read only as far as it takes to see that nothing has changed, and only where that is plain; git is asked for all
else. Whatever is read wrongly fits no file, and so has git asked.
"""

MOST = 1000
"""Entries; of more, git looks at the files faster than we do (it does so in threads)."""
LARGEST = MOST << 8
"""Bytes of an index that is worth reading."""
WORD = (1 << 32) - 1
"""Inodes and sizes are noted modulo this plus one."""
_VERSIONS = (b"\0\0\0\2", b"\0\0\0\3")
_FIXED = 62
_LONG, _FLAGS = 0xFFF, 0xF000
_FILE, _LINK = 0o10, 0o12
_CHECKSUM = 20
_FINE = 1_000_000
"""Nanoseconds; a time that is a multiple of so many is of a file system that counts seconds (FAT, HFS+, sshfs)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    Noted = tuple[int, int, int, int]
    """Inode, size, mtime and ctime in ns."""


def noted(content: bytes, written: int, seen: int) -> "dict[bytes, Noted] | None":
    """Path -> what the index noted of its file. `written` is when the index itself was, in ns on the files' clock, and
    `seen` a moment before git last compared its entries with the files, by which that clock had ticked.

    None for an index that says it in another way (version 4, SHA-256, split, sparse), or too little of some entry:
    unmerged, a submodule, only intended, not to be looked at, or as young as the index. The stat of such a file may be
    that of a later write in the same tick of the clock; but git looks into it, and what is written after that has
    another time, where the clock is not too coarse to tell.
    """
    from _struct import Struct  # not needed before the first hook runs

    unpack = Struct(">10I20sH").unpack_from
    count, at, end = int.from_bytes(content[8:12], "big"), 12, len(content) - _CHECKSUM
    if content[:4] != b"DIRC" or content[4:8] not in _VERSIONS or count > MOST:
        return None
    found: "dict[bytes, Noted]" = {}
    try:
        for _entry in range(count):
            if at + _FIXED > end:
                return None
            changed, changed_ns, wrote, wrote_ns, _dev, inode, mode, _uid, _gid, size, _oid, flags = unpack(content, at)
            mtime = wrote * 1_000_000_000 + wrote_ns
            if flags & _FLAGS or mode >> 12 not in (_FILE, _LINK):
                return None
            if mtime >= written and (mtime >= seen or not mtime % _FINE):
                return None
            begin = at + _FIXED
            close = content.index(0, begin + (flags & _LONG))
            found[content[begin:close]] = inode, size, mtime, changed * 1_000_000_000 + changed_ns
            at += (close - at + 8) & ~7
    except ValueError:  # no end of a name
        return None
    return found if _ends_plainly(content, at, end) else None


def _ends_plainly(content: bytes, at: int, end: int) -> bool:
    """Whether what follows the entries, up to the checksum, are extensions that may be ignored: in capital letters."""
    while at < end and content[at : at + 1].isupper():
        at += 8 + int.from_bytes(content[at + 4 : at + 8], "big")
    return at == end
