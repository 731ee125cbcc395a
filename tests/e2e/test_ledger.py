"""What has passed is not checked again: seen from the outside, by real commits."""

import json
import os
import shlex
import shutil
import signal
import time
from types import SimpleNamespace

import pytest

from gitseq.builtin import base
from gitseq.builtin.base import File
from gitseq.core.stages import STAGES
from gitseq.engine import contents, inside
from gitseq.engine.request import ALL_FILES, Request
from gitseq.git import content
from gitseq.git.repo import discover
from gitseq.model import Hook, Plan
from tests.support.ledger import execute
from tests.support.procs import spawned, wait_until
from tests.support.repo import BIN, Repo

NOTED = """#!/bin/sh
for file in "$@"; do echo "$file" >> "$NOTES"; done
for file in "$@"; do ! grep -q bad "$file" || exit 1; done
"""

CACHED = """
[[hook]]
id = "check"
run = "check"
types = ["text"]
exclude = "(toml|README.*)$"
cache = true
stages = ["pre-commit", "pre-push", "commit-msg", "manual"]
"""

INSIDE = """
[[hook]]
id = "{id}"
builtin = "{id}"
"""


@pytest.fixture
def notes(repo, tmp_path):
    """The file in which the hook notes what it was shown."""
    path = tmp_path / "notes"
    repo.env["NOTES"] = str(path)
    repo.hook_script("check", NOTED)
    return path


def shown(notes):
    """What hooks were shown since this was asked last."""
    lines = notes.read_text().splitlines() if notes.exists() else []
    notes.unlink(missing_ok=True)
    return sorted(lines)


def report(repo, *arguments, **how):
    done = repo.gitseq("run", "--format", "json", *arguments, **how)
    return {hook["id"]: hook for hook in json.loads(done.stdout)["hooks"]}


@pytest.fixture
def cached(repo, notes):
    repo.config(CACHED)
    repo.install("pre-commit")
    repo.write("a.txt", "a\n")
    repo.write("b.txt", "b\n")
    repo.add()
    return repo


def test_a_second_run_checks_nothing_and_says_so(cached, notes):
    assert cached.gitseq("run").returncode == 0
    assert shown(notes) == ["a.txt", "b.txt"]
    second = cached.gitseq("run")
    assert shown(notes) == []
    assert second.stdout.decode() == "check" + "." * (80 - 1 - 5 - 15) + "Passed (cached)\n"


def test_what_is_new_is_all_that_is_checked_and_the_numbers_are_told(cached, notes):
    cached.gitseq("run", check=True)
    shown(notes)
    cached.write("b.txt", "new\n")
    cached.add()
    second = cached.gitseq("run", check=True)
    assert shown(notes) == ["b.txt"]
    assert b"- 1 of 2 files checked" in second.stdout
    cached.write("b.txt", "newer\n")
    cached.add()
    told = report(cached)["check"]
    assert (told["files"], told["cached"]) == (2, 1)


def test_amending_rewording_and_other_stages_check_nothing_again(cached, notes):
    cached.commit()
    assert shown(notes) == ["a.txt", "b.txt"]
    cached.commit("--amend", message="Another word")
    cached.gitseq("run", "--all-files", check=True)
    cached.gitseq("run", "pre-push", "--all-files", check=True)
    assert shown(notes) == []


def test_the_next_work_tree_checks_nothing_again(cached, notes, tmp_path):
    cached.commit()
    shown(notes)
    cached.git("worktree", "add", "-q", str(tmp_path / "other"))
    other = Repo(tmp_path / "other", cached.env)
    other.gitseq("run", "--all-files", check=True)
    assert shown(notes) == []


@pytest.mark.parametrize("how", [("--no-cache",), ()], ids=["option", "variable"])
def test_without_the_cache_everything_is_checked_and_nothing_is_kept(cached, notes, how):
    env = {} if how else {"GITSEQ_NO_CACHE": "1"}
    for _ in range(2):
        cached.gitseq("run", *how, env=env, check=True)
        assert shown(notes) == ["a.txt", "b.txt"]
    cached.gitseq("run", check=True)
    assert shown(notes) == ["a.txt", "b.txt"]


def test_a_failure_is_not_kept_for_any_file_of_a_command(cached, notes):
    cached.write("b.txt", "bad\n")
    cached.add()
    for _ in range(2):
        assert cached.gitseq("run").returncode == 1
        assert shown(notes) == ["a.txt", "b.txt"]


def test_a_fix_is_not_kept(repo, notes):
    repo.hook_script(
        "fix", '#!/bin/sh\nfor file in "$@"; do echo "$file" >> "$NOTES"; grep -q x "$file" || echo x > "$file"; done\n'
    )
    repo.config(CACHED.replace('run = "check"', 'run = "fix"\nfixes = "stage"'))
    repo.install("pre-commit")
    repo.write("a.txt", "a\n")
    repo.add()
    repo.commit()
    assert shown(notes) == ["a.txt"]
    repo.gitseq("run", "--all-files", check=True)
    assert shown(notes) == ["a.txt"]  # what it has made is shown to it once
    repo.gitseq("run", "--all-files", check=True)
    assert shown(notes) == []


def test_a_pass_after_a_retry_is_not_kept(repo, notes):
    repo.hook_script("second", '#!/bin/sh\necho ran >> "$NOTES"\n[ $(wc -l < "$NOTES") -gt 1 ]\n')
    repo.config(CACHED.replace('run = "check"', 'run = "second"\nretry = 1'))
    repo.write("a.txt", "a\n")
    repo.add()
    repo.gitseq("run", check=True)
    assert len(shown(notes)) == 2
    assert repo.gitseq("run").returncode == 0
    assert len(shown(notes)) == 2


def test_a_file_that_is_edited_while_it_is_checked_is_not_kept(repo, notes):
    """The hook itself edits and restores it: same bytes, but who knows which were seen."""
    repo.hook_script(
        "edit", '#!/bin/sh\necho ran >> "$NOTES"\ncp a.txt /tmp/$$; echo x >> a.txt; cat /tmp/$$ > a.txt; rm /tmp/$$\n'
    )
    repo.config(CACHED.replace('run = "check"', 'run = "edit"'))
    repo.write("a.txt", "a\n")
    repo.add()
    repo.commit("--no-verify")
    for _ in range(2):
        repo.gitseq("run", "--all-files", check=True)
        assert shown(notes) == ["ran"]


def test_a_tree_is_not_passed_by_the_tool_that_a_later_hook_installed(cached):
    tool = cached.hook_script("check", "#!/bin/sh\nexit 0\n")
    cached.hook_script("update", f"#!/bin/sh\nprintf '#!/bin/sh\\nexit 1\\n' > '{tool}'\n")
    cached.config(CACHED + '[[hook]]\nid = "update"\nrun = "update"\npass_filenames = false\nalways_run = true\n')
    cached.commit("--no-verify")
    cached.gitseq("run", "--all-files", check=True)
    assert report(cached, "--all-files")["check"]["status"] == "failed"


@pytest.mark.parametrize("edit", ["remove", "index"])
def test_modes_of_the_index_count_only_for_a_tree_that_is_as_the_index_says(repo, monkeypatch, edit):
    """Whatever happens between the listing and the end of the comparison."""
    repo.commit_file("a.txt", "a\n")
    env = {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()}
    here = discover(env, os.fsencode(repo.path))
    assert _modes_after(here, env, monkeypatch, lambda: None)
    if edit == "remove":
        (repo.path / "a.txt").unlink()
        assert _modes_after(here, env, monkeypatch, lambda: None) is None
    else:
        repo.write("b.txt", "b\n")
        assert _modes_after(here, env, monkeypatch, repo.add) is None


def _modes_after(here, env, monkeypatch, edit):
    known = contents.Contents(SimpleNamespace(repo=here, env=env, tree=content.Comparison(here, env)), 40)
    list_entries = content.entries

    def entries(listing):
        found = list_entries(listing)
        edit()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(content, "entries", entries)
        modes = known.modes()
    known.end()
    known._current().end()
    return modes


def test_no_git_is_left_running_when_the_index_has_changed_under_the_keys(repo, monkeypatch):
    monkeypatch.setattr(contents, "FEW", 0)
    repo.commit_file("a.txt", "a\n")
    env = {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()}
    world = SimpleNamespace(repo=discover(env, os.fsencode(repo.path)), env=env, tree=None)
    known = contents.Contents(world, 40)
    assert all(known.keys([b"a.txt"]))
    repo.write("b.txt", "b\n")
    repo.add()
    started = []
    monkeypatch.setattr(known, "_compare", lambda: started.append(1))
    assert known.confirmed([b"a.txt"]) == frozenset()
    assert not started


def test_an_untracked_tool_version_is_asked_for(cached, notes, tmp_path):
    version = tmp_path / "version"
    cached.hook_script("version", f"#!/bin/sh\ncat {version}\n")
    cached.config(CACHED + 'tool_version = "version"\n', commit=False)
    cached.add()
    version.write_text("1\n")
    cached.gitseq("run", check=True)
    cached.gitseq("run", check=True)
    assert shown(notes) == ["a.txt", "b.txt"]
    version.write_text("2\n")
    cached.gitseq("run", check=True)
    assert shown(notes) == ["a.txt", "b.txt"]
    version.unlink()  # a version that cannot be told is nobody's
    done = cached.gitseq("run", check=True)
    assert shown(notes) == ["a.txt", "b.txt"]
    assert b"tool_version" in done.stdout


def test_a_set_is_checked_whole_when_one_of_it_is_new(cached, notes):
    cached.config(CACHED.replace("cache = true", 'cache = "tree"'))
    cached.gitseq("run", check=True)
    cached.gitseq("run", check=True)
    assert shown(notes) == ["a.txt", "b.txt"]
    cached.write("b.txt", "new\n")
    cached.add()
    cached.gitseq("run", check=True)
    assert shown(notes) == ["a.txt", "b.txt"]


def test_what_is_staged_counts_not_what_lies_unstaged_beside_it(cached, notes):
    cached.gitseq("run", check=True)
    shown(notes)
    cached.write("a.txt", "bad\n")
    assert cached.gitseq("run").returncode == 0
    assert shown(notes) == []
    assert cached.gitseq("run", "--all-files").returncode == 1


def test_same_blob_with_other_line_endings_is_other_content(repo):
    """`text=auto`: git calls both the same blob, but a hook sees the bytes."""
    repo.config(INSIDE.format(id="mixed-line-ending") + 'args = ["--fix=no"]\n')
    repo.write(".gitattributes", "* text=auto\n")
    repo.write("a.txt", "a\nb\n")
    repo.add()
    repo.commit("--no-verify")
    repo.gitseq("run", "--all-files", check=True)
    repo.write("a.txt", "a\r\nb\n")
    repo.add()
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.gitseq("run", "--all-files").returncode == 1


def _known_from_the_index(repo, monkeypatch):
    monkeypatch.setattr(contents, "FEW", 0)
    repo.commit_file("a.txt", "a\n")
    repo.commit_file("b.txt", "b\n")
    env = {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()}
    here = discover(env, os.fsencode(repo.path))
    known = contents.Contents(SimpleNamespace(repo=here, env=env, tree=content.Comparison(here, env)), 40)
    assert all(known.keys([b"a.txt", b"b.txt"]))
    return known


def test_a_file_written_while_hooks_read_is_not_confirmed_by_the_comparison_begun_after(repo, monkeypatch):
    known = _known_from_the_index(repo, monkeypatch)
    repo.write("a.txt", "other\n")
    known.begin_confirming()
    assert known.confirmed([b"a.txt", b"b.txt"]) == {b"b.txt"}


def test_a_comparison_confirms_once_and_not_what_comes_after_it(repo, monkeypatch):
    """Another group of hooks reads later, and what was written meanwhile is not what the first comparison saw."""
    known = _known_from_the_index(repo, monkeypatch)
    known.begin_confirming()
    assert known.confirmed([]) == frozenset()
    repo.write("a.txt", "other\n")
    assert known.confirmed([b"a.txt", b"b.txt"]) == {b"b.txt"}


def test_a_comparison_that_was_ended_unasked_calls_no_tree_clean(repo, monkeypatch):
    known = _known_from_the_index(repo, monkeypatch)
    known.begin_confirming()
    coming = known._coming
    known.end()
    assert not coming.is_clean
    assert not coming.still_stands()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_git_that_fails_while_it_compares_is_told_once_and_as_what_it_is(repo, tmp_path):
    repo.config(INSIDE.format(id="trailing-whitespace"))
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    script = (
        '#!/bin/sh\nfor word; do [ "$word" != diff-files ] || { echo no luck >&2; exit 128; }; done\nexec "%s" "$@"\n'
    )
    fake.write_text(script % shutil.which("git"))
    fake.chmod(0o755)
    done = repo.gitseq("run", "--all-files", env={"PATH": f"{fake.parent}:{repo.env['PATH']}"})
    assert done.returncode == 4
    assert b"no luck" in done.stderr
    assert b"bug" not in done.stderr


def test_what_is_read_while_git_could_not_see_it_is_not_confirmed(repo, monkeypatch):
    """The content that passes lies there only while the hook reads; what is bad lies there before and after."""
    monkeypatch.setattr(contents, "FEW", 0)
    repo.commit_file("a.txt", "bad \n")
    hook = Hook(id="tw", name="tw", argv=(), builtin="trailing-whitespace", stages=("pre-commit",), cache=True)
    request = Request(STAGES["pre-commit"], select=ALL_FILES)
    really, begin = inside._handfuls, content.Comparison.__init__

    def good_meanwhile(*arguments):
        repo.write("a.txt", "good\n")
        return really(*arguments)

    def at_once(self, *arguments):
        begin(self, *arguments)
        assert self.differing is not None

    with monkeypatch.context() as patched:
        patched.setattr(inside, "_handfuls", good_meanwhile)
        patched.setattr(content.Comparison, "__init__", at_once)
        assert execute(repo, Plan("gitseq.toml", (hook,)), {}, request).verdicts[0].status == "passed"
    repo.write("a.txt", "bad \n")
    repo.add()
    assert execute(repo, Plan("gitseq.toml", (hook,)), {}, request).verdicts[0].status == "failed"


def test_a_parser_that_cannot_be_imported_fails_its_hook_and_nothing_else(repo, tmp_path):
    repo.config(INSIDE.format(id="trailing-whitespace") + INSIDE.format(id="check-toml"))
    repo.gitseq("run", "trailing-whitespace", "--all-files", check=True)  # the configuration is compiled
    repo.commit_file("new.txt", "new\n")
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nclass Missing:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('tomllib', 'tomli'): raise ImportError(name)\nsys.meta_path.insert(0, Missing())\n"
    )
    without = {"PYTHONPATH": str(tmp_path)}
    assert repo.gitseq("run", "--all-files", "--skip", "check-toml", env=without).returncode == 0
    done = repo.gitseq("run", "--all-files", env=without)
    assert done.returncode == 1
    assert b"cannot be checked: ImportError" in done.stdout


def test_git_compares_while_a_built_in_hook_asks_git_about_what_it_has_found(repo, tmp_path):
    """The comparison that confirms is begun when the last file was read, not when the last hook has spoken."""
    repo.config(INSIDE.format(id="check-added-large-files") + INSIDE.format(id="trailing-whitespace"))
    repo.write("large.txt", "0123456789\n" * 60_000)
    for number in range(contents.FEW + 1):
        repo.write(f"{number}.txt", f"{number}\n")
    repo.add()
    repo.commit("--no-verify")
    trace = tmp_path / "trace"
    repo.gitseq("run", "--all-files", check=True, env={"GIT_TRACE2_EVENT": str(trace)})
    told = [json.loads(line) for line in trace.read_text().splitlines()]
    begun = [line for line in told if line["event"] == "start"]
    by_pid = {int(line["sid"].rpartition("-P")[2], 16): line["argv"] for line in begun}
    *_, compares, asks = (
        by_pid[pid] for pid in sorted(by_pid)
    )  # both are under way at once: who writes first is chance
    assert "diff-files" in compares
    assert "diff" in asks


def test_nothing_is_selected_or_listed_twice_for_a_tree_that_has_passed(cached, notes):
    """A hook without files is remembered as such, so that the rest of the run needs no selecting either."""
    cached.config(CACHED + CACHED.replace('"check"', '"none"', 1).replace('["text"]', '["toml", "binary"]'))
    cached.add()
    cached.commit("--no-verify")
    first = cached.gitseq("run", "--all-files", check=True)
    second = cached.gitseq("run", "--all-files", check=True)
    assert second.stdout == first.stdout.replace(b"." * 9 + b"Passed", b"Passed (cached)")
    assert b"(no files to check)Skipped" in second.stdout


# --- hooks inside


def test_built_in_hooks_remember_each_file_that_passed(repo):
    repo.config(INSIDE.format(id="check-json") + INSIDE.format(id="detect-private-key"))
    repo.write("good.json", "{}\n")
    repo.write("bad.json", "{\n")
    repo.add()
    assert repo.gitseq("run").returncode == 1
    told = report(repo)
    assert (told["check-json"]["files"], told["check-json"]["cached"]) == (2, 1)
    assert told["check-json"]["status"] == "failed"
    assert told["detect-private-key"]["reason"] == "cached"


def test_neighbours_see_what_their_predecessors_have_fixed(repo):
    """Held against one hook at a time: the same verdicts, outputs and bytes."""
    ids = ["trailing-whitespace", "end-of-file-fixer", "mixed-line-ending", "check-json"]
    outcomes = []
    for alone in (False, True):
        tables = "".join(INSIDE.format(id=one) + ("fail_fast = false\n") for one in ids)
        between = '\n[[hook]]\nid = "{0}"\nrun = "true"\n'
        if alone:  # a command between two hooks takes the group apart
            tables = "".join(INSIDE.format(id=one) + between.format(number) for number, one in enumerate(ids))
        repo.config(tables)
        repo.write("a.json", b"{} \r\n\n  \n \t")
        repo.write("b.json", b"[1,] \n")
        repo.write("c.json", b"{}\n")
        repo.add()
        told = report(repo)
        outcomes.append(
            (
                [(one, told[one]["status"], told[one]["modified"], told[one]["output"]) for one in ids],
                [repo.read(name) for name in ("a.json", "b.json", "c.json")],
            )
        )
        shutil.rmtree(repo.path / ".git/gitseq/ledger", ignore_errors=True)
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1][0] == b"{}\r\n"


def test_a_file_that_was_fixed_is_shown_to_neighbours_that_had_passed_it(repo):
    """What the second hook has passed is not what the first one makes of it."""
    second = INSIDE.format(id="forbid-pattern") + 'args = ["x$"]\n'
    repo.config(second)
    repo.write("a.txt", "x \n")
    repo.add()
    repo.gitseq("run", check=True)
    repo.config(INSIDE.format(id="trailing-whitespace") + second)
    told = report(repo)
    assert [one["status"] for one in told.values()] == ["failed", "failed"]


def test_a_fix_keeps_mode_links_and_a_symbolic_link(repo):
    repo.config(INSIDE.format(id="trailing-whitespace"))
    repo.write("tool.sh", "#!/bin/sh \n", 0o755)
    repo.write("one.txt", "a \n")
    os.link(repo.file("one.txt"), repo.file("two.txt"))
    repo.add()
    assert repo.gitseq("run").returncode == 1
    assert os.stat(repo.file("tool.sh")).st_mode & 0o777 == 0o755
    assert os.stat(repo.file("one.txt")).st_ino == os.stat(repo.file("two.txt")).st_ino
    assert repo.read("one.txt") == repo.read("two.txt") == b"a\n"
    assert not [name for name in os.listdir(repo.path / ".git/gitseq") if name.startswith("fix")]


def test_fixes_of_a_built_in_hook_join_the_commit(repo):
    repo.config(INSIDE.format(id="trailing-whitespace") + 'fixes = "stage"\n')
    repo.install()
    repo.write("a.txt", "a \n")
    repo.add()
    repo.commit()
    assert repo.git("show", "HEAD:a.txt").stdout == b"a\n"


def test_an_edit_by_an_earlier_command_is_not_hidden_by_the_staging_of_a_fix(repo):
    """The command was not given the file that it writes, so only a look at the whole tree can tell."""
    command = '[[hook]]\nid = "side"\nrun = "sh -c \'echo x >> other.txt\'"\nfiles = "^a"\n'
    inside = "".join(
        INSIDE.format(id=one) + 'fixes = "stage"\n' for one in ("trailing-whitespace", "end-of-file-fixer")
    )
    repo.config(command + inside)
    repo.commit_file("other.txt", "o\n")
    repo.write("a.txt", "a \n")
    repo.write("b.txt", "b")
    repo.add()
    told = report(repo)
    assert (told["side"]["status"], told["side"]["modified"]) == ("failed", ["other.txt"])
    assert repo.git("show", ":a.txt").stdout == b"a\n"
    assert repo.git("show", ":b.txt").stdout == b"b\n"


def test_a_mode_that_changed_in_the_index_alone_is_looked_at_again(repo):
    repo.config(INSIDE.format(id="check-shebang-scripts-are-executable"))
    repo.write("tool.sh", "#!/bin/sh\n", 0o755)
    repo.add()
    repo.gitseq("run", "--files", "tool.sh", check=True)
    repo.git("update-index", "--chmod=-x", "tool.sh")
    assert repo.gitseq("run", "--files", "tool.sh").returncode == 1


def test_a_built_in_hook_that_is_given_no_files_looks_at_none(repo):
    repo.config(INSIDE.format(id="trailing-whitespace") + "pass_filenames = false\n")
    repo.write("a.txt", "a \n")
    repo.add()
    assert report(repo)["trailing-whitespace"]["status"] == "passed"
    assert repo.read("a.txt") == b"a \n"


def test_what_is_typed_into_a_file_while_it_is_looked_at_is_not_overwritten(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a \n")
    file = File(b"a.txt", top=os.fsencode(tmp_path))
    file.shared()
    path.write_bytes(b"a \nnew\n")
    refused = inside.write(file, b"a\n", os.fsencode(tmp_path / "scratch"))
    assert refused is not None
    assert refused.exit_code == 1
    assert b"a.txt: was written to" in refused.output
    assert path.read_bytes() == b"a \nnew\n"


def test_a_large_file_that_is_written_to_while_its_fix_is_made_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "SHARED", 4)
    path = tmp_path / "a.txt"
    path.write_bytes(b"long \n")
    file = File(b"a.txt", top=os.fsencode(tmp_path))
    assert file.shared() is None

    def fixed():
        path.write_bytes(b"longer \n")
        yield b"long\n"

    assert inside.write(file, fixed(), os.fsencode(tmp_path / "scratch")) is not None
    assert path.read_bytes() == b"longer \n"


def test_a_fix_that_cannot_be_written_is_told_as_that(repo):
    repo.config(INSIDE.format(id="trailing-whitespace"))
    repo.write("a.txt", "a \n")
    repo.add()
    (repo.path / ".git/gitseq").mkdir(exist_ok=True)
    scratch = repo.path / f".git/gitseq/fix.{os.getpid()}"
    scratch.mkdir()  # where the new content would be written
    refused = inside.write(File(b"a.txt", top=os.fsencode(repo.path)), b"a\n", os.fsencode(scratch.parent))
    assert refused is not None
    assert b"a.txt: cannot be written: Is a directory" in refused.output


def test_what_was_written_before_an_interrupt_is_told(repo):
    """The first hook mends, last of all the last file; the second is interrupted while it looks at the first ones."""
    repo.config(INSIDE.format(id="trailing-whitespace") + INSIDE.format(id="check-ast"))
    repo.write("z.py", "x = 1 \n")
    for number in range(60):
        repo.write(f"m{number:02}.py", "x = (\n" + "    1,\n" * 8000 + ")\n")
    repo.add()
    with spawned([str(BIN / "gitseq"), "run", "--format", "json"], env=repo.env, cwd=repo.path) as run:
        wait_until(lambda: repo.read("z.py") == b"x = 1\n")
        run.send_signal(signal.SIGTERM)
        out, _ = run.communicate(timeout=60)
    told = {hook["id"]: hook for hook in json.loads(out)["hooks"]}
    assert run.returncode == 128 + signal.SIGTERM
    assert told["trailing-whitespace"]["modified"] == ["z.py"]
    assert [told[one]["status"] for one in told] == ["failed", "failed"]


def test_the_end_of_the_whole_runs_time_is_told_as_that(repo):
    repo.config('[limits]\nrun_timeout = "1ms"\n' + INSIDE.format(id="check-ast"))
    for number in range(40):
        repo.write(f"m{number}.py", "x = (\n" + "    1,\n" * 4000 + ")\n")
    repo.add()
    assert "run_timeout" in " ".join(report(repo)["check-ast"]["reasons"])


def test_a_device_without_an_end_is_not_read_to_its_end(repo):
    repo.config(INSIDE.format(id="check-symlinks"))
    os.symlink("/dev/zero", repo.file("zero"))
    repo.add()
    assert repo.gitseq("run").returncode == 0


def test_a_built_in_hook_by_another_name_in_a_folder(repo):
    repo.config('[[hook]]\nid = "space"\nbuiltin = "trailing-whitespace"\nroot = "sub"\nname = "spaces"\n')
    repo.write("sub/a.txt", "a \n")
    repo.write("b.txt", "b \n")
    repo.add()
    assert report(repo)["space"]["modified"] == ["sub/a.txt"]
    assert repo.read("b.txt") == b"b \n"


def test_a_hook_that_takes_too_long_has_failed_and_is_not_kept(repo):
    repo.config(INSIDE.format(id="check-ast") + 'timeout = "1ms"\n')
    for number in range(40):
        repo.write(f"m{number}.py", "x = (\n" + "    1,\n" * 4000 + ")\n")
    repo.add()
    told = report(repo)["check-ast"]
    assert told["status"] == "failed"
    assert "timed out after 1ms" in told["reasons"][0]
    assert report(repo)["check-ast"]["cached"] == 0


# --- the verb


def test_verify_finds_a_hook_that_depends_on_more_than_it_says(cached, notes, tmp_path):
    cached.gitseq("run", "--all-files", check=True)
    good = cached.gitseq("cache", "verify")
    assert good.returncode == 0
    assert b"no wrong pass: 2 checked again" in good.stdout
    forbidden = tmp_path / "forbidden"
    cached.hook_script("check", f'#!/bin/sh\n! grep -q -f {forbidden} "$@"\n')
    forbidden.write_text("nothing\n")
    cached.gitseq("run", "--all-files", check=True)
    forbidden.write_text("b\n")  # neither an input nor part of the tool
    cached.gitseq("run", "--all-files", check=True)
    wrong = cached.gitseq("cache", "verify")
    assert wrong.returncode == 1
    assert b"check has passed what it fails now" in wrong.stdout


def test_clear_forgets_and_stats_count(cached, notes):
    cached.gitseq("run", check=True)
    before = json.loads(cached.gitseq("cache", "stats", "--json", check=True).stdout)
    assert (before["passes"], before["hooks"]) == (2, 1)
    cached.gitseq("cache", "clear", check=True)
    assert b"passes of files: 0," in cached.gitseq("cache", "stats", check=True).stdout
    shown(notes)
    cached.gitseq("run", check=True)
    assert shown(notes) == ["a.txt", "b.txt"]


def test_a_ledger_that_cannot_be_written_stops_nothing(cached, notes):
    folder = cached.path / ".git/gitseq"
    folder.mkdir(exist_ok=True)
    (folder / "ledger").write_text("in the way")
    done = cached.gitseq("run")
    assert done.returncode == 0
    assert b"could not be kept" in done.stdout


def test_a_commit_without_cached_hooks_loads_nothing_of_the_ledger(repo):
    from tests.e2e.test_light_run import loaded_by_commit

    repo.config('[[hook]]\nid = "plain"\nrun = "true"\n')
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    loaded_by_commit(repo)
    loaded = loaded_by_commit(repo)
    parts = ("ledger", "builtin", "cached", "contents", "inside", "asked", "git.content")
    assert not [name for name in loaded if name.startswith("gitseq.") and any(part in name for part in parts)]


# --- hooks of pre-commit-hooks in a .pre-commit-config.yaml

YAML = """
repos:
- repo: https://example.invalid/pre-commit/pre-commit-hooks
  rev: v6.0.0
  hooks:
  - id: trailing-whitespace
    args: [--markdown-linebreak-ext=md]
"""


def test_hooks_of_pre_commit_hooks_are_answered_without_fetching_anything(repo):
    repo.write(".pre-commit-config.yaml", YAML)
    repo.write("a.txt", "a \n")
    repo.write("b.md", "b  \n")
    repo.add()
    repo.commit("--no-verify")
    told = report(repo, "--all-files")["trailing-whitespace"]
    assert told["modified"] == ["a.txt"]
    assert told["name"] == "trim trailing whitespace"


def test_the_originals_are_wanted_when_the_fast_path_is_declined(repo):
    repo.write(".pre-commit-config.yaml", YAML)
    repo.write("a.txt", "a \n")
    repo.add()
    repo.commit("--no-verify")
    done = repo.gitseq("run", "--all-files", env={"GITSEQ_NO_FAST_PATH": "1"})
    assert done.returncode not in (0, 1)
    assert b"example.invalid" in done.stderr
    assert repo.read("a.txt") == b"a \n"


def test_arguments_that_a_hook_does_not_take_are_told_with_their_line(repo):
    repo.write("gitseq.toml", INSIDE.format(id="check-json") + 'args = ["--nonsense"]\n')
    done = repo.gitseq("validate")
    assert done.returncode == 2
    assert b"gitseq.toml:5" in done.stderr
    assert b"--nonsense" in done.stderr


ALWAYS = """
[[hook]]
id = "look"
run = "look"
pass_filenames = {names}
always_run = true
cache = {cache}
{more}
"""


@pytest.fixture
def looking(repo, tmp_path):
    """A hook that looks at a file nobody told gitseq of, and does not pass without it."""
    seen = tmp_path / "seen"
    seen.write_text("")
    repo.hook_script("look", f"#!/bin/sh\ntest -e {seen}\n")
    return seen


@pytest.mark.parametrize("options", [(), ("--all-files",)], ids=["staged", "all"])
@pytest.mark.parametrize(
    ("names", "cache", "more"),
    [
        ("false", "true", ""),
        ("false", '"tree"', ""),
        ("true", '"tree"', ""),
        ("false", '"tree"', 'inputs = ["no-such-file"]'),
    ],
)
def test_a_pass_that_stands_for_no_content_is_not_kept(repo, looking, names, cache, more, options):
    repo.config(ALWAYS.format(names=names, cache=cache, more=more + '\nfiles = "nothing"'))
    assert report(repo, *options)["look"]["status"] == "passed"
    looking.unlink()
    assert report(repo, *options)["look"]["status"] == "failed"


def test_a_pass_on_inputs_alone_is_kept_until_one_changes(repo, looking):
    repo.commit_file("a.txt", "a\n")
    repo.config(ALWAYS.format(names="false", cache="true", more='inputs = ["*.txt"]'))
    assert report(repo)["look"]["cached"] is not None
    looking.unlink()
    assert report(repo)["look"]["status"] == "passed"
    repo.commit_file("a.txt", "b\n")
    assert report(repo)["look"]["status"] == "failed"


@pytest.mark.parametrize(("more", "count"), [("", 1), ('inputs = ["**"]', 0)])
def test_validate_warns_of_a_cached_hook_that_always_runs(repo, more, count):
    repo.config(ALWAYS.format(names="false", cache="true", more=more))
    told = repo.gitseq("validate", check=True).stdout.decode()
    assert told.count("warning: hook `look` always runs") == count
    assert told.count('inputs = ["**"]') == count


def test_a_built_in_hook_that_looks_at_more_than_content_cannot_be_cached(repo):
    repo.config(INSIDE.format(id="no-commit-to-branch") + "cache = true\n")
    done = repo.gitseq("validate")
    assert done.returncode == 2
    assert b"cache" in done.stderr
    assert b"looks at more than the content of files" in done.stderr


@pytest.mark.parametrize(
    ("ids", "read"),
    [
        (["name-tests-test", "check-added-large-files", "check-symlinks", "check-illegal-windows-names"], set()),
        (["check-added-large-files", "trailing-whitespace"], {"a.txt"}),
        (["forbid-submodules", "trailing-whitespace", "check-symlinks", "end-of-file-fixer"], {"a.txt"}),
    ],
)
def test_no_file_is_read_for_hooks_that_look_at_names(repo, monkeypatch, ids, read):
    repo.commit_file("a.txt", "a\n")
    repo.commit_file("b_test.py", "b\n")
    opened = set()
    really = base._read

    def noted(location, most=None):
        opened.add(os.fsdecode(os.path.basename(location)))
        return really(location, most)

    monkeypatch.setattr(base, "_read", noted)
    chosen = {"trailing-whitespace": "txt$", "end-of-file-fixer": "txt$", "name-tests-test": "py$"}
    chosen |= {"forbid-submodules": "^$", "check-illegal-windows-names": "^$"}
    hooks = tuple(
        Hook(id=one, name=one, argv=(), builtin=one, stages=("pre-commit",), files=chosen.get(one, "")) for one in ids
    )
    done = execute(repo, Plan("gitseq.toml", hooks), {}, Request(STAGES["pre-commit"], select=ALL_FILES))
    assert done.exit_code == 0, done
    assert opened == read


def wait_until_old(*paths):
    """Until a file could not be written again within the same tick of the file system's clock."""
    wait_until(lambda: all(time.time() - path.lstat().st_ctime > 0.05 for path in paths), 5.0, "older files")


LOOKS = '[[hook]]\nid = "looks"\nrun = "./look"\ncache = true\n'


@pytest.mark.parametrize(
    "case", ["ignored", "a link to outside", "a link to outside by a wildcard", "a link it is given"]
)
@pytest.mark.parametrize("how", [(), ("--all-files",)])
def test_a_pass_falls_with_what_the_hook_reads_and_git_does_not_know(repo, notes, case, how):
    repo.write("look", f"#!/bin/sh\necho ran >>{shlex.quote(str(notes))}\n", 0o755)
    beyond = repo.path / "rules" if case == "ignored" else repo.path.parent / "rules"
    beyond.write_text("1")
    repo.write(".gitignore", "rules\n")
    if case != "ignored":
        os.symlink("../rules", repo.path / "link")
    names = {"ignored": '["rules"]', "a link to outside": '["link"]', "a link to outside by a wildcard": '["l*k"]'}
    repo.config(LOOKS + (f"files = '^a.txt$'\ninputs = {names[case]}\n" if case in names else "types = ['symlink']\n"))
    repo.write("a.txt", "a\n")
    repo.add()
    if how:
        repo.commit()
    wait_until_old(repo.path / "a.txt", beyond)
    for expected in (["ran"], [], []):
        repo.gitseq("run", *how, check=True)
        assert shown(notes) == expected
    beyond.write_text("2")
    wait_until_old(beyond)
    repo.gitseq("run", *how, check=True)
    assert shown(notes) == ["ran"]
