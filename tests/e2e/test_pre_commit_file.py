"""A repository with a `.pre-commit-config.yaml`: install, commit, and the words people know."""

import os

import pytest
import yaml

from gitseq.languages import base
from tests.support.repo import BIN, run_bounded, text

CONFIG = ".pre-commit-config.yaml"


def hook(name, entry, **keys):
    return {"id": name, "name": name, "entry": entry, "language": "system", **keys}


def configure(repo, *hooks, **top):
    """Commit a configuration of local hooks past the hooks."""
    write(repo, *hooks, **top)
    repo.git("add", "--", CONFIG)
    repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "Configure")


def write(repo, *hooks, **top):
    repo.write(CONFIG, yaml.safe_dump({**top, "repos": [{"repo": "local", "hooks": list(hooks)}]}, sort_keys=False))


def staged(repo, name="a.txt", content="a\n"):
    repo.write(name, content)
    repo.add(name)


# --- install and commit


def test_install_and_commit_work_with_nothing_but_the_yaml(repo):
    configure(repo, hook("yes", "true"), hook("no", "false", files=r"\.py$"))
    repo.install()
    staged(repo)
    assert b"yes..." in text(repo.commit()).encode()
    staged(repo, "b.py")
    done = repo.commit(check=False)
    assert done.returncode == 1
    assert "no.......................................................................Failed\n- hook id: no" in text(
        done
    )


def test_install_types_of_the_file_are_installed_and_no_others(repo):
    configure(repo, hook("a", "true", stages=["manual"]), default_install_hook_types=["commit-msg", "pre-push"])
    repo.install()
    hooks = {path.name for path in (repo.common_dir / "hooks").iterdir()}
    assert {"commit-msg", "pre-push"} <= hooks
    assert "pre-commit" not in hooks


def test_stages_that_hooks_name_are_installed_where_the_file_says_nothing(repo):
    configure(repo, hook("a", "true"), hook("b", "true", stages=["commit-msg"]))
    repo.install()
    hooks = {path.name for path in (repo.common_dir / "hooks").iterdir()}
    assert {"pre-commit", "commit-msg"} <= hooks
    assert "pre-push" not in hooks


def test_pre_commits_own_shim_is_replaced_and_comes_back(repo):
    log = repo.path.parent / "log"
    configure(repo, hook("once", f"sh -c 'echo ran >> {log}'", always_run=True))
    done = run_bounded([str(BIN / "pre-commit"), "install"], env=repo.env, cwd=repo.path)
    assert done.returncode == 0, text(done)
    shim = repo.common_dir / "hooks" / "pre-commit"
    theirs = shim.read_bytes()
    assert "is pre-commit's shim" in text(repo.install())
    staged(repo)
    repo.commit()
    assert log.read_text() == "ran\n"
    repo.gitseq("uninstall", check=True)
    assert shim.read_bytes() == theirs


def test_hook_that_pre_commit_ran_first_is_still_run_first(repo):
    configure(repo, hook("a", "true"))
    mine = repo.common_dir / "hooks" / "pre-commit"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("#!/bin/sh\necho mine\n")
    mine.chmod(0o755)
    assert run_bounded([str(BIN / "pre-commit"), "install"], env=repo.env, cwd=repo.path).returncode == 0
    repo.install()
    staged(repo)
    said = text(repo.commit())
    assert said.count("mine") == 1
    assert "a........" in said


def test_list_validate_and_dry_run_read_the_yaml(repo):
    configure(repo, hook("a", "true", types=["python"]), {**hook("g", "x y", types=["text"]), "language": "pygrep"})
    staged(repo)
    assert "sound, 2 hooks" in text(repo.gitseq("validate", check=True))
    assert "pygrep: x y" in text(repo.gitseq("list", check=True))
    dry = text(repo.gitseq("run", "--dry-run", check=True))
    assert "a: skipped (no files to check)" in dry
    assert "a.txt" in dry


# --- what is refused


def test_unstaged_configuration_is_refused_in_pre_commits_words(repo):
    configure(repo, hook("a", "true"))
    staged(repo)
    repo.write(CONFIG, repo.read(CONFIG) + b"# more\n")
    for command in (("run",), ("run", "--hook-stage", "pre-push"), ("run", "--from-ref", "HEAD", "--to-ref", "HEAD")):
        done = repo.gitseq(*command)
        assert done.returncode == 3
        assert "Your pre-commit configuration is unstaged." in text(done)
        assert f"`git add {CONFIG}` to fix this." in text(done)
    assert repo.gitseq("run", "--all-files").returncode == 0


@pytest.mark.parametrize("value", ["", "1"])
def test_missing_configuration_is_allowed_by_pre_commits_variable(repo, value):
    configure(repo, hook("a", "false"))
    repo.install()
    repo.git("rm", "-q", "--cached", CONFIG)
    (repo.path / CONFIG).unlink()
    done = repo.commit(check=False, env={"PRE_COMMIT_ALLOW_NO_CONFIG": value})
    assert (done.returncode == 0) == bool(value)
    if value:
        assert "Skipping `pre-commit`" in text(done)
    else:
        assert ".pre-commit-config.yaml file was found" in text(done)
        assert "PRE_COMMIT_ALLOW_NO_CONFIG=1" in text(done)


def test_bad_value_is_one_message_with_its_line(repo):
    write(repo, hook("a", "true", args=[5]))
    repo.add()
    done = repo.gitseq("run")
    assert done.returncode == 2
    told = text(done).splitlines()
    assert len(told) == 2
    assert told[0].startswith(f"gitseq: {CONFIG}:9: ")


def test_warnings_are_told_at_each_run_also_from_the_kept_plan(repo):
    configure(repo, hook("a", "true"), surprise=1)
    staged(repo)
    for _ in range(2):
        assert "[WARNING] Unexpected key(s) present at root: surprise" in text(repo.gitseq("run"))


def test_unknown_hook_id_is_told_in_pre_commits_words(repo):
    configure(repo, hook("a", "true"))
    assert "No hook with id `b` in stage `pre-commit`" in text(repo.gitseq("run", "b"))


# --- selection


def test_skip_takes_ids_and_aliases(repo):
    configure(repo, hook("a", "false"), hook("b", "false", alias="c"))
    staged(repo)
    done = repo.gitseq("run", env={"SKIP": "a, c"})
    assert done.returncode == 0
    assert text(done).count("Skipped") == 2


def test_top_level_filters_apply_to_the_message_file_as_in_pre_commit(repo):
    configure(repo, hook("m", "false", stages=["commit-msg"]), files="^src/")
    repo.install()
    staged(repo)
    assert "m....................................................(no files to check)Skipped" in text(repo.commit())


def test_message_file_can_be_named_as_for_pre_commit(repo):
    configure(repo, hook("m", "grep -q good", stages=["commit-msg"]))
    repo.write("message", "bad\n")
    assert "`--commit-msg-filename` is required for `--hook-stage commit-msg`" in text(repo.gitseq("run", "commit-msg"))
    run = ("run", "--hook-stage", "commit-msg", "--commit-msg-filename", "message")
    assert repo.gitseq(*run).returncode == 1
    repo.write("message", "good\n")
    assert repo.gitseq(*run).returncode == 0


def test_push_stage_by_hand_is_about_what_is_staged(repo):
    configure(repo, hook("a", "echo", verbose=True, stages=["pre-push"]))
    staged(repo)
    assert "a.txt" in text(repo.gitseq("run", "--hook-stage", "pre-push"))


# --- languages without an environment


def test_fail_says_its_entry_and_the_files(repo):
    configure(repo, {**hook("f", "do not 'do this"), "language": "fail"})
    staged(repo, b"odd \xff\n.txt")
    done = repo.gitseq("run")
    assert done.returncode == 1
    assert b"- exit code: 1\n\ndo not 'do this\n\nodd \xff\n.txt\n" in done.stdout


@pytest.mark.parametrize("name", ["tools/check", "check"])
def test_script_lies_in_the_repository_also_without_a_slash(repo, name):
    repo.write(name, '#!/bin/sh\necho "script: $@"\n', 0o755)
    repo.add(name)
    configure(repo, {**hook("s", f"{name} -x"), "language": "script", "verbose": True, "files": "txt"})
    staged(repo)
    assert "script: -x a.txt" in text(repo.gitseq("run"))


def test_missing_command_fails_its_hook_alone(repo):
    configure(repo, hook("a", "no-such-command"), hook("b", "true"))
    staged(repo)
    done = repo.gitseq("run")
    assert done.returncode == 1
    assert "Executable `no-such-command` not found" in text(done)
    assert "b........................................................................Passed" in text(done)


@pytest.mark.parametrize(
    ("entry", "code", "output"),
    [
        ("pre-commit hazmat n1 tell --", 0, "[a.txt][sub/b.txt]"),
        ("pre-commit hazmat cd sub tell --", 1, "unexpected file"),
        ("pre-commit hazmat ignore-exit-code false", 0, ""),
        ("pre-commit hazmat n1 no-such-command --", 1, "Executable `no-such-command` not found"),
        ("pre-commit hazmat n1 tell", 1, "must end with `--`"),
        ("pre-commit hazmat other", 1, "unknown tool"),
    ],
)
def test_hazmat_entries_are_understood(repo, entry, code, output):
    repo.hook_script("tell", 'printf "[%s]" "$@"\n')
    configure(repo, hook("h", entry, files="txt", verbose=True))
    staged(repo)
    staged(repo, "sub/b.txt")
    done = repo.gitseq("run")
    assert done.returncode == code
    assert output in text(done)


def test_hazmat_cd_runs_in_the_folder_with_names_below_it(repo):
    repo.hook_script("tell", 'printf "[%s]" "$@"; test -f "$1"\n')
    configure(repo, hook("h", "pre-commit hazmat cd sub tell --", files="^sub/", verbose=True))
    staged(repo, "sub/b c.txt")
    done = repo.gitseq("run")
    assert done.returncode == 0
    assert "[b c.txt]" in text(done)


def test_pygrep_treats_no_file_as_an_option(repo):
    configure(repo, {**hook("g", "bad"), "language": "pygrep", "args": ["--negate"]})
    staged(repo, "-i", "bad\n")
    staged(repo, "--negate", "good\n")
    done = repo.gitseq("run", "--files", *(os.fspath(repo.path / name) for name in ("-i", "--negate")))
    assert done.returncode == 1
    assert b"\n\n--negate\n\nnext: " in done.stdout


@pytest.mark.parametrize("options", [["-i"], ["--multiline"], ["--neg"], ["--ignore-case", "--multi", "--negate"], []])
@pytest.mark.parametrize("pattern", ["bad$", r"b[a-z]d\s*$|\Z", "a\n.*x|^$", "é"])
def test_pygrep_finds_what_pre_commit_finds(tmp_path, options, pattern):
    contents = [b"", b"bad", b"x\nbad\r\n", b"BAD\n\nx", b"a\nbad x\n\n", "é\nbad\n".encode(), b"\xe9 bad\xff\n"]
    names = []
    for number, content in enumerate(contents):
        (tmp_path / f"{number}").write_bytes(content)
        names.append(f"{number}")
    arguments = [*options, pattern, *names]
    module = [str(BIN / "python"), "-m", "pre_commit.languages.pygrep"]
    theirs = run_bounded([*module, *arguments], env=dict(os.environ), cwd=tmp_path)
    program = [*base.program("grep"), str(len(options))]
    ours = run_bounded([*program, *arguments], env=dict(os.environ), cwd=tmp_path)
    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout), text(ours)


# --- the hooks about the configuration


def test_meta_hooks_say_what_pre_commit_says(repo):
    write(repo, hook("never", "true", files="nowhere"), hook("odd", "true", exclude="nothing"), exclude="^gone/")
    config = yaml.safe_load(repo.read(CONFIG))
    metas = [{"id": name} for name in ("identity", "check-hooks-apply", "check-useless-excludes")]
    config["repos"].append({"repo": "meta", "hooks": metas})
    repo.write(CONFIG, yaml.safe_dump(config))
    repo.add()
    ours = repo.gitseq("run")
    theirs = run_bounded([str(BIN / "pre-commit"), "run"], env=repo.env, cwd=repo.path)
    assert ours.returncode == theirs.returncode == 1
    assert _without_durations(text(ours)) == _without_durations(text(theirs))
    assert "never does not apply to this repository" in text(ours)


def _without_durations(said):
    """Nor with what we say on top: what to type next."""
    return [line for line in said.splitlines() if not line.startswith(("- duration", "next: ", "note: "))]


def test_rewriting_a_changed_file_as_it_was_is_no_modification(repo):
    """pre-commit compares diffs; a new inode or time under the same content says nothing there, and so here."""
    configure(
        repo,
        hook("fix", "sed -i s/bad/good/ a.txt", pass_filenames=False),
        hook("again", "sed -i s/bad/good/ a.txt", pass_filenames=False),
        hook("more", "sed -i s/good/better/ a.txt", pass_filenames=False),
    )
    repo.commit_file("a.txt", "bad\n")
    said = text(repo.gitseq("run", "--all-files"))
    words = [line.rsplit(".", 1)[1] for line in said.splitlines() if "....." in line]
    assert words == ["Failed", "Passed", "Failed"]
