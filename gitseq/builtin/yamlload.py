"""ruamel.yaml, kept from being blown up."""

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode

__all__ = ["YAMLError", "loader"]

MOST_MERGED = 100_000
"""Pairs that the merge keys (`<<`) of one file may copy: a dozen lines that merge each other make billions."""


def loader() -> YAML:
    """A loader of plain data, in Python alone: the one in C has no protection against deep nesting."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Bounded
    return yaml


class _Bounded(SafeConstructor):
    """Builds plain data as its parent does, and counts what merge keys copy before they do."""

    def __init__(self, *settings: Any, **named: Any) -> None:
        super().__init__(*settings, **named)
        self._merged = 0

    def flatten_mapping(self, node: Any) -> Any:
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for source in _sources(value):
                    self.flatten_mapping(source)
                    self._merged += len(source.value)
                    if self._merged > MOST_MERGED:
                        raise YAMLError(f"merge keys copy more than {MOST_MERGED:,} pairs, too many to be checked")
        return super().flatten_mapping(node)


def _sources(value: Any) -> "list[MappingNode]":
    nodes = value.value if isinstance(value, SequenceNode) else [value]
    return [node for node in nodes if isinstance(node, MappingNode)]
