from gitseq.core import text
from gitseq.model import Hook, Verdict

HOOK = Hook("ruff", "ruff check", ("ruff",))


def test_a_line_is_79_columns_like_pre_commits():
    line = text.start("name", 80) + text.ending(Verdict(hook=HOOK, status="passed"), colour=False)
    assert line == "name" + "." * 69 + "Passed"
    assert len(line) == 79


def test_a_skipped_line_gives_its_reason_before_the_word():
    line = text.skipped(Verdict(hook=HOOK, status="skipped", reason="no files to check"), 80, colour=False)
    assert line == "ruff check" + "." * 43 + "(no files to check)Skipped"
    assert len(line) == 79


def test_a_long_name_widens_all_lines():
    long = Hook("x", "x" * 70, ("x",))
    assert text.columns((HOOK, long)) == 70 + 3 + len("(no files to check)") + 1 + len("Skipped")
    assert text.columns((HOOK,)) == 80


def test_a_hook_that_waits_for_memory_says_how_much_and_until_when():
    waits = text.waits_for_memory(HOOK.replace(min_free_memory=4 << 30, memory_wait=90.0), 1 << 30)
    assert waits == "ruff check waits for memory: 1 GiB free, 4 GiB wanted; starts after 1m 30s anyway"


def test_a_notice_is_marked_by_its_level_and_coloured_only_on_demand():
    assert text.notice("warning", "look out", colour=False) == "[WARNING] look out"
    colours = {level: text.notice(level, "x", colour=True) for level in ("info", "warning", "error")}
    assert all(f"[{level.upper()}]\033[m x" in told for level, told in colours.items())
    assert len({told.partition("m")[0] for told in colours.values()}) == 3


def test_wide_characters_take_two_columns():
    assert text.width("日本") == 4
    assert text.width("é") == 1
    assert len(text.start("日本", 80)) == len(text.start("abcd", 80)) - 2


def test_details_stand_under_a_failure_in_pre_commits_order():
    told = Verdict(hook=HOOK, status="failed", exit_code=2, modified=(b"a\nb", b"\xff"), duration=0.014)
    assert text.details(told, verbose=True, colour=False) == [
        "- hook id: ruff",
        "- duration: 0.01s",
        "- exit code: 2",
        "- files were modified by this hook",
        "    a\\nb",
        "    \\xff",
    ]


def test_a_pass_has_no_details_unless_asked_for():
    assert text.details(Verdict(hook=HOOK, status="passed"), verbose=False, colour=False) == []
    assert text.details(Verdict(hook=HOOK, status="passed"), verbose=True, colour=False) == [
        "- hook id: ruff",
        "- duration: 0s",
    ]


def test_many_modified_files_are_counted_not_listed():
    told = Verdict(hook=HOOK, status="failed", modified=tuple(b"%d" % n for n in range(25)))
    assert text.details(told, verbose=False, colour=False)[-1] == "    and 15 more"


def test_colour_is_put_around_words_only():
    assert text.ending(Verdict(hook=HOOK, status="failed"), colour=True) == "\033[41mFailed\033[m"


def test_a_text_that_is_too_long_loses_its_end_not_its_line():
    assert text.shortened("waiting", 7) == "waiting"
    assert text.shortened("waiting for", 8) == "waiti..."
    assert text.width(text.shortened("日本日本日本", 9)) <= 9


def test_a_hook_that_passed_all_of_its_files_before_says_so_in_79_columns():
    line = text.passed_before(Verdict(hook=HOOK, status="passed"), 80, colour=False)
    assert line == "ruff check" + "." * 54 + "Passed (cached)"


def test_a_hook_that_passed_some_of_its_files_before_tells_how_many_it_checked():
    told = text.details(Verdict(hook=HOOK, status="passed", files=2000, cached=500), verbose=False, colour=False)
    assert told == ["- 1,500 of 2,000 files checked"]
