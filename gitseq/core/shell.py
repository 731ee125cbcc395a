"""Paths and other values as words of a POSIX shell."""

_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"


def word(value: bytes) -> bytes:
    """One word, whatever its bytes: for scripts, which a machine reads."""
    return b"'" + value.replace(b"'", b"'\\''") + b"'"


def typed(path: bytes) -> str:
    """One word as a person would type it; what no terminal shows is escaped the way bash, zsh and ksh read back."""
    if path and not path.strip(_SAFE):
        return path.decode("ascii")
    try:
        shown = path.decode("utf-8")
    except UnicodeDecodeError:
        shown = ""
    if shown.isprintable() and shown:
        return "'" + shown.replace("'", "'\\''") + "'"
    return "$'" + "".join(_escaped(byte) for byte in path) + "'"


def _escaped(byte: int) -> str:
    char = chr(byte)
    if char in "\\'":
        return "\\" + char
    return char if 32 <= byte < 127 else f"\\x{byte:02x}"
