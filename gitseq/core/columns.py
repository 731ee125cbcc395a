"""Rows of text in columns, as wide as they need to be and no wider than there is room."""

from gitseq.core.text import shortened, width

GAP = 2
_LEAST = 8


def aligned(rows: "list[tuple[str, ...]]", room: int, right: "frozenset[int]" = frozenset()) -> "list[str]":
    """One line a row; columns that hold nothing but their heading (the first row) are left out.

    Where it gets too wide the widest columns are shortened first. `right` are the columns of numbers.
    """
    if not rows:
        return []
    used = [n for n in range(len(rows[0])) if any(row[n] for row in rows[1:])] or [0]
    widths = fitted([max(width(row[n]) for row in rows) for n in used], room)
    return [_line(row, used, widths, right) for row in rows]


def fitted(widths: "list[int]", room: int) -> "list[int]":
    """The widths of columns, the widest of them narrowed until all fit."""
    widths = list(widths)
    while sum(widths) + GAP * (len(widths) - 1) > room:
        widest = max(range(len(widths)), key=widths.__getitem__)
        if widths[widest] <= _LEAST:
            break
        widths[widest] -= 1
    return widths


def _line(row: "tuple[str, ...]", used: "list[int]", widths: "list[int]", right: "frozenset[int]") -> str:
    cells = []
    for n, room in zip(used, widths, strict=True):
        cell = shortened(row[n], room)
        space = " " * (room - width(cell))
        cells.append(space + cell if n in right else cell + space)
    return (" " * GAP).join(cells).rstrip()
