import pytest

from gitseq.core import ledger_keys
from gitseq.model import Hook, Plan, Project

HOOK = Hook(id="a", name="a", argv=("check",))


@pytest.mark.parametrize(
    "change", [{"argv": ("check", "-v")}, {"shell": True}, {"env": (("A", "1"),)}, {"root": "sub"}]
)
def test_what_a_hook_does_is_in_its_definition(change):
    assert ledger_keys.definition(HOOK.replace(**change)) != ledger_keys.definition(HOOK)


@pytest.mark.parametrize("change", [{"id": "b"}, {"timeout": 3.0}, {"stages": ("manual",)}, {"files": "x"}])
def test_names_limits_stages_and_filters_are_not(change):
    assert ledger_keys.definition(HOOK.replace(**change)) == ledger_keys.definition(HOOK)


@pytest.mark.parametrize("change", [{"files": "x"}, {"types": ("text",)}, {"cache": "tree"}])
def test_filters_are_in_the_key_of_a_whole_tree(change):
    plan = Plan("", ())
    assert ledger_keys.filters(HOOK.replace(**change), plan) != ledger_keys.filters(HOOK, plan)
    assert ledger_keys.filters(HOOK, plan.replace(exclude="y")) != ledger_keys.filters(HOOK, plan)
    assert ledger_keys.filters(HOOK, plan.replace(tags_stamp="1")) != ledger_keys.filters(HOOK, plan)


def test_projects_are_in_the_key_of_a_whole_tree():
    plan = Plan("", (), projects=(Project("api", "api/gitseq.toml"),))
    others = [plan.replace(projects=()), plan.replace(projects=(Project("api", "api/gitseq.toml", orphan=True),))]
    keys = {ledger_keys.filters(HOOK, one) for one in (plan, *others)}
    assert len(keys | {ledger_keys.filters(HOOK.replace(project="api"), plan)}) == 4


def test_every_field_of_a_hook_that_is_new_counts():
    known = ledger_keys._SAYS_NOTHING | ledger_keys._FILTERS
    assert known <= set(Hook._fields)


def test_where_a_part_ends_counts():
    assert ledger_keys.digest(b"ab", b"c") != ledger_keys.digest(b"a", b"bc")


def test_path_mode_and_content_each_make_another_key():
    lines = {
        ledger_keys.file_line(*one) for one in ((0o100644, b"1", b"a"), (0o100755, b"1", b"a"), (0o100644, b"2", b"a"))
    }
    assert len(set(ledger_keys.file_keys(lines))) == 3


def test_terminal_and_commit_do_not_matter_but_other_variables_do():
    base = {b"PATH": b"/bin", b"A": b"1"}
    same = {**base, b"TERM": b"x", b"GIT_INDEX_FILE": b"y", b"PATH": b"/usr/lib/git-core:/bin"}
    assert ledger_keys.environment(base) == ledger_keys.environment(same)
    assert ledger_keys.environment(base) != ledger_keys.environment({**base, b"A": b"2"})
    assert ledger_keys.environment(base) != ledger_keys.environment({**base, b"PATH": b"/sbin"})


def test_order_of_a_set_does_not_matter():
    assert ledger_keys.set_key([b"1" * 16, b"2" * 16]) == ledger_keys.set_key([b"2" * 16, b"1" * 16])


def test_many_files_have_the_keys_that_each_has():
    lines = [ledger_keys.file_line(0o100644, b"%040d" % number, b"%d.txt" % number) for number in range(5)]
    assert ledger_keys.file_keys(lines) == [ledger_keys.file_key(line) for line in lines]
    assert len(set(ledger_keys.file_keys(lines))) == 5
