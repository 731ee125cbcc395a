"""Which settings make a tool start many workers at a time. Words in, the telling part out, or ''."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def pytest_workers(words: "Iterable[str]") -> str:
    """`-n 4`, `-nauto`, `--numprocesses=8` of pytest-xdist among options; '' for none, or for `-n 0` at the end."""
    found = ""
    words = list(words)
    for index, word in enumerate(words):
        option, value = _option(word, words[index + 1 : index + 2])
        if option:
            found = f"{option} {value}" if value not in ("", "0") else ""
    return found


def _option(word: str, rest: "list[str]") -> "tuple[str, str]":
    for name in ("--numprocesses", "-n"):
        if word == name:
            return name, rest[0] if rest else ""
        value = word[len(name) :].removeprefix("=")
        if word.startswith(name + "=") or (name == "-n" and word.startswith(name) and _is_count(value)):
            return name, value
    return "", ""


def _is_count(value: str) -> bool:
    return value.isdigit() or value in ("auto", "logical")


def make_jobs(words: "Iterable[str]") -> str:
    """`-j8`, `--jobs=4`, or a first word of MAKEFLAGS such as `kj8`; '' for none, or for one job."""
    words = list(words)
    for index, word in enumerate(words):
        value = None
        for name in ("--jobs", "-j"):
            if word.startswith(name):
                value = word[len(name) :].removeprefix("=")
                break
        else:
            if index == 0 and "=" not in word and not word.startswith("-") and "j" in word:
                value = word.partition("j")[2]
        if value == "" and index + 1 < len(words) and words[index + 1].isdigit():
            value = words[index + 1]
        if value is not None and value != "1":
            return word
    return ""


def makefile_jobs(text: str) -> str:
    """The line of a makefile that puts `-j` into MAKEFLAGS; '' for none."""
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.removeprefix("export").strip(" \t:+?") == "MAKEFLAGS" and make_jobs(value.split()):
            return line.strip()
    return ""


def is_limited(tool: str, words: "Iterable[str]") -> bool:
    """Whether `cargo` or `jest`, which take all processors unless told otherwise, are told otherwise."""
    limits = {
        "cargo": ("-j", "--jobs", "--test-threads"),
        "jest": ("-i", "--runInBand", "-w", "--maxWorkers"),
    }[tool]
    return any(word == limit or word.startswith((limit + "=", limit + "1")) for word in words for limit in limits)
