"""What the `[[repo]]` tables of a gitseq.toml mean: hooks that other repositories offer, with what should be different.

What a manifest says is laid under what the table says, key by key. `run` replaces its command, and not its arguments.
"""

import os

from gitseq.config import foreign
from gitseq.config.explain import nearest, on_one_line, shown, whole_file
from gitseq.config.foreign_keys import language_of
from gitseq.config.meaning import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from gitseq.config.explain import Document, Findings
    from gitseq.config.foreign import Content, Fetch
    from gitseq.config.lines import Path

_REPLACING = ("args", "additional_dependencies", "language", "language_version")
"""Keys by which the manifest's hook becomes another one, before the keys of `[[hook]]` are laid over it."""


def tables(document: "Document", fetch: "Fetch | None", content: "Content", findings: "Findings") -> "Iterator[Table]":
    """The hooks of all `[[repo]]` tables of a sound file; raises ConfigError, and what `fetch` raises."""
    for index, repo in enumerate(document.data.get("repo", [])):
        if not repo.get("hook"):
            continue
        if fetch is None:
            raise whole_file(document.name, f"{on_one_line(repo['url'])} cannot be fetched here")
        folder, offer = foreign.offered(repo["url"], repo["rev"], fetch, content)
        for number, hook in enumerate(repo["hook"]):
            here = ("repo", index, "hook", number)
            if hook["id"] not in offer.hooks:
                near = nearest(hook["id"], offer.hooks)
                told = f"{shown(repo['url'])} does not offer it at {shown(repo['rev'])}{near}"
                findings.add(document, (*here, "id"), told)
                continue
            made = _table(offer.hooks[hook["id"]], hook, document, here, findings)
            made.beyond.update(source=os.fsdecode(folder), repo=f"{repo['url']}@{repo['rev']}")
            yield made


def _table(
    offered: "dict[str, Any]", wanted: "dict[str, Any]", document: "Document", path: "Path", findings: "Findings"
) -> Table:
    whole = {**offered, **{key: wanted[key] for key in _REPLACING if key in wanted}}
    whole["language"] = language_of(whole["language"])
    if "run" in wanted:
        whole["entry"] = wanted["run"]
    values = foreign.values_of(whole, lambda reason: findings.add(document, path, reason))
    beyond = foreign.beyond_of(whole)
    beyond.pop("stages", None)  # a manifest that names none leaves it to default_stages
    if not values["stages"]:
        del values["stages"]
    own = {key: value for key, value in wanted.items() if key not in (*_REPLACING, "run")}
    table = Table(document, path, {**values, **own})
    table.beyond = beyond
    return table
