"""A YAML file as a document that knows its lines: `.pre-commit-config.yaml`, and the manifests it leads to."""

from gitseq.config.explain import Document, on_one_line, whole_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import yaml

    from gitseq.config.lines import Path

_DEEPEST = 50
"""Levels of nesting; a configuration has six, and libyaml's binding overflows the stack at some ten thousand."""


class YamlDocument(Document):
    """One parsed YAML file, and where in its text things are."""

    is_foreign = True

    def __init__(self, name: str, data: "Any", root: "yaml.Node") -> None:
        super().__init__(name, "", data)
        self._root = root

    @property
    def root(self) -> "yaml.Node":
        """What was parsed, with its places in the text."""
        return self._root

    def line(self, path: "Path") -> int:
        """The line of a key, or of the nearest thing around it that has one."""
        node, line = self._root, self._root.start_mark.line
        for part in path:
            found = _member(node, part)
            if found is None:
                break
            line, node = found
        return line + 1


def _member(node: "Any", part: "str | int") -> "tuple[int, yaml.Node] | None":
    """The line of a key or element (from 0) and its node; of a key given twice the last counts, as in its value."""
    if isinstance(part, int):
        inside = node.value if node.id == "sequence" else []
        return (inside[part].start_mark.line, inside[part]) if part < len(inside) else None
    pairs = node.value if node.id == "mapping" else []
    found = [(key.start_mark.line, value) for key, value in pairs if key.value == part]
    return found[-1] if found else None


def parse(text: str, shown: str) -> YamlDocument:
    """A file whose top is a map. ConfigError, with line and column, for all that is none."""
    data, root = load(text, shown)
    if not isinstance(data, dict) or root is None:
        raise whole_file(shown, f"must be a map with the key `repos`, not {kind_of(data)}", line=1)
    return YamlDocument(shown, data, root)


def load(text: str, shown: str) -> "tuple[Any, yaml.Node | None]":
    """What a YAML text holds, and its nodes. ConfigError for one that cannot be read.

    Values are what pre-commit's loader makes of them: YAML 1.1 by PyYAML, plain types only.
    """
    import yaml

    loader_type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_depth(text, shown)
        loader = loader_type(text)
        try:
            root = loader.get_single_node()
            return (loader.construct_document(root) if root is not None else None), root
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        reason = on_one_line(error.problem or error.context or "cannot be parsed")
        raise whole_file(shown, f"not valid YAML: {reason}", line=line, column=column) from None
    except (yaml.YAMLError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        # PyYAML's constructors let these out: a date of month 13, `!!int ""`, an unhashable key
        raise whole_file(shown, f"not valid YAML: {on_one_line(str(error))}") from None
    except RecursionError:
        raise whole_file(shown, "is nested too deeply") from None


def _refuse_depth(text: str, shown: str) -> None:
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise whole_file(shown, "is nested too deeply", line=_line_of(event))


def _line_of(event: "yaml.Event") -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


_KINDS = {"NoneType": "nothing", "str": "a string", "bool": "true or false", "int": "a whole number", "dict": "a map"}


def kind_of(value: object) -> str:
    """The type of a value in the words of a person who writes YAML."""
    words = {**_KINDS, "list": "a list", "float": "a decimal number", "date": "a date", "datetime": "a date and time"}
    name = type(value).__name__
    return words.get(name, name)
