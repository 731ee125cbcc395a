"""The comments of a YAML text, each given to the thing it stands at. PyYAML drops them.

A comment on a line of its own belongs to what begins next, one at the end of a line to what stands on that line.
"""

from bisect import bisect_left, bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import yaml

    from gitseq.config.lines import Path


class Comments:
    """Hands out each comment once; what nobody asked for is asked for at the end."""

    def __init__(self, text: str, root: "yaml.Node") -> None:
        starts = sorted(_anchors(root, ()), key=lambda found: found[0])
        self._above: "dict[Path, list[str]]" = {}
        self._beside: "dict[Path, list[str]]" = {}
        lines = [line for line, _path in starts]
        for line, alone, comment in _found(text, root):
            if alone:
                at = bisect_left(lines, line)
                path = starts[at][1] if at < len(starts) else ()
                self._above.setdefault(path, []).append(comment)
            else:
                at = bisect_right(lines, line) - 1
                first = bisect_left(lines, lines[at]) if at >= 0 else 0
                same = [path for _line, path in starts[first : at + 1]]
                self._beside.setdefault(max(same, key=len) if same else (), []).append(comment)

    def above(self, *path: "str | int") -> "tuple[str, ...]":
        """The lines before a thing."""
        return tuple(self._above.pop(path, ()))

    def beside(self, *path: "str | int") -> str:
        """What stands at the end of its line, or of a line inside of it."""
        inside = [known for known in self._beside if known[: len(path)] == path]
        return "; ".join(comment for known in inside for comment in self._beside.pop(known))

    def within(self, *path: "str | int") -> "tuple[str, ...]":
        """All that is left at a thing and inside of it."""
        taken = []
        for comments in (self._above, self._beside):
            for known in [known for known in comments if known[: len(path)] == path]:
                taken += comments.pop(known)
        return tuple(taken)


def _anchors(node: "Any", path: "Path") -> "list[tuple[int, Path]]":
    """The line on which each key and element begins."""
    found: "list[tuple[int, Path]]" = []
    if node.id == "mapping":
        for key, value in node.value:
            found.append((key.start_mark.line, (*path, key.value)))
            found += _anchors(value, (*path, key.value))
    elif node.id == "sequence":
        for index, value in enumerate(node.value):
            found.append((value.start_mark.line, (*path, index)))
            found += _anchors(value, (*path, index))
    # the first key of an element shares its line; comments before it mean the element
    return found


def _scalars(node: "Any") -> "list[tuple[int, int]]":
    if node.id == "scalar":
        return [(node.start_mark.index, node.end_mark.index)]
    children = [child for pair in node.value for child in pair] if node.id == "mapping" else node.value
    return [span for child in children for span in _scalars(child)]


def _found(text: str, root: "yaml.Node") -> "list[tuple[int, bool, str]]":
    """(line, alone on it, text) of each comment: a `#` after nothing or a space, outside of every scalar."""
    spans = sorted(_scalars(root))
    begins = [begin for begin, _end in spans]
    found, offset = [], 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        for column, char in enumerate(line):
            if char != "#" or (column and not line[column - 1].isspace()):
                continue
            at = bisect_right(begins, offset + column) - 1
            if at >= 0 and offset + column < spans[at][1]:
                continue
            found.append((number, not line[:column].strip(), line[column + 1 :].rstrip().removeprefix(" ")))
            break
        offset += len(line)
    return found
