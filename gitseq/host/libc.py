"""The C library that we run in, for the few calls that Python does not make.

`_ctypes` is called without `ctypes`, which takes 9 ms to import instead of 0.5.
"""

_addresses: "dict[str, int]" = {}


def address(name: str) -> int:
    """Of one of its functions; 0 where there is none, or no `_ctypes` to call it."""
    found = _addresses.get(name)
    if found is None:
        found = _addresses[name] = _look_up(name)
    return found


def call(name: str, *arguments: "int | bytes | None") -> "int | None":
    """What the function answers, as a C int; None where there is no such function.

    Only for functions whose arguments are pointers, or fit an int.
    """
    function = address(name)
    if not function:
        return None
    import _ctypes

    return int(_ctypes.call_function(function, arguments))


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed(most: int, largest: int) -> None:
    """Pieces of up to `largest` bytes that are freed wait for their next use, up to `most` bytes in all.

    mallopt(3). Without it each portion of files is read into memory that the kernel has to clear and map first.
    """
    call("mallopt", _M_TRIM_THRESHOLD, most)
    call("mallopt", _M_MMAP_THRESHOLD, largest)


def _look_up(name: str) -> int:
    try:
        import _ctypes

        return int(_ctypes.dlsym(_ctypes.dlopen(None, 0), name))  # type: ignore[arg-type]
    except (ImportError, AttributeError, OSError):
        return 0
