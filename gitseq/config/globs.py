"""Globs become regular expressions when the plan is compiled, so that only regular expressions are left at run time.

`*` and `?` stop at '/', `**` does not, `{a,b}` and `[a-z]` work, names that start with a dot match like any other.
A pattern is held against the whole path from the top of the work tree: `*.py` is files at the top, `**/*.py` all.
"""

_OPENING = "(?#globs: "


def to_regex(globs: "tuple[str, ...]") -> str:
    """A pattern for `re.search` that matches what one of the globs matches. Raises ValueError when it cannot be one."""
    from wcmatch import glob

    flags = glob.GLOBSTAR | glob.BRACE | glob.DOTGLOB | glob.FORCEUNIX
    alternatives: "list[str]" = []
    for pattern in globs:
        _refuse_what_never_matches(pattern)
        try:
            translated, _excluded = glob.translate(pattern, flags=flags)
        except Exception as error:  # noqa: BLE001 - wcmatch raises classes of its own for too many braces
            raise ValueError(str(error) or "not a glob") from None
        alternatives += translated
    return rf"{_comment(globs)}\A(?:{'|'.join(alternatives)})\Z"


def as_written(pattern: str) -> str:
    """A pattern as its author wrote it: the globs it was made from, or itself."""
    return pattern[len(_OPENING) : pattern.index(")")] if pattern.startswith(_OPENING) else pattern


def _comment(globs: "tuple[str, ...]") -> str:
    """The pattern carries its globs along, for people, unless they would end or escape the comment."""
    text = ", ".join(globs)
    return "" if ")" in text or "\\" in text else f"{_OPENING}{text})"


def _refuse_what_never_matches(pattern: str) -> None:
    if not pattern:
        raise ValueError("an empty glob matches nothing")
    if pattern.startswith(("/", "./")):
        raise ValueError("paths start at the top of the work tree, without `/` or `./`")
    if pattern.endswith("/"):
        raise ValueError(f"a folder is no file; for all files in it write `{pattern}**`")
    if ".." in pattern.split("/"):
        raise ValueError("`..` leads out of the work tree")
    for opening, closing in ("[]", "{}"):
        if _unescaped(pattern, opening) and not _unescaped(pattern, closing):
            raise ValueError(f"`{opening}` is never closed; to mean the character itself write `\\{opening}`")


def _unescaped(pattern: str, mark: str) -> bool:
    return mark in pattern.replace("\\\\", "").replace("\\" + mark, "")
