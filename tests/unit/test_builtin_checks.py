"""Built-in hooks on their own: what agreement with pre-commit-hooks does not show."""

import io
import json
import os
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitseq.builtin import base, markers, registry
from gitseq.builtin.base import CLEAN, Batch, Context, File, Finding, PerFile
from tests.support.agreement import run_check
from tests.support.samples import SAMPLES, contents
from tests.unit.test_light_imports import HOT_STDLIB, bare, modules_after

ROOT = Path(__file__).parents[2]


def no_git(arguments, stdin=b""):
    if arguments[0] == b"stripspace":
        kept = [line.rstrip() for line in stdin.split(b"\n") if not line.startswith(b"#")]
        return b"\n".join(kept).strip(b"\n") + b"\n"
    return b""


def context(**changes) -> Context:
    return Context(no_git, b"/nowhere", {}).replace(**changes)


def checked(name: str, content: bytes, *args: str, path: bytes = b"f.txt") -> Finding:
    check = registry.load(name, args)
    check.begin(context())
    file = File(path, 0o100644)
    file.put(content)
    return check.check_file(file)


# --- many files at once


@given(data=st.data(), name=st.sampled_from(sorted(SAMPLES)))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_file_that_is_no_suspect_is_clean(data, name):
    sample = SAMPLES[name]
    check = registry.load(name, data.draw(st.sampled_from(sample.args)))
    if not isinstance(check, PerFile) or check.begin(context()) is not None:
        return
    files = []
    for content in data.draw(st.lists(contents(name), max_size=4)):
        files.append(File(data.draw(st.sampled_from(sample.names)), 0o100644))
        files[-1].put(content)
    suspects = check.suspects(Batch(files))
    assert [file for file in files if file in suspects] == suspects
    for file in files:
        assert file in suspects or check.check_file(file) is CLEAN


@pytest.mark.parametrize("name", ["trailing-whitespace", "mixed-line-ending", "end-of-file-fixer"])
def test_a_line_end_between_two_files_hides_nothing(name):
    files = [File(b"a", 0), File(b"b", 0), File(b"c", 0)]
    for file, content in zip(files, (b"a \r", b"a ", b"a\r\n"), strict=True):
        file.put(content)
    check = registry.load(name, ())
    suspects = check.suspects(Batch(files))
    assert all(file in suspects for file in files if check.check_file(file) is not CLEAN)


def test_clean_files_are_told_from_many_at_once_and_one_by_one_where_a_file_was_not_read():
    files = [File(b"a", 0), File(b"b", 0)]
    for file in files:
        file.put(b"a\n")
    for name in ("trailing-whitespace", "mixed-line-ending", "detect-private-key", "end-of-file-fixer"):
        assert registry.load(name, ()).suspects(Batch(files)) == []
        gone = File(b"gone", 0)
        assert gone in registry.load(name, ()).suspects(Batch([*files, gone]))


# --- one read


def test_neighbours_share_one_read(tmp_path):
    (tmp_path / "f").write_bytes(b"a \n")
    file = File(b"f", 0, os.fsencode(tmp_path))
    found = registry.load("trailing-whitespace", ()).check_file(file)
    (tmp_path / "f").unlink()
    assert registry.load("end-of-file-fixer", ()).check_file(file) is CLEAN
    assert found.fixed == b"a\n"


def test_a_fix_is_what_the_next_hook_sees():
    file = File(b"f")
    file.put(b"a\n \n")
    found = registry.load("trailing-whitespace", ()).check_file(file)
    assert found.fixed is not None
    file.put(found.fixed)
    assert registry.load("end-of-file-fixer", ()).check_file(file).fixed == b"a\n"


@pytest.mark.parametrize(
    "name",
    "trailing-whitespace end-of-file-fixer check-yaml check-json check-toml check-merge-conflict check-case-conflict "
    "check-added-large-files mixed-line-ending detect-private-key no-commit-to-branch".split(),
)
def test_the_hooks_that_most_have_load_nothing_heavy(name):
    args = {"check-added-large-files": ["--maxkb=600"], "no-commit-to-branch": ["--branch", "main"]}.get(name, [])
    code = f"from gitseq.builtin.registry import load\nload({name!r}, {args!r})"
    extra = {each for each in modules_after(code, [str(ROOT)]) - bare() - HOT_STDLIB if not each.startswith("gitseq")}
    assert not extra


@pytest.mark.parametrize("index", [b"a.toml\0", b"a.tomlet\0b.py\0"])
def test_a_parser_is_loaded_ahead_only_where_a_file_needs_it(index):
    code = f"from gitseq.builtin.registry import prepare\nprepare('check-toml', {index!r})"
    wanted = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    assert (wanted in modules_after(code, [str(ROOT), *sys.path])) == (b".toml\0" in index)


@pytest.mark.parametrize("marker", [*markers._KEYS_BEGIN, markers._PUTTY])
def test_every_marker_of_a_private_key_is_found_in_little_and_in_much(marker):
    check = registry.load("detect-private-key", ())
    for text in (marker, b"x" * (1 << 15) + marker, marker + b"\n" * (1 << 15)):
        file = File(b"f")
        file.put(text)
        assert check.suspects(Batch([file])) == [file]
        assert check.check_file(file).exit_code == 1


# --- large files


BY_LINES = [
    "trailing-whitespace",
    "end-of-file-fixer",
    "mixed-line-ending",
    "fix-byte-order-marker",
    "check-merge-conflict",
    "check-vcs-permalinks",
    "detect-private-key",
    "detect-aws-credentials",
    "check-executables-have-shebangs",
    "check-shebang-scripts-are-executable",
    "check-xml",
]


@pytest.mark.parametrize("name", BY_LINES)
def test_a_large_file_gets_the_verdict_of_a_small_one(name, tmp_path, monkeypatch):
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(contents(name), min_size=1, max_size=3).map(b"\n".join), st.sampled_from(SAMPLES[name].args))
    def same(content, args):
        with_secret = context(env={b"AWS_SECRET_ACCESS_KEY": b"AKIAsecret"}, top=os.fsencode(tmp_path))
        both = []
        for shared in (1 << 20, 8):
            with monkeypatch.context() as patched:
                patched.setattr(base, "SHARED", shared)
                patched.setattr(base, "BLOCK", 16)
                (tmp_path / "f.md").write_bytes(content)
                file = File(b"f.md", 0o100644, os.fsencode(tmp_path))
                both.append(
                    (run_check(registry.load(name, args), [file], with_secret), (tmp_path / "f.md").read_bytes())
                )
        assert both[0] == both[1]

    same()


@pytest.mark.parametrize("block", [1 << 20, 16])
def test_a_marked_file_that_is_not_text_is_told_its_first_such_byte_however_large_it_is(block, tmp_path, monkeypatch):
    monkeypatch.setattr(base, "SHARED", block)
    monkeypatch.setattr(base, "BLOCK", block)
    content = b"\xef\xbb\xbf" + b"line\n" * 40 + b"\xff"
    (tmp_path / "f.md").write_bytes(content)
    file = File(b"f.md", 0o100644, os.fsencode(tmp_path))
    told = run_check(registry.load("fix-byte-order-marker", []), [file], context(top=os.fsencode(tmp_path)))
    assert b"byte 203 is not UTF-8" in told.output
    assert (tmp_path / "f.md").read_bytes() == content


@pytest.mark.parametrize("name", [*BY_LINES, "forbid-pattern", "require-pattern"])
def test_memory_does_not_grow_with_a_large_file(name, tmp_path, monkeypatch):
    monkeypatch.setattr(base, "SHARED", 1 << 18)
    monkeypatch.setattr(base, "BLOCK", 1 << 16)
    with open(tmp_path / "f", "wb") as stream:
        stream.write(b"<a>\n" + b"text without end \r\n" * 150_000 + b"</a>\n\n")
    file = File(b"f", 0o100644, os.fsencode(tmp_path))
    check = registry.load(name, ["no such text"] if name.endswith("-pattern") else [])
    tracemalloc.start()
    found = check.check_file(file)
    written = sum(map(len, found.fixed)) if found.fixed is not None else 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000, f"{peak:,} bytes for a file of {file.size():,}"
    assert not found.fixed or written > 2_000_000


def test_what_must_be_seen_whole_is_refused_above_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "SHARED", 8)
    (tmp_path / "f").write_bytes(b"[1, 2, 3, 4]\n")
    file = File(b"f", 0, os.fsencode(tmp_path))
    check = registry.load("check-json", ())
    assert check.check_file(file) is CLEAN
    check.limit = 10
    found = check.check_file(file)
    assert found.exit_code == 1
    assert found.output.startswith(b"f: too large to check")


# --- JSON without `json`

_JSON_WORDS = (
    *(b'{"a": 1}', b'{"a": 1, "a": 2}', b"[]", b"[1, ", b"]", b"NaN", b"-Infinity", b"1e999", b"0", b'"\\ud800"'),
    *(b'"\xed\xa0\x80"', b'"\xc3\xa9"', b'"\xff"', b'"\t"', b" ", b"\n", b"\r\n", b"\x0c", b"\xef\xbb\xbf", b"\0"),
)
_JSON_PARTS = st.lists(st.sampled_from(_JSON_WORDS), max_size=4).map(b"".join)


@given(
    st.one_of(
        _JSON_PARTS,
        _JSON_PARTS.map(lambda text: text.decode("utf-8", "replace").encode("utf-16")),
        _JSON_PARTS.map(lambda text: text.decode("utf-8", "replace").encode("utf-32-le")),
    )
)
def test_json_passes_and_fails_in_the_words_of_the_library(content):
    def unique(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"Duplicate key: {key}")
            seen.add(key)

    try:
        json.loads(content, object_pairs_hook=unique)
        expected = CLEAN
    except ValueError as error:
        expected = Finding(f"f.json: Failed to json decode ({error})\n".encode(), 1)
    assert checked("check-json", content, path=b"f.json") == expected


def test_clean_json_is_checked_without_the_library():
    code = """
from gitseq.builtin import registry
from gitseq.builtin.base import CLEAN, File
file = File(b"f.json")
file.put(b'[{"a": [1.5, NaN, null]}]\\n')
assert registry.load("check-json", ()).check_file(file) is CLEAN
"""
    assert not {"json", "re", "importlib"} & (modules_after(code, [str(ROOT)]) - bare())


# --- whatever a file holds


def _merging(name: int, times: int) -> bytes:
    return b"%c: &%c {<<: [%s]}\n" % (name, name, b", ".join([b"*%c" % (name - 1)] * times))


_DEEP = [b"x" + b".a" * 50_000] if sys.version_info >= (3, 11) else []
"""Python 3.10 reads it without complaint."""

HOSTILE = {
    "check-json": [b"[" * 100_000, b'{"a":' * 50_000, b"1" * 5_000],
    "pretty-format-json": [b"[" * 50_000, b'[{"a": 1, "a": {}, "b": []}, {"a": {}, "a": []}]'],
    "check-toml": [b"a=" + b"[" * 50_000, b"a" + b".a" * 20_000 + b"=1", b"\xff"],
    "check-yaml": [
        b"- " * 3_000,
        b"a: &a {k: 1}\n" + b"".join(_merging(name, 99) for name in b"bcdefghij"),
        b"a: " + b"9" * 9_999,
        b"\xff",
    ],
    "check-xml": [
        b'<!DOCTYPE l [<!ENTITY a "lol">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(9))
        + b"]><l>&j;</l>",
        b"\0",
    ],
    "check-ast": [b"(" * 9_999, b"-" * 50_000 + b"1", *_DEEP, b"x = '\\d'\n\xff", b"\0"],
    "debug-statements": [b"1" + b"+1" * 50_000 + b";breakpoint(", b"\0"],
    "check-builtin-literals": [b"(", b"\0"],
    "check-docstring-first": [b"(", b"'''", b"\xff"],
    "double-quote-string-fixer": [b'"""', b"\xff", b'"a"\n  "b"\n c'],
    "fix-byte-order-marker": [b"\xef\xbb\xbf\xff"],
    "requirements-txt-fixer": [b"; a\n; b\n"],
    "sort-simple-yaml": [b"\xff"],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_file_that_breaks_a_parser_fails_its_hook_with_words(name, recwarn):
    for content in HOSTILE[name]:
        found = checked(name, content)
        assert found.exit_code == 1, content[:40]
        assert found.fixed is None
        assert found.output.strip()
        assert b"Traceback" not in found.output
    assert not recwarn.list


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"check-symlinks", "name-tests-test"}))
def test_a_file_that_cannot_be_read_is_a_failure_with_words(name, tmp_path):
    check = registry.load(name, ["--assume-in-merge"] if name == "check-merge-conflict" else [])
    found = check.check_file(File(b"gone", 0, os.fsencode(tmp_path)))
    (tmp_path / "folder").mkdir()
    assert b"gone: cannot be read: No such file" in found.output
    for path in (b"gone", b"folder"):
        assert check.check_file(File(path, 0, os.fsencode(tmp_path))).exit_code == 1


def test_an_external_entity_is_not_read(tmp_path):
    (tmp_path / "secret").write_text("<")
    content = f'<!DOCTYPE a [<!ENTITY b SYSTEM "file://{tmp_path}/secret">]><a>&b;</a>'.encode()
    assert checked("check-xml", content) is CLEAN


# --- our own


def test_forbidden_lines_are_shown_with_their_numbers():
    content = b"ok\nno TODO here\r\nok\ntodo and TODO"
    found = checked("forbid-pattern", content, "TODO", "FIXME", "todo and")
    assert found.output == b"f.txt:2:no TODO here\nf.txt:4:todo and TODO\n"
    assert checked("forbid-pattern", content, "^TODO") is CLEAN
    assert checked("forbid-pattern", content, "-i", "^TODO").output == b"f.txt:4:todo and TODO\n"
    assert checked("forbid-pattern", content, r"here\s+ok").output == b"f.txt:2:no TODO here\n"


def test_a_missing_pattern_names_the_file_and_the_pattern():
    assert checked("require-pattern", b"# Copyright 2026\n", "^# Copyright [0-9]+$") is CLEAN
    found = checked("require-pattern", b"x = 1\n", "Copyright", "x")
    assert found.output == b"f.txt: no match for Copyright\n"


def test_the_users_own_words_come_last_and_only_after_a_failure():
    check = registry.load("forbid-pattern", ["--message", "Say it otherwise.", "x"])
    for content, words in ((b"x", b"Say it otherwise.\n"), (b"y", b"")):
        file = File(b"f")
        file.put(content)
        check.check_file(file)
        assert check.end(context()).output == words


GOOD = [
    "feat: add x",
    "fix(core)!: drop y\n\nBREAKING CHANGE: y",
    "Fix: case does not count",
    "docs(a b): x",
    "Merge branch 'a'",
    'Revert "feat: x"',
    "fixup! anything",
    "# comment\nfeat: after a comment\n# more",
    "feat: x\n# ------------------------ >8 ------------------------\nno empty line",
    "",
]
BAD = [
    ("add x", "no ':'"),
    ("feature: x", "'feature' is not one of the types"),
    ("feat:x", "blank and a description"),
    ("feat: ", "description"),
    ("feat(): x", "scope"),
    ("feat(a: x", "scope"),
    ("feat: x\nbody at once", "second line"),
    (": x", "'' is not one of the types"),
]


def judged(message: str, tmp_path, *args: str) -> Finding:
    (tmp_path / "MSG").write_text(message)
    there = context(arguments=(os.fsencode(tmp_path / "MSG"),))
    return registry.load("conventional-commit", args).check([], there)


@pytest.mark.parametrize("message", GOOD)
def test_conventional_messages_pass(message, tmp_path):
    assert judged(message, tmp_path) is CLEAN


@pytest.mark.parametrize(("message", "reason"), BAD)
def test_other_messages_are_refused_with_the_reason(message, reason, tmp_path):
    found = judged(message, tmp_path)
    assert found.exit_code == 1
    assert reason in found.output.decode()


def test_types_and_scopes_can_be_chosen(tmp_path):
    assert judged("wip: x", tmp_path, "wip", "feat") is CLEAN
    assert judged("fix: x", tmp_path, "wip", "feat").exit_code == 1
    assert judged("feat: x", tmp_path, "--force-scope").exit_code == 1
    assert judged("feat(db): x", tmp_path, "--scopes", "api, db") is CLEAN
    assert judged("feat(ui): x", tmp_path, "--scopes=api,db").exit_code == 1
    assert judged("Merge branch 'a'", tmp_path, "--strict").exit_code == 1


def test_a_message_hook_without_a_message_says_where_it_belongs():
    found = registry.load("conventional-commit", ()).check([], context())
    assert b"commit-msg" in found.output


# --- quotes: where pre-commit-hooks loses count of the lines


def test_quotes_are_changed_in_the_right_place_after_a_form_feed():
    source = 'x = 1\n\x0c\ny = "a"\n# \u2028\nz = "b"\n'
    fixed = checked("double-quote-string-fixer", source.encode()).fixed
    assert fixed == source.replace('"', "'").encode()
    assert isinstance(fixed, bytes)
    compile(io.BytesIO(fixed).read(), "f", "exec")


def test_what_parses_is_parsed_once_unless_its_tree_is_needed(monkeypatch):
    from gitseq.builtin import python

    trees = []
    real = python._tree
    monkeypatch.setattr(python, "_tree", lambda file, content: trees.append(content) or real(file, content))
    ast, debug = (registry.load(name, ()) for name in ("check-ast", "debug-statements"))
    for source, expected in ((b"quick = unique\n", 1), (b"import os, q\n", 2), (b"x = '\xc3\xa9'\n", 2), (b"x = (", 2)):
        file = File(b"f.py")
        file.put(source)
        trees.clear()
        ast.check_file(file)
        debug.check_file(file)
        assert len(trees) == expected, source
    file.put(b"x = 1\n")
    assert ast.check_file(file) is CLEAN
    file.put(b"x = (\n")
    assert ast.check_file(file).exit_code == 1
