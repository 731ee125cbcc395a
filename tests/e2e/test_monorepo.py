"""Configurations in subfolders: their hooks run for the files of their folder, the deepest first."""

import json

import pytest

from tests.support.repo import text

SHOW = """
[[hook]]
id = "show"
run = "show"
verbose = true
"""
TOP, API, SUB, WEB = (
    "gitseq.toml",
    "packages/api/gitseq.toml",
    "packages/api/sub/gitseq.toml",
    "packages/web/gitseq.toml",
)
YAML = """
repos:
- repo: local
  hooks:
  - {id: show, name: show, entry: show, language: system, verbose: true}
"""


@pytest.fixture
def mono(repo):
    """Three nested projects and the top, each with a hook that says where it runs, and on what."""
    repo.hook_script("show", 'echo "<$(pwd | sed "s|^$TOP||")> $@"\n')
    repo.env["TOP"] = str(repo.path)
    for name in (TOP, API, SUB, WEB):
        repo.write(name, SHOW)
    for name in ("a.txt", "packages/api/b.txt", "packages/api/sub/c.txt", "packages/web/d.txt"):
        repo.write(name, "1\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "Begin")
    return repo


def shown(done):
    """(folder, files) of each call, in order."""
    lines = [line for line in text(done).splitlines() if line.startswith("<")]
    return [(line[1 : line.index(">")], line[line.index(">") + 2 :].split()) for line in lines]


def stage(repo, *names):
    for name in names:
        repo.write(name, "2\n")
        repo.add(name)


def test_each_projects_hooks_run_in_its_folder_on_its_files_the_deepest_first_and_the_top_last(mono):
    stage(mono, "a.txt", "packages/api/b.txt", "packages/api/sub/c.txt", "packages/web/d.txt")
    mono.install()
    done = mono.commit()
    assert shown(done) == [
        ("/packages/api/sub", ["c.txt"]),
        ("/packages/api", ["b.txt", "sub/c.txt"]),
        ("/packages/web", ["d.txt"]),
        ("", ["a.txt", "packages/api/b.txt", "packages/api/sub/c.txt", "packages/web/d.txt"]),
    ]
    heads = [line for line in text(done).splitlines() if line.startswith("Running hooks for")]
    assert heads == [
        f"Running hooks for `{name}`:" for name in ("packages/api/sub", "packages/api", "packages/web", ".")
    ]


def test_projects_that_the_run_is_not_about_say_nothing(mono):
    stage(mono, "packages/web/d.txt")
    done = mono.gitseq("run")
    assert shown(done) == [("/packages/web", ["d.txt"]), ("", ["packages/web/d.txt"])]
    assert b"api" not in done.stdout


def test_a_repository_without_nested_configurations_shows_no_project(repo):
    repo.config('[[hook]]\nid = "yes"\nrun = "true"\n')
    stage(repo, "a.txt")
    done = repo.gitseq("run")
    assert b"Running hooks for" not in done.stdout
    assert b"yes....." in done.stdout


def test_yaml_in_a_subfolder_and_at_the_top_run_alike(mono):
    for name in (TOP, API, SUB, WEB):
        mono.git("rm", "-q", "-f", name)
        mono.write(name.replace("gitseq.toml", ".pre-commit-config.yaml"), YAML)
    mono.git("add", "-A")
    mono.git("commit", "-q", "-m", "In YAML")
    stage(mono, "packages/api/sub/c.txt")
    folders = [folder for folder, _files in shown(mono.gitseq("run"))]
    assert folders == ["/packages/api/sub", "/packages/api", ""]


def test_an_orphans_files_are_for_its_own_hooks_only(mono):
    mono.write(API, "orphan = true\n" + SHOW)
    mono.add(API)
    done = mono.gitseq("run", "--all-files")
    assert ("/packages/api/sub", ["c.txt", "gitseq.toml"]) in shown(done)
    assert ("", ["README.md", "a.txt", "gitseq.toml", "packages/web/d.txt", "packages/web/gitseq.toml"]) in shown(done)


def test_orphan_in_yaml_is_no_unexpected_key_below_the_top(mono):
    mono.git("rm", "-q", "-f", API)
    mono.write("packages/api/.pre-commit-config.yaml", YAML + "orphan: true\n")
    mono.git("add", "-A")
    done = mono.gitseq("run", "--files", "packages/api/b.txt")
    assert shown(done) == [("/packages/api", ["b.txt"])]
    assert b"WARNING" not in done.stdout


def test_patterns_are_about_names_relative_to_the_folder(mono):
    mono.write(API, 'files = "^(b|sub/c)"\nexclude = "^sub/"\n' + SHOW + 'files = "^b"\n')
    mono.add(API)
    done = mono.gitseq("run", "packages/api:show", "--all-files")
    assert shown(done) == [("/packages/api", ["b.txt"])]


def test_settings_of_a_nested_configuration_hold_for_its_own_hooks(mono):
    no = '[[hook]]\nid = "no"\nrun = "false"\n'
    mono.write(API, 'fail_fast = true\ndefault_stages = ["pre-commit", "manual"]\n' + no + SHOW)
    mono.add(API)
    stage(mono, "packages/api/b.txt", "packages/web/d.txt")
    done = mono.gitseq("run")
    assert done.returncode == 1
    assert [folder for folder, _files in shown(done)] == ["/packages/web", ""]
    assert [folder for folder, _files in shown(mono.gitseq("run", "manual", "--files", "packages/api/b.txt"))] == []
    assert b"no." in mono.gitseq("run", "manual", "--files", "packages/api/b.txt").stdout


def test_fail_fast_on_the_command_line_ends_the_whole_run(mono):
    mono.write(API, '[[hook]]\nid = "no"\nrun = "false"\n')
    mono.add(API)
    stage(mono, "packages/api/b.txt", "packages/web/d.txt")
    assert shown(mono.gitseq("run", "--fail-fast")) == []


def test_limits_at_the_top_hold_below_until_something_else_is_said(mono):
    mono.write(TOP, '[limits]\ntimeout = "7s"\nmemory = "1GiB"\n' + SHOW)
    mono.write(API, '[limits]\nmemory = "2GiB"\n' + SHOW)
    mono.git("add", "-A")
    hooks = json.loads(mono.gitseq("list", "--format", "json").stdout)["hooks"]
    found = {hook["project"]: (hook["timeout"], hook["memory"]) for hook in hooks}
    assert found["packages/web"] == (7.0, 1 << 30)
    assert found["packages/api"] == (7.0, 2 << 30)


@pytest.mark.parametrize(
    ("words", "folders"),
    [
        (["packages/api:show"], ["/packages/api"]),
        (["packages/api/"], ["/packages/api/sub", "/packages/api"]),
        ([".:show"], [""]),
        (["packages/web:show", ".:show"], ["/packages/web", ""]),
        (["show"], ["/packages/api/sub", "/packages/api", "/packages/web", ""]),
        (["show", "--skip", "packages/"], [""]),
        (["--skip", "packages/api:show"], ["/packages/api/sub", "/packages/web", ""]),
    ],
)
def test_hooks_are_chosen_by_folder_and_id(mono, words, folders):
    assert [folder for folder, _files in shown(mono.gitseq("run", "--all-files", *words))] == folders


def test_a_folder_is_named_from_where_the_user_stands(mono):
    done = mono.gitseq("run", "--all-files", "sub/", cwd="packages/api")
    assert [folder for folder, _files in shown(done)] == ["/packages/api/sub"]


def test_skip_in_the_environment_knows_projects(mono):
    done = mono.gitseq("run", "--all-files", env={"SKIP": "packages/api/,.:show"})
    assert [folder for folder, _files in shown(done)] == ["/packages/web"]


def test_an_unknown_project_is_refused(mono):
    done = mono.gitseq("run", "packages/none:show")
    assert (done.returncode, b"No hook with id `packages/none:show`" in done.stderr) == (2, True)


def test_the_same_id_in_two_projects_is_two_hooks_in_json_and_journal(mono):
    document = json.loads(mono.gitseq("run", "--all-files", "--format", "json").stdout)
    assert [hook["project"] for hook in document["hooks"]] == ["packages/api/sub", "packages/api", "packages/web", ""]
    plan = json.loads(mono.gitseq("run", "--all-files", "--dry-run", "--format", "json").stdout)
    assert [hook["project"] for hook in plan["hooks"]] == ["packages/api/sub", "packages/api", "packages/web", ""]
    lines = [json.loads(line) for line in (mono.common_dir / "gitseq/journal/journal.jsonl").read_text().splitlines()]
    started = [(line["hook"], line["project"]) for line in lines if line["event"] == "hook-start"]
    assert started == [
        ("packages/api/sub:show", "packages/api/sub"),
        ("packages/api:show", "packages/api"),
        ("packages/web:show", "packages/web"),
        ("show", ""),
    ]


def test_list_shows_the_map(mono):
    shown_map = mono.gitseq("list").stdout.decode()
    heads = [line for line in shown_map.splitlines() if line and not line.startswith(" ")]
    assert heads == [
        "packages/api/sub/ (packages/api/sub/gitseq.toml)",
        "packages/api/ (packages/api/gitseq.toml)",
        "packages/web/ (packages/web/gitseq.toml)",
        "./ (gitseq.toml)",
    ]


# --- which configurations count


def test_a_configuration_that_is_test_data_does_not_run_and_list_says_so(mono):
    mono.write("tests/data/.pre-commit-config.yaml", YAML.replace("show", "boom"))
    mono.write("packages/web/.hidden/gitseq.toml", "this is no TOML\n")
    mono.write("packages/{{name}}/gitseq.toml", "nor is this\n")
    mono.git("add", "-A")
    assert mono.gitseq("run", "--all-files").returncode == 0
    notes = mono.gitseq("list").stdout.decode()
    assert "tests/data/.pre-commit-config.yaml does not run: what lies in `tests` is taken for data" in notes
    assert "packages/web/.hidden/gitseq.toml does not run" in notes


def test_what_the_top_excludes_has_no_hooks_of_its_own(mono):
    mono.write(TOP, 'exclude = "^packages/web/"\n' + SHOW)
    mono.git("add", "-A")
    folders = [folder for folder, _files in shown(mono.gitseq("run", "--all-files"))]
    assert folders == ["/packages/api/sub", "/packages/api", ""]


def test_members_say_outright_which_folders_are_meant(mono):
    mono.write("tests/gitseq.toml", SHOW)
    mono.write(TOP, '[workspace]\nmembers = ["packages/*", "tests"]\n' + SHOW)
    mono.git("add", "-A")
    folders = [folder for folder, _files in shown(mono.gitseq("run", "--all-files"))]
    assert folders == ["/packages/api", "/packages/web", "/tests", ""]
    mono.write(TOP, "[workspace]\nmembers = []\n" + SHOW)
    mono.git("add", "-A")
    assert [folder for folder, _files in shown(mono.gitseq("run", "--all-files"))] == [""]


def test_config_means_that_file_and_no_other(mono):
    done = mono.gitseq("run", "--all-files", "--config", TOP)
    assert [folder for folder, _files in shown(done)] == [""]


def test_a_configuration_that_is_not_tracked_does_not_run_and_list_says_so(mono):
    mono.write("packages/new/gitseq.toml", SHOW)
    stage(mono, "packages/new/e.txt")
    assert [folder for folder, _files in shown(mono.gitseq("run"))] == [""]
    assert b"packages/new/gitseq.toml is not tracked" in mono.gitseq("list").stdout


@pytest.mark.parametrize("version", ["2", "4"])
def test_a_configuration_that_a_pull_brings_runs_at_the_next_commit(mono, version):
    mono.git("update-index", "--index-version", version)
    mono.install()
    stage(mono, "a.txt")
    assert [folder for folder, _files in shown(mono.commit())] == [""]
    mono.git("checkout", "-q", "-b", "theirs")
    mono.write("packages/new/gitseq.toml", SHOW)
    mono.git("add", "-A")
    mono.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "New")
    mono.git("checkout", "-q", "main")
    mono.git("merge", "-q", "--ff-only", "theirs")
    stage(mono, "packages/new/e.txt")
    assert [folder for folder, _files in shown(mono.commit())] == ["/packages/new", ""]
    mono.git("rm", "-q", "packages/new/gitseq.toml")
    stage(mono, "packages/new/f.txt")
    assert [folder for folder, _files in shown(mono.commit())] == [""]


def test_a_split_index_hides_no_configuration(mono):
    mono.git("update-index", "--split-index")
    stage(mono, "a.txt")
    mono.gitseq("run")
    mono.write("packages/new/gitseq.toml", SHOW)
    mono.git("add", "-A")
    mono.git("update-index", "--split-index")
    folders = [folder for folder, _files in shown(mono.gitseq("run"))]
    assert folders == ["/packages/new", ""]


@pytest.mark.parametrize("change", ["edit", "remove"])
def test_an_unstaged_nested_configuration_is_refused(mono, change):
    if change == "edit":
        mono.write(API, SHOW + "\n")
    else:
        (mono.path / API).unlink()
    stage(mono, "a.txt")
    done = mono.gitseq("run")
    assert done.returncode == 3
    assert b"configuration is unstaged: packages/api/gitseq.toml" in done.stderr


def test_a_mistake_in_a_nested_configuration_is_told_with_its_file(mono):
    mono.write(API, "oops = 1\n")
    mono.add(API)
    done = mono.gitseq("run")
    assert done.returncode == 2
    assert b"packages/api/gitseq.toml:1: oops: unknown key" in done.stderr


def test_keys_that_hold_for_whole_runs_are_noted_below_the_top(mono):
    mono.write(API, '[queue]\nscope = "user"\n' + SHOW)
    mono.add(API)
    assert b"packages/api/gitseq.toml: queue would hold for whole runs" in mono.gitseq("validate").stdout


def test_a_local_overlay_beside_a_nested_configuration_is_laid_over_it(mono):
    mono.write("packages/api/gitseq.local.toml", '[[hook]]\nid = "show"\nname = "mine"\n')
    hooks = json.loads(mono.gitseq("list", "--format", "json").stdout)["hooks"]
    assert [hook["name"] for hook in hooks if hook["project"] == "packages/api"] == ["mine"]


# --- stages, fixes, what hooks find


def test_stages_of_nested_hooks_are_installed_and_a_message_hook_gets_the_message(mono):
    mono.write(API, '[[hook]]\nid = "message"\nrun = "grep -q ok"\nstages = ["commit-msg"]\n')
    mono.git("add", "-A")
    mono.install()
    assert mono.commit(message="no", check=False).returncode == 1
    assert mono.commit(message="ok").returncode == 0


def test_fixes_of_a_nested_hook_join_the_commit(mono):
    mono.hook_script("fix", 'for f; do echo fixed > "$f"; done\n')
    mono.write(API, '[[hook]]\nid = "fix"\nrun = "fix"\nfiles = "txt$"\nfixes = "stage"\n')
    mono.add(API)
    stage(mono, "packages/api/b.txt")
    mono.install()
    mono.commit()
    assert mono.committed("packages/api/b.txt") == b"fixed\n"


def test_log_and_root_of_a_nested_hook_are_relative_to_its_folder(mono):
    mono.write(API, SHOW + 'root = "sub"\nlog_file = "api.log"\n')
    mono.add(API)
    done = mono.gitseq("run", "packages/api:show", "--files", "packages/api/sub/c.txt", "packages/api/b.txt")
    assert shown(done) == [("/packages/api/sub", ["c.txt"])]
    assert mono.read("packages/api/api.log").startswith(b"</packages/api/sub>")


def test_meta_hooks_look_at_their_own_folder(mono):
    mono.git("rm", "-q", "-f", API)
    config = "packages/api/.pre-commit-config.yaml"
    useless = YAML + "- repo: meta\n  hooks: [{id: check-hooks-apply}, {id: check-useless-excludes}]\n"
    mono.write(config, useless.replace("verbose: true", "files: ^b, exclude: ^d"))
    mono.add(config)
    told = text(mono.gitseq("run", "--files", config))
    assert "does not apply to this repository" not in told
    assert "The exclude pattern '^d' for show does not match any files" in told


def test_names_may_be_any_bytes(mono):
    folder = b"packages/\xff odd\nname"
    mono.write(folder + b"/gitseq.toml", SHOW)
    mono.write(folder + b"/x.txt", "1\n")
    mono.add(folder)
    done = mono.gitseq("run")
    assert done.returncode == 0
    assert b"x.txt" in done.stdout


def test_a_linked_work_tree_runs_its_own_nested_configurations(mono):
    other = mono.worktree("other", "side")
    other.env["TOP"] = str(other.path)
    stage(other, "packages/web/d.txt")
    assert [folder for folder, _files in shown(other.gitseq("run"))] == ["/packages/web", ""]


# --- built-in hooks and the ledger

CACHED = SHOW + 'cache = true\ninputs = ["settings.ini"]\n'


def test_what_a_nested_hook_has_passed_is_known_by_its_project_and_its_inputs_there(mono):
    mono.write(API, CACHED)
    mono.write("packages/api/settings.ini", "1\n")
    mono.write("settings.ini", "1\n")
    mono.git("add", "-A")
    again = ["run", "packages/api:show", "--files", "packages/api/b.txt"]
    assert shown(mono.gitseq(*again)) == [("/packages/api", ["b.txt"])]
    assert shown(mono.gitseq(*again)) == []
    stage(mono, "settings.ini")
    assert shown(mono.gitseq(*again)) == []
    stage(mono, "packages/api/settings.ini")
    assert shown(mono.gitseq(*again)) == [("/packages/api", ["b.txt"])]


def test_a_tree_that_was_passed_is_not_passed_any_more_when_a_project_excludes_less(mono):
    for exclude, files in (("^sub/", ["b.txt"]), ("^none", ["b.txt", "sub/c.txt"])):
        mono.write(API, f'files = "txt$"\nexclude = "{exclude}"\n{CACHED}')
        mono.git("add", "-A")
        mono.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "Configure")
        calls = shown(mono.gitseq("run", "packages/api:show", "--all-files", "--no-cache"))
        assert calls == [("/packages/api", files)]
        mono.gitseq("run", "packages/api:show", "--all-files")
        assert shown(mono.gitseq("run", "packages/api:show", "--all-files")) == []


def test_built_in_hooks_work_in_their_folder_and_not_side_by_side_with_another_projects(mono):
    blank = '[[hook]]\nid = "blank"\nbuiltin = "trailing-whitespace"\n'
    for name in (TOP, API, WEB):
        mono.write(name, blank)
    mono.git("add", "-A")
    for name in ("packages/api/b.txt", "packages/web/d.txt"):
        mono.write(name, "odd \n")
        mono.add(name)
    done = mono.gitseq("run", "--format", "json")
    verdicts = [(hook["project"], hook["status"], hook["modified"]) for hook in json.loads(done.stdout)["hooks"]]
    assert verdicts == [
        ("packages/api", "failed", ["packages/api/b.txt"]),
        ("packages/web", "failed", ["packages/web/d.txt"]),
        ("", "passed", []),
    ]


def test_fail_fast_of_a_project_ends_its_built_in_hooks_only(mono):
    two = '[[hook]]\nid = "a"\nbuiltin = "trailing-whitespace"\n[[hook]]\nid = "b"\nbuiltin = "end-of-file-fixer"\n'
    mono.write(API, "fail_fast = true\n" + two)
    mono.git("add", "-A")
    mono.write("packages/api/b.txt", "odd ")
    mono.add("packages/api/b.txt")
    hooks = json.loads(mono.gitseq("run", "--format", "json").stdout)["hooks"]
    assert [(hook["project"], hook["id"]) for hook in hooks] == [("packages/api", "a"), ("", "show")]
