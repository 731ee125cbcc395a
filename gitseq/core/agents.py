"""The section that tells coding agents how to work in a repository with gitseq, and its place in a file of theirs."""

BEGIN, END = b"<!-- gitseq: begin -->", b"<!-- gitseq: end -->"

FILES = (b"AGENTS.md", b"CLAUDE.md")
"""At the top of the work tree; where there is none, the first is made."""

_SECTION = b"""\
## Commits, tests and builds take turns (gitseq)

In this repository hooks and heavy commands run one at a time, across all work trees, terminals and agents.

- Commit with `gitseq exec -- git commit -m "..."`: it waits for its turn before git looks at what is staged.
- Run tests and builds with `gitseq exec -- COMMAND`; the exit code is the command's own.
- Waiting is normal. The message names who holds the turn, doing what, and your position; `gitseq status` shows the
  queue. Do not start the command a second time and do not end the holder. To give up by yourself:
  `gitseq exec --wait 10m -- COMMAND` (exit code 75: your turn did not come, try again later).
- When a commit is refused, read the lines that begin with `gitseq:` and the output of the hook that failed; the last
  line is what to type next. 1: a hook said no, or changed files - look at `git diff`, fix, `git add`, commit again.
  3: a lock, unmerged paths, or HEAD or the index moved meanwhile - look at `git status`, then the same command again.
- Never pass `--no-verify`, and never set `GITSEQ=0`, `SKIP` or `GITSEQ_SKIP` to get a commit through.
- Never remove `index.lock` or anything below `.git/gitseq`; do not kill processes of other runs.
- Unstaged changes may be out of sight while hooks run; they come back. After a crash: `gitseq recover`.
"""


class Unbalanced(Exception):
    """One of the two markers stands alone."""


def with_section(text: bytes) -> bytes:
    """A file with the section as it is now: in its place when there is one already, else at the end.

    Raises Unbalanced rather than guess where a section ends.
    """
    before, found, after = _split(text)
    if found:
        return before + _block(_newline(found)) + after
    newline = _newline(text)
    if not text:
        return _block(newline)
    gap = b"" if text.endswith(newline * 2) else newline if text.endswith(newline) else newline * 2
    return text + gap + _block(newline)


def without_section(text: bytes) -> bytes:
    """A file without the section, and without the empty line that was put before it. Raises Unbalanced."""
    before, found, after = _split(text)
    if not found:
        return text
    newline = _newline(text)
    if before.endswith(newline * 2) and (not after or after.startswith(newline)):
        before = before[: -len(newline)]
    return before + after


def _block(newline: bytes) -> bytes:
    return (BEGIN + b"\n" + _SECTION + END + b"\n").replace(b"\n", newline)


def _newline(text: bytes) -> bytes:
    """How the first line of a file ends."""
    return b"\r\n" if text.partition(b"\n")[0].endswith(b"\r") and b"\n" in text else b"\n"


def _split(text: bytes) -> "tuple[bytes, bytes, bytes]":
    """What is before the section, the section with its markers and line end, and what is after it."""
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 and end < 0:
        return text, b"", b""
    if begin < 0 or end < begin or text.count(BEGIN) > 1 or text.count(END) > 1:
        raise Unbalanced
    end += len(END)
    if text[end : end + 2] == b"\r\n":
        end += 2
    elif text[end : end + 1] == b"\n":
        end += 1
    return text[:begin], text[begin:end], text[end:]
