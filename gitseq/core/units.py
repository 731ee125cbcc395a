"""Durations and sizes as people write them: `1h30m`, `250ms`, `4GiB`."""

FOREVER = float("inf")
"""A patience without end; adding it to a clock gives a moment that never comes."""

_DURATIONS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SIZES = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_LARGEST = 10**18
"""Beyond this a number is a mistake, and would not fit the counters of the kernel."""
_SECOND, _MINUTE = 1.0, 60.0
_KIBI = 1024
_SMALL = 10
"""Numbers below this are shown with one decimal."""
_PAIRS = (
    ("m", "s", 60, 1, 3600),
    ("h", "m", 3600, 60, 86400),
    ("d", "h", 86400, 3600, FOREVER),
)
"""Two units side by side, their seconds, and where the next pair begins."""


def parse_duration(text: str, *, forever: bool = False) -> float:
    """Seconds in a duration such as `10m`, `1h30m` or `250ms`; `forever` gives infinity where it is allowed.

    Units go from large to small, each at most once. Raises ValueError that says what is expected.
    """
    if text.strip() == "forever":
        if not forever:
            raise ValueError("`forever` is not possible here; write a duration such as `10m`")
        return FOREVER
    seconds = 0.0
    smaller_than = float("inf")
    for number, unit in _quantities(text, 'a duration such as "10m", "1h30m" or "250ms"'):
        scale = _DURATIONS.get(unit)
        if scale is None:
            raise ValueError(_unit_problem(text, unit, _DURATIONS))
        if scale >= smaller_than:
            raise ValueError(f"{text!r}: units go from large to small, each once, as in `1h30m`")
        smaller_than = scale
        seconds += number * scale
    return seconds


def parse_size(text: str) -> int:
    """Bytes in a size such as `4GiB` (powers of 1024) or `1GB` (powers of 1000).

    Raises ValueError that says what is expected.
    """
    quantities = _quantities(text, 'a size such as "4GiB", "512MiB" or "1GB"')
    if len(quantities) != 1:
        raise ValueError(f"{text!r}: a size is one number and one unit, as in `512MiB`")
    number, unit = quantities[0]
    scale = _SIZES.get(unit)
    if scale is None:
        raise ValueError(_unit_problem(text, unit, _SIZES))
    size = round(number * scale)
    if size > _LARGEST:
        raise ValueError(f"{text!r} is larger than any machine")
    return size


def _unit_problem(text: str, unit: str, known: "dict[str, float] | dict[str, int]") -> str:
    problem = f"{text!r} has no unit" if not unit else f"{text!r}: unknown unit {unit!r}"
    return f"{problem}; units are {', '.join(known)}"


def _quantities(text: str, expected: str) -> "list[tuple[float, str]]":
    """(number, unit) pairs in order; spaces may stand around both."""
    found = []
    rest = text.strip()
    while rest:
        digits = _leading(rest, "0123456789.")
        tail = rest[len(digits) :].lstrip()
        unit = _leading(tail, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        rest = tail[len(unit) :].lstrip()
        found.append((_number(digits, text, expected), unit))
    if not found:
        raise ValueError(f"{text!r} is not {expected}")
    return found


def _leading(text: str, alphabet: str) -> str:
    return text[: len(text) - len(text.lstrip(alphabet))]


def _number(digits: str, text: str, expected: str) -> float:
    if not digits[:1].isdigit() or not digits[-1:].isdigit() or digits.count(".") > 1:
        raise ValueError(f"{text!r} is not {expected}")
    number = float(digits)
    if number > _LARGEST:
        raise ValueError(f"{text!r} is too large")
    return number


def format_duration(seconds: float) -> str:
    """A duration as a person reads it: `250ms`, `5.3s`, `1m 5s`, `2h 3m`, `forever`."""
    if seconds == FOREVER:
        return "forever"
    if round(seconds, 3) < _SECOND:
        return f"{round(seconds * 1000)}ms" if seconds > 0 else "0s"
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    pair = next(pair for pair in _PAIRS if _rounded(seconds, pair) < pair[-1])
    large, small, scale, step, _end = pair
    count, rest = divmod(_rounded(seconds, pair), scale)
    return f"{count}{large} {rest // step}{small}" if rest else f"{count}{large}"


def _rounded(seconds: float, pair: "tuple[str, str, int, int, float]") -> int:
    return round(seconds / pair[3]) * pair[3]


def format_size(size: int) -> str:
    """A size as a person reads it, in powers of 1024: `12 B`, `1.5 GiB`, `270 MiB`."""
    units = ["TiB", "GiB", "MiB", "KiB", "B"]
    number = float(size)
    while round(number) >= _KIBI and len(units) > 1:
        number /= _KIBI
        units.pop()
    if units[-1] == "B" or round(number, 1) >= _SMALL:
        return f"{round(number)} {units[-1]}"
    return f"{number:.1f}".removesuffix(".0") + f" {units[-1]}"
