"""Configurations of well-known projects, as their source distributions carry them: read without a word too many.

The repositories they name are not fetched; each is stood in for by a manifest that offers the ids in use.
"""

from pathlib import Path

import pytest
import yaml

from gitseq.config import foreign_keys as keys
from gitseq.config.migrate import proof
from gitseq.config.migrate.draft import render
from gitseq.core import installing
from tests.support.foreign import Offers, read
from tests.support.migrated import both_plans, essence

FILES = sorted((Path(__file__).parents[1] / "data" / "pre_commit_configs").glob("*.yaml"))

FORESEEN = ("ci:", "hook `", "default_install_hook_types:", "https://github.com/pre-commit/pre-commit-hooks")
"""What migrating tells of a file without losing anything; whatever else it says has to be looked at."""


def offered(folder: Path, config) -> Offers:
    """Repositories that offer what a configuration asks for."""
    offers = Offers(folder)
    ids: dict[str, list[str]] = {}
    for repo in config["repos"]:
        if repo["repo"] not in ("local", "meta"):
            ids.setdefault(repo["repo"], []).extend(hook["id"] for hook in repo["hooks"])
    for url, names in ids.items():
        hooks = [{"id": name, "name": name, "entry": name, "language": "python"} for name in dict.fromkeys(names)]
        offers.add(url, hooks)
    return offers


def when_run(theirs) -> "list[str]":
    """What pre-commit warns of later, when it makes its hooks: keys of prek's, for example."""
    extra = [
        (repo["repo"], hook["id"], sorted(set(hook) - set(keys.KEYS)))
        for repo in theirs["repos"]
        for hook in repo["hooks"]
    ]
    return [f"Unexpected key(s) present on {url} => {name}: {', '.join(found)}" for url, name, found in extra if found]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_real_configuration_is_read_with_no_warning_that_pre_commit_would_not_give(tmp_path, caplog, path):
    from pre_commit import clientlib

    theirs = clientlib.load_config(str(path))
    warnings = [record.getMessage() for record in caplog.records] + when_run(theirs)
    config = yaml.safe_load(path.read_text())
    plan = read(tmp_path, path.read_text(), offered(tmp_path / "store", config))
    assert [told[:60] for told in plan.warnings] == [told[:60] for told in dict.fromkeys(warnings)]
    assert plan.notices == ()
    assert [hook.id for hook in plan.hooks] == [hook["id"] for repo in theirs["repos"] for hook in repo["hooks"]]
    assert (plan.files, plan.exclude, plan.fail_fast) == (theirs["files"], theirs["exclude"], theirs["fail_fast"])
    assert "pre-commit" in installing.stages_of(plan)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_real_configuration_is_migrated_with_nothing_lost_and_keeps_its_plan(tmp_path, path):
    text = path.read_text()
    offers = offered(tmp_path / "store", yaml.safe_load(text))
    theirs, ours, draft = both_plans(tmp_path, text, offers.fetch)
    assert draft.lost + proof.problems(render(draft)) == []
    assert [told for told in draft.notes if not told.startswith(FORESEEN)] == []
    kept = [hook.replace(id="", alias="") for hook in essence(theirs).hooks if hook.language != "meta"]
    assert [hook.replace(id="", alias="") for hook in essence(ours).hooks] == kept
    assert essence(ours).replace(hooks=()) == essence(theirs).replace(hooks=())
    names = [(hook.id, hook.alias) for hook in ours.hooks]
    old = [hook.id for hook in theirs.hooks if hook.language != "meta"]
    assert all(name in known for name, known in zip(old, names, strict=True))


def test_there_are_enough_of_them():
    assert len(FILES) >= 20
