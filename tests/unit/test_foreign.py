"""What a `.pre-commit-config.yaml` means, and what is told of one that means nothing."""

import os
import random

import pytest
import yaml

from gitseq.config import compiled, foreign_keys, manifest
from gitseq.core import installing
from gitseq.errors import ConfigError, EnvironmentProblem
from gitseq.model import PRE_COMMIT
from tests.support.configs import where
from tests.support.foreign import CONFIG, Offers, local, read, refused, remote

URL = "https://example.com/tools"
LINT = {"id": "lint", "name": "Lint", "entry": "lint --fix", "language": "python", "types": ["python"], "args": ["-q"]}
ALL_STAGES = foreign_keys.STAGES


@pytest.fixture
def offers(tmp_path):
    made = Offers(tmp_path / "store")
    made.add(URL, [LINT])
    return made


def only(plan):
    assert len(plan.hooks) == 1
    return plan.hooks[0]


# --- meaning


def test_local_hook_has_the_defaults_of_pre_commit_and_the_limits_of_gitseq(tmp_path):
    plan = read(tmp_path, local())
    hook = only(plan)
    assert plan.dialect == PRE_COMMIT
    assert plan.source == CONFIG
    assert hook.argv == ("true",)
    assert (hook.types, hook.exclude, hook.stages) == (("file",), "^$", ALL_STAGES)
    assert (hook.language, hook.source, hook.repo) == ("system", "", "")
    assert (hook.timeout, hook.memory, hook.stage_fixes, hook.retry) == (600.0, 4 << 30, False, 0)


def test_every_key_of_a_hook_arrives(tmp_path):
    keys = {
        "alias": "b",
        "files": r"\.py$",
        "exclude": "^v",
        "types": ["python", "text"],
        "types_or": ["python", "pyi"],
        "exclude_types": ["symlink"],
        "args": ["--a b", "c"],
        "always_run": True,
        "fail_fast": True,
        "pass_filenames": False,
        "description": "d",
        "log_file": "x.log",
        "require_serial": True,
        "stages": ["pre-push", "manual"],
        "verbose": True,
        "minimum_pre_commit_version": "3.2.0",
    }
    hook = only(read(tmp_path, local(entry="tool 'one arg'", **keys)))
    assert hook.argv == ("tool", "one arg", "--a b", "c")
    assert (hook.alias, hook.files, hook.exclude, hook.description) == ("b", r"\.py$", "^v", "d")
    assert (hook.types, hook.types_or, hook.exclude_types) == (("python", "text"), ("python", "pyi"), ("symlink",))
    assert (hook.always_run, hook.fail_fast, hook.pass_filenames, hook.verbose) == (True, True, 0, True)
    assert (hook.stages, hook.log_file) == (("pre-push", "manual"), "x.log")


def test_top_level_keys_arrive(tmp_path):
    config = {
        "files": "^src/",
        "exclude": "^v",
        "fail_fast": True,
        "default_stages": ["commit", "pre-push"],
        "default_install_hook_types": ["pre-push", "commit-msg"],
        "ci": {"skip": ["a"]},
        **local(),
    }
    plan = read(tmp_path, config)
    assert (plan.files, plan.exclude, plan.fail_fast) == ("^src/", "^v", True)
    assert only(plan).stages == ("pre-commit", "pre-push")
    assert installing.stages_of(plan) == ("commit-msg", "pre-push")


def test_without_install_types_the_stages_that_hooks_name_are_installed(tmp_path):
    assert installing.stages_of(read(tmp_path, local())) == ("pre-commit",)


@pytest.mark.parametrize(
    ("offered", "written", "installed"),
    [
        (["pre-commit", "pre-push", "manual"], {}, ("pre-commit",)),
        (["commit-msg"], {}, ("commit-msg",)),
        (["pre-commit"], {"stages": ["pre-push"]}, ("pre-push",)),
        (["manual"], {}, ("pre-commit",)),
    ],
)
def test_of_the_stages_a_repository_offers_pre_commit_alone_is_installed(tmp_path, offered, written, installed):
    """Else checks would begin to run at each push for everybody who comes from pre-commit."""
    offers = Offers(tmp_path / "store")
    offers.add(URL, [{**LINT, "stages": offered}])
    plan = read(tmp_path, remote(**written), offers)
    assert installing.stages_of(plan) == installed
    assert installing.stages_of(read(tmp_path, local(stages=["commit-msg"]))) == ("commit-msg",)


def test_both_names_of_the_file_are_found(tmp_path):
    assert only(read(tmp_path, local(), name=".pre-commit-config.yml")).id == "a"


@pytest.mark.parametrize(
    ("language", "ours"),
    [("unsupported", "system"), ("unsupported_script", "script"), ("system", "system"), ("node", "node")],
)
def test_both_names_of_a_language_are_one(tmp_path, language, ours):
    assert only(read(tmp_path, local(language=language))).language == ours


def test_default_language_version_holds_for_hooks_that_name_none(tmp_path):
    versions = {"default_language_version": {"python": "python3.12"}}
    assert only(read(tmp_path, {**versions, **local(language="python")})).language_version == "python3.12"
    given = local(language="python", language_version="3.9", additional_dependencies=["x==1"])
    hook = only(read(tmp_path, {**versions, **given}))
    assert (hook.language_version, hook.dependencies) == ("3.9", ("x==1",))


def test_empty_exclude_leaves_no_file_as_in_pre_commit(tmp_path):
    import re

    hook = only(read(tmp_path, local(exclude="")))
    assert re.search(hook.exclude, "any.py")


def test_entry_of_fail_and_pygrep_is_one_word(tmp_path):
    assert only(read(tmp_path, local(language="fail", entry="don't do \"this"))).argv == ("don't do \"this",)
    assert only(read(tmp_path, local(language="pygrep", entry="a b", args=["-i"]))).argv == ("-i", "a b")


def test_hooks_may_share_an_id(tmp_path):
    config = local()
    config["repos"][0]["hooks"] *= 2
    assert len(read(tmp_path, config).hooks) == 2


def test_hook_for_no_stage_never_runs(tmp_path):
    assert only(read(tmp_path, {"default_stages": [], **local()})).stages == ()


def test_meta_hooks_have_their_names_and_files(tmp_path):
    config = {"repos": [{"repo": "meta", "hooks": [{"id": "identity"}, {"id": "check-hooks-apply"}]}]}
    identity, applies = read(tmp_path, config).hooks
    assert (identity.language, identity.argv, identity.verbose) == ("meta", ("identity",), True)
    assert (applies.name, applies.files) == ("Check hooks apply to the repository", r"^\.pre\-commit\-config\.yaml$")


def test_overlay_changes_every_hook_of_an_id_and_adds_its_own(tmp_path):
    config = local()
    config["repos"][0]["hooks"].append({**config["repos"][0]["hooks"][0], "files": "x"})
    (tmp_path / "gitseq.local.toml").write_text(
        '[limits]\nmemory = "1GiB"\n[[hook]]\nid = "a"\ntimeout = "5s"\n[[hook]]\nid = "mine"\nrun = "true"\n'
    )
    plan = read(tmp_path, config)
    assert [(hook.id, hook.timeout, hook.memory) for hook in plan.hooks] == [
        ("a", 5.0, 1 << 30),
        ("a", 5.0, 1 << 30),
        ("mine", 600.0, 1 << 30),
    ]
    assert any("gitseq.local.toml" in notice for notice in plan.notices)


def test_overlay_changes_what_a_hook_is_installed_with(tmp_path, offers):
    offers.add(URL, [{"id": "lint", "name": "Lint", "entry": "lint", "language": "python"}])
    (tmp_path / "gitseq.local.toml").write_text(
        "default_language_version = { python = '3.11' }\n[[hook]]\nid = 'lint'\nadditional_dependencies = ['ours==1']\n"
    )
    hook = read(tmp_path, remote(), offers).hooks[0]
    assert (hook.language, hook.dependencies, hook.language_version) == ("python", ("ours==1",), "3.11")


def test_command_of_the_overlay_is_a_command_of_this_repository(tmp_path):
    (tmp_path / "gitseq.local.toml").write_text('[[hook]]\nid = "a"\nrun = "mine --all"\n')
    hook = only(read(tmp_path, local(language="python", additional_dependencies=["x"])))
    assert (hook.argv, hook.language, hook.dependencies) == (("mine", "--all"), "system", ())


# --- repositories


def test_configuration_is_laid_over_the_manifest_key_by_key(tmp_path, offers):
    config = remote(args=["--strict"], exclude="^v", name="Mine", additional_dependencies=["y"])
    hook = only(read(tmp_path, config, offers))
    assert hook.argv == ("lint", "--fix", "--strict")
    assert (hook.name, hook.types, hook.exclude, hook.language) == ("Mine", ("python",), "^v", "python")
    assert (hook.repo, hook.dependencies) == (f"{URL}@v1.0", ("y",))
    assert os.path.isdir(hook.source)
    assert offers.fetched == [(URL, "v1.0")]


def test_repository_without_hooks_in_use_is_not_fetched(tmp_path, offers):
    assert read(tmp_path, {"repos": [{"repo": URL, "rev": "v1.0", "hooks": []}]}, offers).hooks == ()
    assert offers.fetched == []


def test_nothing_is_fetched_for_a_file_that_is_not_sound(tmp_path, offers):
    assert "types" in refused(tmp_path, remote(types=["pythn"]), offers)
    assert offers.fetched == []


def test_hook_that_a_repository_does_not_offer_is_told_in_pre_commits_words(tmp_path, offers):
    config = {"repos": [{"repo": URL, "rev": "v1.0", "hooks": [{"id": "lnt"}]}]}
    told = refused(tmp_path, config, offers)
    assert f"`lnt` is not present in repository {URL}" in told
    assert "did you mean `lint`?" in told
    assert f"{CONFIG}:5:" in told


def test_failure_to_fetch_goes_through(tmp_path, offers):
    with pytest.raises(EnvironmentProblem, match="cannot be fetched"):
        read(tmp_path, remote("https://example.com/other"), offers)


def test_repository_cannot_be_had_where_nobody_fetches(tmp_path):
    assert "cannot be fetched" in refused(tmp_path, remote())


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("- id: lint\n  name: Lint\n  entry: x\n", "lint"),
        ("id: lint\n", "must be a list of hooks"),
        ("- [\n", "not valid YAML"),
        ("- id: lint\n  name: L\n  entry: x\n  language: pythn\n", "did you mean `python`?"),
        ("- id: lint\n  minimum_pre_commit_version: '99'\n", "pre-commit version 99 is required"),
    ],
)
def test_manifest_that_cannot_be_is_told_with_its_repository(tmp_path, offers, content, part):
    offers.add(URL, content)
    told = refused(tmp_path, remote(), offers)
    assert f"{URL}@v1.0: .pre-commit-hooks.yaml" in told
    assert part in told


def test_missing_manifest_is_told(tmp_path, offers):
    offers.add(URL, [LINT]).unlink()
    assert "offers no hooks" in refused(tmp_path, remote(), offers)


def test_wiped_or_changed_store_compiles_anew(tmp_path, offers):
    (tmp_path / CONFIG).write_text(yaml.safe_dump(remote()))
    path = offers.add(URL, [LINT])

    def load():
        return compiled.load(where(tmp_path), os.fsencode(tmp_path / "state"), fetch=offers.fetch)

    assert load() == load()
    assert len(offers.fetched) == 1
    path.unlink()
    with pytest.raises(ConfigError):
        load()
    offers.add(URL, [{**LINT, "entry": "other"}])
    assert only(load()).argv == ("other", "-q")


def test_manifest_code_serves_others_too():
    offer = manifest.parse(yaml.safe_dump([{**LINT, "stages": ["push"], "future": 1}]).encode(), "m")
    assert offer.hooks["lint"]["stages"] == ["pre-push"]
    assert offer.hooks["lint"]["pass_filenames"] is True
    assert (offer.unknown, offer.legacy_stages) == ({"lint": ["future"]}, ("push",))


def test_builtin_hooks_have_the_defaults_of_pre_commit_hooks(tmp_path, monkeypatch):
    hooks = [{"id": "check-toml", "files": "^a"}, {"id": "check-added-large-files", "args": ["--maxkb=5"]}]
    toml, large = read(tmp_path, {"repos": [{"repo": "builtin", "hooks": hooks}]}).hooks
    assert (toml.builtin, toml.name, toml.types, toml.files) == ("check-toml", "check toml", ("toml",), "^a")
    assert (large.builtin, large.argv) == ("check-added-large-files", ("--maxkb=5",))
    assert large.stages == ("pre-commit", "pre-push", "manual")
    told = refused(tmp_path, {"repos": [{"repo": "builtin", "hooks": [{"id": "check-tml"}]}]})
    assert "did you mean `check-toml`?" in told


# --- what is told


@pytest.mark.parametrize(
    ("config", "warning"),
    [
        ({"foo": 1, "bar": 2, **local()}, "Unexpected key(s) present at root: bar, foo"),
        ({"repos": [{"repo": "local", "x": 1, "hooks": []}]}, "Unexpected key(s) present on local: x"),
        (local(filez="x"), "Unexpected key(s) present on local => a: filez, did you mean `files`?"),
        ({"exclude": "vendor/*", **local()}, "The top-level 'exclude' field is a regex, not a glob"),
        (local(files="src/*.py"), "The 'files' field in hook 'a' is a regex, not a glob"),
        (local(files=r"a[\\/]b"), "pre-commit normalizes slashes in the 'files' field in hook 'a'"),
        (local(stages=["commit", "push"]), "hook id `a` uses deprecated stage names (commit, push)"),
        ({"default_stages": ["commit"], **local()}, "top-level `default_stages` uses deprecated stage names (commit)"),
    ],
)
def test_what_pre_commit_warns_of_is_warned_of(tmp_path, config, warning):
    assert [warning in told for told in read(tmp_path, config).warnings] == [True]


@pytest.mark.parametrize(("rev", "warns"), [("main", True), ("v1", True), ("v1.0", False), ("abc123", False)])
def test_mutable_rev_is_warned_of(tmp_path, offers, rev, warns):
    told = read(tmp_path, remote(rev=rev), offers).warnings
    assert [f"The 'rev' field of repo '{URL}' appears to be a mutable reference" in text for text in told] == [
        True
    ] * warns


def test_unremarkable_file_gives_no_warning(tmp_path, offers):
    plan = read(tmp_path, remote(), offers)
    assert (plan.warnings, plan.notices) == ((), ())


PROBLEMS = [
    ("repos: []\nfail_fast: 1\n", ":2: fail_fast: must be true or false, not a whole number"),
    ("fail_fast: true\n", "Missing required key: repos"),
    ("- repo: local\n", "must be a map with the key `repos`, not a list"),
    ("", "must be a map with the key `repos`, not nothing"),
    ("repos: [\n", "not valid YAML"),
    ("a: &a [*a]\nrepos: []\n---\nb: 1\n", "not valid YAML"),
    ("repos: 2026-13-45\n", "not valid YAML"),
    ("repos:\n\t- x\n", ":2:1: not valid YAML"),
    ("[" * 100_000, "nested too deeply"),
    ("minimum_pre_commit_version: '99.1'\nnew: {}\nrepos: {}\n", ":1: pre-commit version 99.1 is required"),
    ("minimum_pre_commit_version: new\nrepos: []\n", "is not a version"),
    ("default_stages: [precommit]\nrepos: []\n", "did you mean `pre-commit`?"),
    ("default_language_version: {pyton: '3'}\nrepos: []\n", "did you mean `python`?"),
    ("default_language_version: {python: 3.1}\nrepos: []\n", "must be a string, not a decimal number"),
    ("repos:\n- hooks: []\n", "Missing required key: repo"),
    ("repos:\n- repo: https://x.org/y\n  hooks: []\n", "Missing required key: rev"),
    ("repos:\n- repo: local\n  rev: v1\n  hooks: []\n", ':3: repos "local": rev: must be absent'),
    ("repos:\n- repo: meta\n  hooks: [{id: identty}]\n", "did you mean `identity`?"),
    ("repos:\n- repo: meta\n  hooks: [{id: identity, entry: x}]\n", "'entry' cannot be overridden"),
    ("repos:\n- repo: local\n  hooks: [{id: a}]\n", "Missing required key: entry"),
]


@pytest.mark.parametrize(("text", "part"), PROBLEMS, ids=[text[:30] for text, _ in PROBLEMS])
def test_what_cannot_be_is_told_with_its_line(tmp_path, text, part):
    told = refused(tmp_path, text)
    assert part in told
    assert CONFIG in told


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        ({"entry": True}, "entry: must be a string, not true or false; put it in quotes"),
        ({"args": ["-a", 5]}, "args[1]: must be a string, not a whole number; put it in quotes"),
        ({"types": ["pythn"]}, "Type tag `pythn` is not recognized, did you mean `python`?"),
        ({"files": "("}, "is not a valid python regex"),
        ({"language": "systm"}, "did you mean `system`?"),
        ({"pass_filenames": 4}, "pass_filenames: must be true or false"),
        ({"entry": "a 'b"}, "cannot be split into words: no closing quotation"),
        ({"entry": ""}, "names no command"),
        ({"entry": "a\0b"}, "holds a character"),
        ({"stages": ["never"]}, "stages[0]: `never` is not known"),
        ({"additional_dependencies": ["x"]}, "specifies `additional_dependencies` but is using language `system`"),
        ({"language_version": "3"}, "specifies `language_version` but is using language `system`"),
        ({"minimum_pre_commit_version": "9.0"}, "pre-commit version 9.0 is required"),
    ],
)
def test_bad_value_of_a_hook_is_told_with_its_hook(tmp_path, keys, part):
    told = refused(tmp_path, local(**keys))
    assert 'repos "local": hooks "a": ' in told
    assert part in told


# --- against pre-commit itself


def test_what_pre_commit_reads_is_read_and_what_it_refuses_is_refused(tmp_path, caplog):
    """Random files, most of them a little wrong; also the same warnings, by their beginnings."""
    from pre_commit import clientlib
    from pre_commit.errors import FatalError

    dice = random.Random(20)
    seen = {True: 0, False: 0}
    for _ in range(400):
        config = _random_config(dice)
        (tmp_path / CONFIG).write_text(yaml.safe_dump(config))
        caplog.clear()
        try:
            clientlib.load_config(str(tmp_path / CONFIG))
            theirs = {record.getMessage()[:50] for record in caplog.records}
        except (FatalError, ValueError, TypeError):  # pre-commit stumbles over a list where a word should be
            theirs = None
        try:
            ours = {told[:50] for told in read(tmp_path, config).warnings if "=>" not in told}
        except ConfigError:
            ours = None
        assert ours == theirs, yaml.safe_dump(config)
        seen[ours is None] += 1
    assert min(seen.values()) > 50


def _random_config(dice):
    config = local() if dice.random() < 0.7 else {"repos": [{"repo": "meta", "hooks": [{"id": "identity"}]}]}
    config["repos"][0]["hooks"] = [dict(config["repos"][0]["hooks"][0])]
    values = [
        *(
            "x",
            "",
            "a/*b",
            r"[\\/]",
            "(",
            True,
            False,
            None,
            1,
            1.5,
            [],
            {},
            ["python"],
            ["commit", "push"],
            ["pre-push"],
        ),
        *(["x"], [1], "system", "python", "fail", "3.2", "99.0", "1.x", {"python": "3"}, {"x": "y"}, ["file", "text"]),
    ]
    spots = [
        (config, [*_TOP, "unknown"]),
        (config["repos"][0], ["repo", "rev", "unknown"]),
        (config["repos"][0]["hooks"][0], [*foreign_keys.KEYS]),
    ]
    for _ in range(dice.randint(0, 2)):
        place, names = dice.choice(spots)
        name = dice.choice(names)
        if name == "repo":
            continue
        place[name] = dice.choice(values)
    if _gives_trouble_only_when_run(config):
        config["repos"][0]["hooks"][0].pop("additional_dependencies", None)
        config["repos"][0]["hooks"][0].pop("language_version", None)
        config["repos"][0]["hooks"][0]["entry"] = "true"
        if config["repos"][0]["repo"] == "meta":
            del config["repos"][0]["hooks"][0]["entry"]
    return config


_TOP = (
    *("files", "exclude", "fail_fast", "default_stages", "default_install_hook_types", "default_language_version"),
    *("minimum_pre_commit_version", "ci", "repos"),
)


def _gives_trouble_only_when_run(config) -> bool:
    """What pre-commit notices later than at reading: environments of languages without any, commands without words."""
    repos = config["repos"]
    return isinstance(repos, list) and bool(repos) and isinstance(repos[0], dict) and bool(repos[0].get("hooks"))
