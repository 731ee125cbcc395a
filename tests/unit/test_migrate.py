"""What another manager's file said, the gitseq.toml that is made of it says; what it cannot say is told."""

import pytest
import tomli
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gitseq.config.migrate import lefthook, node, pre_commit, proof
from gitseq.config.migrate.draft import Draft, render, toml
from gitseq.engine import settings
from gitseq.errors import ConfigError
from tests.support.migrated import both_plans, essence

NAME = ".pre-commit-config.yaml"


def migrated(text, name=NAME):
    draft = (lefthook if "lefthook" in name else pre_commit).migrate(text, name)
    return draft, tomli.loads(render(draft))


# --- pre-commit

LOCAL = """\
# Our checks.
default_stages: [commit, manual]  # as ever
fail_fast: true
exclude: |
  (?x)^(
    vendor/.*   # not a comment of YAML's
  )$
repos:
  # The first
  - repo: local
    hooks:
      # types, too
      - id: mypy
        name: mypy --strict
        entry: mypy --strict "a b"  # quoted
        language: system
        types: [python]
        args: ["it's", '"']
        # all at once
        pass_filenames: false
        require_serial: true
      - {id: tidy, name: tidy, entry: tidy.sh -x, language: script, files: '\\.html$', stages: [push]}
      - id: no-foo
        name: No foo
        entry: "it's: foo"
        language: fail
        files: foo
# the end
"""


def test_plan_of_the_toml_is_that_of_the_yaml(tmp_path):
    theirs, ours, draft = both_plans(tmp_path, LOCAL)
    assert essence(ours) == essence(theirs)
    assert draft.lost == []


def test_every_comment_is_kept_where_it_stood():
    text = render(pre_commit.migrate(LOCAL, NAME))
    for lines in (
        '# Our checks.\ndefault_stages = ["pre-commit", "manual"]  # as ever\n',
        '# The first\n# types, too\n[[hook]]\nid = "mypy"\n',
        "'\"  # quoted\n",
        "# all at once\npass_filenames = false\n",
    ):
        assert lines in text, text
    assert text.endswith("# the end\n")
    assert text.count("not a comment of YAML's") == 1


words = st.text("ab é世#'\"\\:{}[]&*!|>%@`,-", min_size=1, max_size=8)
keys_of_hooks = {
    "alias": st.sampled_from(["", "other"]),
    "args": st.lists(words, max_size=3),
    "types": st.lists(st.sampled_from(["python", "text", "file"]), max_size=2),
    "types_or": st.lists(st.sampled_from(["python", "markdown"]), max_size=2),
    "exclude_types": st.lists(st.sampled_from(["symlink"]), max_size=1),
    "files": st.sampled_from(["", r"\.py$", "(?x)\n  a # b\n| c", "it's", "'''", 'a"b', "\\t\t"]),
    "exclude": st.sampled_from(["", "^$", r"^x/\d"]),
    "stages": st.lists(st.sampled_from(["commit", "push", "pre-commit", "manual", "commit-msg"]), max_size=2),
    "pass_filenames": st.booleans(),
    "always_run": st.booleans(),
    "fail_fast": st.booleans(),
    "verbose": st.booleans(),
    "require_serial": st.booleans(),
    "description": words,
    "log_file": st.sampled_from(["", "x.log"]),
}
hooks = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "c d", "e,f", "pre-push", "caf\u00e9", "#g"]),
        "name": words.map(lambda word: word + "x"),
        "entry": st.sampled_from(["true", "a 'b c'", 'x "$y" && z', "./run it", "one #two", "back\\\\slash", "it\\'s"]),
        "language": st.sampled_from(["system", "script", "fail", "unsupported", "pygrep", "docker_image"]),
    },
    optional=keys_of_hooks,
)
installed = st.builds(
    lambda hook, language, more: {**hook, "language": language, **more},
    hooks,
    st.sampled_from(["python", "node", "golang", "deno"]),
    st.fixed_dictionaries(
        {},
        optional={
            "additional_dependencies": st.lists(st.sampled_from(["x==1", "y"]), max_size=2),
            "language_version": st.sampled_from(["default", "3.12", "system"]),
        },
    ),
)
different = {key: value for key, value in keys_of_hooks.items() if key != "log_file"}
of_a_repository = st.builds(
    lambda name, more: {"id": name, **more},
    st.sampled_from(["lint", "tidy", "search"]),
    st.fixed_dictionaries(
        {},
        optional={
            **different,
            "name": words.map(lambda word: word + "x"),
            "entry": st.sampled_from(["other 'a b'", "./run"]),
            "language": st.sampled_from(["python", "node"]),
            "args": st.lists(words, max_size=2),
            "language_version": st.sampled_from(["default", "3.12"]),
        },
    ),
)
inside = st.builds(
    lambda name, more: {"id": name, **more},
    st.sampled_from(["trailing-whitespace", "check-added-large-files", "check-yaml", "no-commit-to-branch"]),
    st.fixed_dictionaries({}, optional={key: value for key, value in keys_of_hooks.items() if key != "args"}),
)
OFFERS = """\
- {id: lint, name: Lint, entry: lint --now, language: python, types: [python], args: [-a]}
- {id: tidy, name: Tidy, entry: tidy, language: node, files: x, exclude: y, stages: [push], pass_filenames: false}
- {id: search, name: Search, entry: search, language: python, additional_dependencies: [z], language_version: '3.9'}
- {id: fix-encoding-pragma, name: pragma, entry: t, language: python}
"""
PRE_COMMIT_HOOKS = "https://github.com/pre-commit/pre-commit-hooks"


def repo_of(name, hooks):
    own = {"repo": name, "hooks": st.lists(hooks, max_size=3)}
    rest = {} if name in ("local", "builtin") else {"rev": st.just("v1.0")}
    return st.fixed_dictionaries({**own, **rest, "repo": st.just(name)})


not_inside = st.just({"id": "fix-encoding-pragma"})
files = st.fixed_dictionaries(
    {
        "repos": st.lists(
            repo_of("local", hooks | installed)
            | repo_of("https://example.com/tools", of_a_repository)
            | repo_of("builtin", inside)
            | repo_of(PRE_COMMIT_HOOKS, inside | not_inside),
            max_size=3,
        )
    },
    optional={
        "default_stages": st.lists(st.sampled_from(["commit", "push", "manual"]), min_size=1, max_size=2),
        "default_language_version": st.sampled_from([{"python": "3.11"}, {"node": "20", "golang": "1.2"}]),
        "fail_fast": st.booleans(),
        "files": st.sampled_from(["", "^a/"]),
        "exclude": st.sampled_from(["", "^b/"]),
    },
)


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files)
def test_any_configuration_keeps_its_plan(tmp_path, data):
    import yaml

    (tmp_path / ".pre-commit-hooks.yaml").write_text(OFFERS)
    text = yaml.safe_dump(data, allow_unicode=True)
    theirs, ours, draft = both_plans(tmp_path, text, lambda _url, _rev: str(tmp_path).encode())
    renamed = [hook.replace(id="", alias="") for hook in essence(theirs).hooks]
    assert [hook.replace(id="", alias="") for hook in essence(ours).hooks] == renamed
    assert essence(ours).replace(hooks=()) == essence(theirs).replace(hooks=())
    assert proof.problems(render(draft)) == []
    for was, now in zip(theirs.hooks, ours.hooks, strict=True):
        assert now.id == was.id or now.alias == was.id or any(f"`{was.id}`" in loss for loss in draft.lost)


def test_remote_hooks_stand_in_their_order_with_what_is_different():
    draft, data = migrated(
        """\
repos:
- repo: https://example.com/a
  rev: v1  # frozen: v1
  hooks:
  - id: x
    args: [--fix]
    additional_dependencies: [y==1]
    language_version: python3.12
    exclude: ''
- repo: local
  hooks: [{id: l, name: l, entry: l, language: system}]
- repo: https://example.com/b
  rev: v2
  hooks: [{id: z, entry: other}, {id: w}]
"""
    )
    assert data["repo"] == [
        {
            "url": "https://example.com/a",
            "rev": "v1",
            "hook": [
                {
                    "id": "x",
                    "args": ["--fix"],
                    "additional_dependencies": ["y==1"],
                    "language_version": "python3.12",
                    "exclude": "(?:)",
                }
            ],
        },
        {"url": "https://example.com/b", "rev": "v2", "hook": [{"id": "z", "run": "other"}, {"id": "w"}]},
    ]
    text = render(draft)
    assert 'rev = "v1"  # frozen: v1\n' in text
    assert text.index("/a") < text.index('id = "l"') < text.index("/b")
    assert draft.lost == []


def test_hooks_of_pre_commit_hooks_become_those_inside_gitseq_where_these_do_the_same():
    draft, data = migrated(
        f"""\
repos:
- repo: {PRE_COMMIT_HOOKS}
  rev: v1.0  # frozen: v1.0
  hooks:
  - id: trailing-whitespace
  - id: fix-encoding-pragma
  - {{id: check-yaml, language_version: '3.12'}}
  - {{id: end-of-file-fixer, files: x}}
"""
    )
    assert [hook["builtin"] for hook in data["hook"]] == ["trailing-whitespace", "end-of-file-fixer"]
    assert [hook["id"] for hook in data["repo"][0]["hook"]] == ["fix-encoding-pragma", "check-yaml"]
    assert draft.lost == []
    assert draft.notes == [f"{PRE_COMMIT_HOOKS}: inside gitseq are trailing-whitespace, end-of-file-fixer"]


def test_hook_with_arguments_that_only_the_original_knows_stays_in_its_repository():
    text = f"repos: [{{repo: '{PRE_COMMIT_HOOKS}', rev: v1, hooks: [{{id: check-json, args: [--new]}}]}}]"
    data = tomli.loads(render(pre_commit.migrate(text, NAME, settings.vet)))
    assert data["repo"][0]["hook"] == [{"id": "check-json", "args": ["--new"]}]


def test_nothing_becomes_a_built_in_hook_where_these_are_not_wanted():
    text = f"repos: [{{repo: '{PRE_COMMIT_HOOKS}', rev: v1, hooks: [{{id: check-json}}]}}]"
    data = tomli.loads(render(pre_commit.migrate(text, NAME, answers=False)))
    assert data["repo"][0]["hook"] == [{"id": "check-json"}]


@pytest.mark.parametrize(
    ("hook", "made"),
    [
        ("{id: a, name: a, entry: 'a b|c', language: pygrep, args: [-i]}", ("pygrep", "-i 'a b|c'")),
        ('{id: a, name: a, entry: "don\'t", language: fail}', ("fail", "'don'\"'\"'t'")),
        ("{id: a, name: a, entry: a, language: docker_image}", ("docker_image", "a")),
    ],
)
def test_local_hook_keeps_its_language(hook, made):
    draft, data = migrated(f"repos: [{{repo: local, hooks: [{hook}]}}]")
    assert (data["hook"][0]["language"], data["hook"][0]["run"]) == made
    assert draft.lost == []


@pytest.mark.parametrize("top", ["", "fail_fast: true\n"])
def test_what_stands_before_the_repositories_stands_before_the_hooks(top):
    repos = "repos:\n- repo: local\n  hooks:\n  - {id: a, name: a, entry: a, language: system}\n"
    rendered = render(migrated(f"{top}# our hooks\n{repos}")[0])
    assert rendered.index("# our hooks") < rendered.index("[[hook]]")


def test_entry_that_cannot_be_split_is_a_comment_and_told():
    draft, data = migrated('repos: [{repo: local, hooks: [{id: a, name: a, entry: "it\'s", language: system}]}]')
    assert "hook" not in data
    assert "cannot be split" in draft.lost[0]
    assert '# id = "a"\n' in render(draft)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("default_stages: []\nrepos: []", "default_stages"),
        ("repos: [{repo: meta, hooks: [{id: identity}]}]", "no longer read"),
    ],
)
def test_what_else_is_lost_is_told(text, words):
    assert words in " ".join(migrated(text)[0].lost)


def test_a_file_that_pre_commit_refuses_is_refused():
    with pytest.raises(ConfigError):
        pre_commit.migrate("repos: [{repo: local}]", NAME)


# --- lefthook

LEFTHOOK = """\
min_version: 1.0
# before committing
pre-commit:
  parallel: true
  commands:
    zebra:
      run: echo z
    lint:  # first of all
      glob: "*.{js,ts}"
      priority: 1
      run: npx eslint --fix {staged_files}
      stage_fixed: true
      tags: [a, b]
      skip: [merge, rebase]
    middle:
      root: packages/api
      exclude: '^gen/'
      run: cd x && tool {staged_files} --quiet
      env: {A: 1}
    never:
      skip: true
      run: echo
commit-msg:
  commands:
    check: {run: 'check-msg {1}'}
  scripts:
    "say.sh": {runner: bash}
pre-push:
  piped: true
  jobs:
    - name: test
      run: make test
    - group:
        jobs:
          - {run: 'a {push_files}', glob: ['src/*.go']}
    - {run: 'b {all_files}'}
fixer:
  commands: {x: {run: y}}
"""


def test_lefthook_s_commands_become_hooks():
    draft, data = migrated(LEFTHOOK, "lefthook.yml")
    hooks = {hook["id"]: hook for hook in data["hook"]}
    assert list(hooks) == ["lint", "middle", "zebra", "check", "say.sh", "test", "job-2-1"]
    assert hooks["lint"] == {
        "id": "lint",
        "run": "npx eslint --fix",
        "stages": ["pre-commit"],
        "files": {"glob": ["**/*.{js,ts}"]},
        "fixes": "stage",
        "groups": ["a", "b"],
        "skip_on": ["merge", "rebase"],
    }
    assert hooks["middle"]["run"] == 'cd x && tool "$@" --quiet'
    assert (hooks["middle"]["shell"], hooks["middle"]["env"], hooks["middle"]["exclude"]) == (True, {"A": "1"}, "^gen/")
    assert hooks["zebra"]["pass_filenames"] is False
    assert hooks["check"]["run"] == "check-msg"
    assert hooks["say.sh"]["run"] == "bash .lefthook/commit-msg/say.sh"
    assert (hooks["test"]["fail_fast"], hooks["job-2-1"]["files"]) == (True, {"glob": ["src/**/*.go"]})
    assert proof.problems(render(draft)) == []
    told = " ".join(draft.lost)
    assert all(words in told for words in ("`never`: skip: true", "fixer", "job-3"))
    assert "# before committing" in render(draft)
    assert "# first of all" in render(draft)
    assert "# run = 'b {all_files}'" in render(draft).replace('"', "'")  # as a command it would be given those words


# --- husky and lint-staged


def test_husky_s_scripts_and_lint_staged_s_table_become_hooks():
    scripts = {
        "pre-commit": '#!/usr/bin/env sh\n. "$(dirname -- "$0")/_/husky.sh"\n\nnpx lint-staged\nnpm test\n',
        "commit-msg": 'npx --no -- commitlint --edit "$1"\n',
        "pre-push": 'echo "$1"\n',
    }
    table = {
        "*.js": ["eslint --fix", "git add"],
        "docs/**/*.md": "prettier --write",
        "!(*.min).css": "stylelint",
        "*.js ": "npm run 'a b'",
    }
    draft = node.migrate(".husky/", scripts, table)
    data = tomli.loads(render(draft))
    hooks = {hook["id"]: hook for hook in data["hook"]}
    assert list(hooks) == ["eslint", "prettier", "npm", "husky-pre-commit", "husky-commit-msg"]
    assert hooks["eslint"] == {
        "id": "eslint",
        "run": "npx --no-install eslint --fix",
        "files": {"glob": ["**/*.js"]},
        "stages": ["pre-commit"],
        "fixes": "stage",
    }
    assert hooks["prettier"]["files"] == {"glob": ["docs/**/*.md"]}
    assert hooks["husky-pre-commit"]["run"].endswith("npm test\n")
    assert "lint-staged" not in hooks["husky-pre-commit"]["run"]
    assert "pass_filenames" not in hooks["husky-commit-msg"]
    assert any("stylelint" in loss for loss in draft.lost)
    assert any("husky-pre-push" in loss for loss in draft.lost)
    assert proof.problems(render(draft)) == []


def test_husky_alone_keeps_its_call_of_lint_staged():
    data = tomli.loads(render(node.migrate(".husky/", {"pre-commit": "npx lint-staged\n"}, None)))
    assert "npx lint-staged" in data["hook"][0]["run"]


# --- text

texts = st.text(st.characters(blacklist_categories=("Cs",)))
values = st.recursive(
    st.booleans() | st.integers(-(2**40), 2**40) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_every_value_comes_back(value):
    assert tomli.loads(f"x = {toml(value)}")["x"] == value


@given(st.lists(texts, max_size=6))
def test_arrays_of_any_width_come_back(value):
    assert tomli.loads(f"x = {toml(value)}")["x"] == list(value)


def test_ids_are_given_once():
    draft = Draft("x")
    given = [draft.unique("a"), draft.unique("a", "b"), draft.unique("a", "b"), draft.unique("a")]
    assert given == ["a", "a-b", "a-2", "a-3"]
