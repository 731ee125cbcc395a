"""A bug of ours ends with a report and exit code 70, and costs nobody their work."""

import json

from tests.support.repo import text


def test_a_bug_is_reported_with_a_path_and_never_as_a_traceback(repo):
    repo.config("[[hook]]\nid = 'h'\nrun = 'true'\n", commit=False)
    repo.write("b.txt", "b\n")
    repo.add()
    repo.commit()
    repo.write("b.txt", "unstaged\n")
    repo.write("a.txt", "a\n")
    repo.git("add", "a.txt")
    broken = repo.path.parent / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import gitseq.engine.choose as choose\ndef choose_(self, hook): raise ZeroDivisionError('made')\n"
        "choose.Chooser.choose = choose_\n"
    )
    done = repo.gitseq("run", env={"PYTHONPATH": str(broken)})
    assert done.returncode == 70
    assert "this is a bug in gitseq: ZeroDivisionError: made" in text(done)
    assert "Traceback" not in text(done)
    [report] = (repo.path / ".git/gitseq").glob("crash-*.txt")
    assert str(report) in text(done)
    assert "Traceback" in report.read_text()
    assert (repo.path / "b.txt").read_text() == "unstaged\n"


def test_a_bug_is_on_record_with_every_hook_that_ended_before_it(repo):
    repo.config("[[hook]]\nid = 'first'\nrun = 'true'\n[[hook]]\nid = 'second'\nrun = 'true'\n", commit=False)
    broken = repo.path.parent / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import gitseq.engine.choose as choose\nfirst = choose.Chooser.choose\n"
        "def choose_(self, hook):\n    if hook.id == 'first': return first(self, hook)\n"
        "    raise ZeroDivisionError('made')\n"
        "choose.Chooser.choose = choose_\n"
    )
    assert repo.gitseq("run", "--all-files", env={"PYTHONPATH": str(broken)}).returncode == 70
    told = [json.loads(line) for line in (repo.path / ".git/gitseq/journal/journal.jsonl").read_text().splitlines()]
    assert [(line["event"], line.get("hook", "")) for line in told][-3:] == [
        ("hook-start", "first"),
        ("hook-end", "first"),
        ("refusal", ""),
    ]
    assert told[-1]["problem"] == ["a bug in gitseq: ZeroDivisionError: made"]


def test_a_staged_file_that_is_deleted_in_the_work_tree_is_still_checked(repo):
    repo.config("[[hook]]\nid = 'no'\nrun = 'false'\nfiles = 'a.txt'\n")
    repo.write("a.txt", "a\n")
    repo.git("add", "a.txt")
    (repo.path / "a.txt").unlink()
    assert repo.gitseq("run").returncode == 1
    assert not (repo.path / "a.txt").exists()
