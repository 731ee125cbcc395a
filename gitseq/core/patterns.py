"""Regular expressions on the hot path, without importing `re` (11 ms, and 0.2 ms for each pattern compiled).

`re.compile` turns a pattern into a list of numbers and hands that to `_sre.compile`. The list is made when the
plan is compiled and kept in it; at run time only the second half is left. The numbers mean the same only to the
same `_sre.MAGIC`, which is part of the compiled plan's key; `_sre.compile` checks them once more, and whatever it
does not like is compiled from the pattern's text instead.
"""

import _sre

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from re import Pattern

    Code = tuple[int, list[int], int]
    """Flags, code, number of groups. The names of groups are left out: only found or not found is asked."""
    Codes = dict[str, Code]

MAGIC: int = _sre.MAGIC
"""Changes when the numbers in a `Code` get another meaning."""

ALWAYS, NEVER = "", "^$"
"""The defaults of `files` and `exclude`: the first matches every name, the second none that a file can have."""


def precompile(pattern: str) -> "Code":
    """The numbers behind a pattern. Raises ValueError with the reason (and where) when it is no valid pattern."""
    import re
    import warnings

    try:
        from re import _compiler, _parser  # type: ignore[attr-defined]
    except ImportError:  # pragma: no cover - the names that Python 3.10 has; a newer one measures
        import sre_compile as _compiler
        import sre_parse as _parser

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a FutureWarning about `[[` is no reason to refuse
            parsed = _parser.parse(pattern, 0)
            code = _compiler._code(parsed, 0)
    except re.error as error:
        raise ValueError(str(error)) from None
    except (RecursionError, OverflowError, MemoryError) as error:
        raise ValueError(f"too large or too deep ({type(error).__name__})") from None
    return int(parsed.state.flags), [int(word) for word in code], parsed.state.groups - 1


def searcher(pattern: str, codes: "Codes | None" = None) -> "Callable[[str], object]":
    """A function that answers, as `re.search(pattern, name)` would, by a value to be used as a truth.

    A name is text: bytes that are not UTF-8 come as surrogates (`surrogateescape`), as they do in pre-commit.
    """
    if pattern == ALWAYS:
        return _always
    if pattern == NEVER:
        return _is_empty_line
    search: Callable[[str], object] = _compiled(pattern, codes).search
    return search


def _always(_name: str) -> bool:
    return True


def _is_empty_line(name: str) -> bool:
    """`$` also matches before a newline that ends the name."""
    return name in ("", "\n")


def _compiled(pattern: str, codes: "Codes | None") -> "Pattern[str]":
    code = codes.get(pattern) if codes else None
    if code is not None:
        try:
            flags, words, groups = code
            built: Pattern[str] = _sre.compile(pattern, flags, words, groups, {}, (None,) * (groups + 1))
            return built
        except Exception:  # noqa: BLE001, S110 - a private interface: on any surprise the public one answers
            pass
    import re

    return re.compile(pattern)
