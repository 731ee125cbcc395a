"""Example, reference and JSON schema say what the code says."""

import os
import re
from pathlib import Path

import msgspec
import pytest
import tomli

from gitseq.cli import init, schema
from gitseq.config.schema import Config, json_schema
from gitseq.model import Hook
from tests.support.configs import compiled

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "gitseq.toml.example").read_text()
REFERENCE = (ROOT / "docs" / "reference" / "configuration.md").read_text()


def tables() -> "dict[str, list[str]]":
    """Every table of the schema and its keys, as the JSON schema tells them."""
    return {name: list(table["properties"]) for name, table in json_schema()["$defs"].items()}


def paths(value: object, path: str = "") -> "set[str]":
    """Every key of a parsed file, without positions in arrays and without names people choose."""
    if isinstance(value, list):
        return set().union(*(paths(inner, path) for inner in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        found |= {here} | paths(inner, here)
    return found


def test_committed_schema_is_the_one_that_is_printed():
    assert (ROOT / "docs" / "reference" / "gitseq.schema.json").read_text() == schema.text(), (
        "the schema has changed: gitseq schema > docs/reference/gitseq.schema.json"
    )


def test_schema_knows_no_other_keys():
    assert all(table["additionalProperties"] is False for table in json_schema()["$defs"].values())


def test_example_is_a_configuration(tmp_path):
    (tmp_path / "gitseq.toml").write_text(EXAMPLE)
    manifest = "- id: ruff-format\n  name: ruff format\n  language: python\n  entry: ruff format\n"
    (tmp_path / ".pre-commit-hooks.yaml").write_text(manifest)
    hooks = compiled(tmp_path, fetch=lambda _url, _rev: os.fsencode(tmp_path)).hooks
    assert [hook.id for hook in hooks] == ["format", "no-fixup", "yamllint", "trailing-whitespace", "ruff-format"]


def test_every_key_of_the_schema_is_in_the_example():
    present = {path.rsplit(".", 1)[-1] for path in paths(tomli.loads(EXAMPLE))}
    missing = {f"{name}.{key}" for name, keys in tables().items() for key in keys if key not in present}
    assert not missing


def test_every_key_of_the_schema_is_in_the_reference():
    told = " ".join(re.findall(r"`[^`\n]+`", REFERENCE))
    missing = {f"{name}.{key}" for name, keys in tables().items() for key in keys if not re.search(rf"\b{key}\b", told)}
    assert not missing


def test_the_plan_holds_every_key_of_a_hook():
    renamed = {"run": "argv", "args": "argv", "git_env": "scrub_git_env", "additional_dependencies": "dependencies"}
    only_their_default = {"fixes", "daemons"}
    keys = set(tables()["HookTable"])
    assert {renamed.get(key, key) for key in keys - only_their_default} <= set(Hook._fields)


def test_schema_default_of_every_key_is_accepted_or_absent():
    for field in msgspec.structs.fields(Config):
        if field.default is not msgspec.NODEFAULT:
            msgspec.convert(field.default, field.type)


@pytest.mark.parametrize("tool", init.TOOLS, ids=[tool.name for tool in init.TOOLS])
def test_starter_for_each_tool_is_a_configuration(tmp_path, tool):
    (tmp_path / "gitseq.toml").write_text(init.starter([tool]))
    assert compiled(tmp_path).hooks


def test_starter_for_all_tools_and_for_none_are_configurations(tmp_path):
    for tools in ([], list(init.TOOLS)):
        (tmp_path / "gitseq.toml").write_text(init.starter(tools))
        assert compiled(tmp_path).hooks
