"""What the hot path needs of `os.path`; see `light_os`. What is not plain is handed to `os.path` itself."""

import stat
from posix import getcwd, getcwdb, lstat
from posix import stat as follow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, AnyStr


def join(first: "AnyStr", *rest: "AnyStr") -> "AnyStr":
    """Paths put together; one that is absolute begins anew."""
    slash = _slash(first)
    for part in rest:
        if part.startswith(slash):
            first = part
        elif not first or first.endswith(slash):
            first += part
        else:
            first += slash + part
    return first


def split(path: "AnyStr") -> "tuple[AnyStr, AnyStr]":
    """The folder without its last slash (but for the root), and the name in it."""
    slash = _slash(path)
    at = path.rfind(slash) + 1
    folder = path[:at]
    return folder.rstrip(slash) or folder, path[at:]


def dirname(path: "AnyStr") -> "AnyStr":
    """The first half of `split`."""
    return split(path)[0]


def basename(path: "AnyStr") -> "AnyStr":
    """The second half of `split`."""
    return path[path.rfind(_slash(path)) + 1 :]


def isabs(path: "AnyStr") -> bool:
    """Whether it begins at the root."""
    return path.startswith(_slash(path))


def normpath(path: "AnyStr") -> "AnyStr":
    """Without empty and dotted parts."""
    return path if _is_plain(path) else _full("normpath")(path)


def abspath(path: "AnyStr") -> "AnyStr":
    """As seen from the root, without empty and dotted parts."""
    return normpath(_whole(path))


def realpath(path: "AnyStr") -> "AnyStr":
    """As seen from the root, without symbolic links."""
    folder = whole = _whole(path)
    is_plain = _is_plain(whole)
    while is_plain and folder != _slash(folder):
        is_plain = not islink(folder)
        folder = dirname(folder)
    return whole if is_plain else _full("realpath")(path)


def exists(path: "str | bytes") -> bool:
    """Whether there is something, at the end of links."""
    return _mode(path, follow) != 0


def lexists(path: "str | bytes") -> bool:
    """Whether there is something, a broken link included."""
    return _mode(path, lstat) != 0


def isfile(path: "str | bytes") -> bool:
    """Whether there is a regular file, at the end of links."""
    return stat.S_ISREG(_mode(path, follow))


def isdir(path: "str | bytes") -> bool:
    """Whether there is a folder, at the end of links."""
    return stat.S_ISDIR(_mode(path, follow))


def islink(path: "str | bytes") -> bool:
    """Whether there is a symbolic link."""
    return stat.S_ISLNK(_mode(path, lstat))


def _mode(path: "str | bytes", look: "Any") -> int:
    """The kind and rights of what is there; 0 when nothing is."""
    try:
        return int(look(path).st_mode)
    except (OSError, ValueError):  # ValueError: a NUL in it
        return 0


def _whole(path: "AnyStr") -> "AnyStr":
    return path if isabs(path) else join(getcwd() if isinstance(path, str) else getcwdb(), path)


def _is_plain(path: "AnyStr") -> bool:
    """Whether there are no empty and no dotted parts in it."""
    slash, dot = ("/", ".") if isinstance(path, str) else (b"/", b".")
    inside = (path if path.startswith(slash) else slash + path) + slash
    return not (slash + slash in inside or slash + dot + slash in inside or slash + dot + dot + slash in inside)


def _slash(path: "AnyStr") -> "AnyStr":
    return "/" if isinstance(path, str) else b"/"


def _full(name: str) -> "Any":
    return getattr(__import__("os").path, name)


def __getattr__(name: str) -> "Any":
    return _full(name)
