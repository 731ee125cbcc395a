"""Git's trees and commits as bytes, so that whoever stores objects (libgit2, or git) stores the same ones."""

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import hashlib
    from collections.abc import Callable

_FOLDER = 0o040000
_SHA256 = 64


class Leaf(Record):
    """What lies at one path of a tree."""

    mode: int
    oid: bytes
    """In hex."""


def hasher(name_length: int) -> "Callable[[bytes], hashlib._Hash]":
    """The hash of a repository in which an object's name has so many hex digits.

    The bare modules load in no time; `hashlib` loads OpenSSL.
    """
    try:
        if name_length != _SHA256:
            from _sha1 import sha1

            return sha1  # type: ignore[no-any-return]
        from _sha2 import sha256  # Python 3.12 or newer

        return sha256  # type: ignore[no-any-return]  # pragma: no cover - older ones have it in hashlib only
    except ImportError:
        import hashlib

        return hashlib.sha256 if name_length == _SHA256 else hashlib.sha1


def tree(entries: "dict[bytes, Leaf]") -> bytes:
    """One folder as git stores it: sorted as if the names of folders ended in a slash, object names in binary."""

    def key(name: bytes) -> bytes:
        return name + b"/" if entries[name].mode == _FOLDER else name

    return b"".join(
        b"%o %s\0%s" % (entries[name].mode, name, bytes.fromhex(entries[name].oid.decode()))
        for name in sorted(entries, key=key)
    )


def folder(oid: bytes) -> Leaf:
    """The entry of a folder."""
    return Leaf(_FOLDER, oid)


def commit(tree_oid: bytes, message: bytes, seconds: int) -> bytes:
    """A commit without parents, by nobody in particular: a name is not always known, and none is needed."""
    who = b"gitseq <gitseq@localhost> %d +0000" % seconds
    return b"tree %s\nauthor %s\ncommitter %s\n\n%s\n" % (tree_oid, who, who, message)


def shelves(paths: "list[bytes]") -> "list[int]":
    """For each path the first tree it fits in: no two at one path, none below another.

    A path may have been written twice during a run, or as a file and then as a folder.
    """
    taken: list[set[bytes]] = []
    numbers = []
    for path in paths:
        number = next((n for n, shelf in enumerate(taken) if _fits(path, shelf)), len(taken))
        if number == len(taken):
            taken.append(set())
        taken[number].add(path)
        numbers.append(number)
    return numbers


def _fits(path: bytes, shelf: "set[bytes]") -> bool:
    below = path + b"/"
    return not any(path == other or other.startswith(below) or path.startswith(other + b"/") for other in shelf)
