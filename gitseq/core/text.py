"""The lines a run shows, in the shape people know from pre-commit. Values in, text out."""

from gitseq.model import Hook, Verdict

_NO_FILES = "(no files to check)"
_LEAST_COLUMNS = 80
_GREEN, _RED, _YELLOW, _TURQUOISE, _SUBTLE, _END = "42", "41", "43;30", "46;30", "2", "\033[m"
_WORDS = {"passed": "Passed", "failed": "Failed", "skipped": "Skipped"}


def width(text: str) -> int:
    """Terminal columns a text takes: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    import unicodedata  # only now: no hook with an ASCII name pays for it

    return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text)


def columns(hooks: "tuple[Hook, ...]") -> int:
    """How wide the lines of a run are: 80, or what the longest name needs."""
    longest = max((width(hook.name) for hook in hooks), default=0)  # "Passed (cached)" is shorter than what is added
    return max(longest + 3 + len(_NO_FILES) + 1 + len("Skipped"), _LEAST_COLUMNS)


def heading(project: str) -> str:
    """The line over the hooks of a project, as prek words it; the top is `.`."""
    return f"Running hooks for `{printable(project.encode('utf-8', 'surrogateescape')) or '.'}`:"


def start(name: str, cols: int) -> str:
    """The part of a line that is shown while the hook runs: `name.......`."""
    return name + "." * (cols - width(name) - len("Passed") - 1)


def ending(verdict: Verdict, colour: bool) -> str:
    """The word that completes a line begun with `start`."""
    code = {"passed": _GREEN, "failed": _RED}.get(verdict.status, _YELLOW)
    return paint(_WORDS[verdict.status], code, colour)


def skipped(verdict: Verdict, cols: int, colour: bool) -> str:
    """The whole line of a hook that was not started; the reason stands in brackets before the word."""
    postfix = f"({verdict.reason})" if verdict.reason else ""
    name = verdict.hook.name
    dots = "." * (cols - width(name) - width(postfix) - len("Skipped") - 1)
    return name + dots + postfix + paint("Skipped", _TURQUOISE if postfix else _YELLOW, colour)


def passed_before(verdict: Verdict, cols: int, colour: bool) -> str:
    """The whole line of a hook that was not started, because it has passed all of its files before."""
    name, word = verdict.hook.name, "Passed (cached)"
    return name + "." * (cols - width(name) - len(word) - 1) + paint(word, _GREEN, colour)


def details(verdict: Verdict, verbose: bool, colour: bool) -> "list[str]":
    """The lines under a failed hook, or under any in verbose mode."""
    notes = [paint(f"- {note}", _SUBTLE, colour) for note in verdict.notes]
    if 0 < verdict.cached < verdict.files:
        checked = verdict.files - verdict.cached
        notes.insert(0, paint(f"- {checked:,} of {verdict.files:,} files checked", _SUBTLE, colour))
    if verdict.status == "skipped" or verdict.from_ledger or not (verdict.failed or verbose or verdict.hook.verbose):
        return notes
    lines = [f"- hook id: {verdict.hook.label}"]
    if verbose or verdict.hook.verbose:
        lines.append(f"- duration: {round(verdict.duration, 2) or 0}s")
    if verdict.exit_code:
        lines.append(f"- exit code: {verdict.exit_code}")
    if verdict.modified:
        lines.append("- files were modified by this hook")
        lines += [f"    {printable(path)}" for path in verdict.modified[:10]]
        if len(verdict.modified) > 10:
            lines.append(f"    and {len(verdict.modified) - 10} more")
    lines += [f"- {reason}" for reason in verdict.reasons]
    return [paint(line, _SUBTLE, colour) for line in lines] + notes


def waits_for_memory(hook: Hook, free: int) -> str:
    """Why a hook does not start yet."""
    from gitseq.core import units  # rare

    need = units.format_size(hook.min_free_memory)
    wait = units.format_duration(hook.memory_wait)
    return f"{hook.name} waits for memory: {units.format_size(free)} free, {need} wanted; starts after {wait} anyway"


def shortened(words: str, room: int) -> str:
    """At most `room` columns of a text, with its end left out where it is longer."""
    if width(words) <= room:
        return words
    kept = words[: max(room - 3, 0)]
    while kept and width(kept) > room - 3:
        kept = kept[:-1]
    return kept + "..."


def counted(number: int, one: str, more: str = "") -> str:
    """`1 file`, `2 files`; `more` where an s does not make the plural."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def notice(level: str, text: str, colour: bool) -> str:
    """`[INFO] text`, as pre-commit marks what is not a hook's line."""
    code = {"error": _RED, "warning": _YELLOW}.get(level, _SUBTLE)
    return paint(f"[{level.upper()}]", code, colour) + " " + text


def paint(text: str, code: str, colour: bool) -> str:
    """Wrap a text in an SGR colour."""
    return f"\033[{code}m{text}{_END}" if colour else text


def printable(name: bytes) -> str:
    """A file name as one line of a terminal: control characters and bytes that are not UTF-8 are escaped."""
    text = name.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
