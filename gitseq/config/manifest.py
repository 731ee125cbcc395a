"""`.pre-commit-hooks.yaml`: what a repository offers.

    offer = parse(data, "https://example.com/tools@v1: .pre-commit-hooks.yaml")
    offer.hooks["lint"]["entry"]

Used for the repositories of a `.pre-commit-config.yaml` and for `[[repo]]` alike.
"""

from gitseq.config import foreign_keys as keys
from gitseq.config import yaml_file
from gitseq.config.explain import Findings, whole_file
from gitseq.core.stages import LEGACY_NAMES
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.config.yaml_file import YamlDocument

FILE = b".pre-commit-hooks.yaml"


class Offer(Record):
    """The hooks of a manifest."""

    hooks: "dict[str, dict[str, Any]]"
    """id -> every key with its value or default; pre-commit's names of keys, our names of languages and stages."""
    unknown: "dict[str, list[str]]"
    """id -> keys that pre-commit does not know."""
    legacy_stages: tuple[str, ...] = ()
    """Names of stages it uses that pre-commit will drop."""


def parse(data: bytes, name: str) -> Offer:
    """What a manifest offers; `name` is how messages call the file. Raises ConfigError that tells all problems."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise whole_file(name, "is not UTF-8", line=data[: error.start].count(b"\n") + 1) from None
    hooks, root = yaml_file.load(text, name)
    if not isinstance(hooks, list) or root is None:
        raise whole_file(name, f"must be a list of hooks, not {yaml_file.kind_of(hooks)}")
    document = yaml_file.YamlDocument(name, hooks, root)
    findings = Findings()
    for index, hook in enumerate(hooks):
        _check(hook, index, document, findings)
    findings.raise_any()
    legacy = [stage for hook in hooks for stage in hook.get("stages", []) if stage in LEGACY_NAMES]
    unknown = {hook["id"]: unknown_keys(hook) for hook in hooks}
    return Offer({hook["id"]: with_defaults(hook) for hook in hooks}, unknown, tuple(dict.fromkeys(legacy)))


def _check(hook: "Any", index: int, document: "YamlDocument", findings: Findings) -> None:
    if not isinstance(hook, dict):
        findings.add(document, (index,), f"must be a map, not {yaml_file.kind_of(hook)}")
        return
    if reason := keys.too_new(hook.get("minimum_pre_commit_version")):  # its other keys may be ones we cannot know
        findings.add(document, (index, "minimum_pre_commit_version"), reason)
        return
    for key in keys.NEEDED:
        if key not in hook:
            findings.add(document, (index,), f"`{key}` is missing")
    for key, rule in keys.KEYS.items():
        if key in hook:
            for part, reason in rule(hook[key]):
                findings.add(document, (index, key, *part), reason)


def unknown_keys(hook: "dict[str, Any]") -> "list[str]":
    """The keys of a hook that pre-commit warns of."""
    return [str(key) for key in hook if key not in keys.KEYS]


def with_defaults(hook: "dict[str, Any]") -> "dict[str, Any]":
    """The known keys of a sound hook, and the defaults of the others."""
    known = {key: value for key, value in hook.items() if key in keys.KEYS}
    return normal({**keys.DEFAULTS, **known})


def normal(hook: "dict[str, Any]") -> "dict[str, Any]":
    """A hook whose stages and language have today's names."""
    changes: "dict[str, Any]" = {}
    if "stages" in hook:
        changes["stages"] = keys.stages_of(hook["stages"])
    if "language" in hook:
        changes["language"] = keys.language_of(hook["language"])
    return {**hook, **changes}
