"""The pictures of the README: made of real output, and the committed ones show what they should."""

import html
import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.tmux import AVAILABLE

DOCS = Path(__file__).parents[2] / "docs"
BYTES = 60_000

SHOWS = {
    "run": (
        r'^\$ git commit -m "Greet you"$',
        r"^\[INFO\] Waiting for our turn: position 1 of 1; pid \d+ has been running \./run-tests for",
        r"gitseq status, or live: gitseq monitor",
        r"^syntax\.+Passed$",
        r"^tidy\.+Passed$",
        r"^- fixed and staged: greet\.sh$",
        r"^no-todo\.+Failed$",
        r"^NOTES\.md:2:TODO",
        r"^next: .*gitseq run no-todo$",
    ),
    "monitor": (
        r"^gitseq monitor  ~/greetings",
        r"tests \(4 of 4\), run pre-commit",
        r"memory █+░+ 2\d\d MiB of 1 GiB",
        r"└ sleep 300",
        r"Waiting: 3",
        r"1\. .*make lint",
        r"3\. .*git commit -m Cats",
        r"failed  no-todo  pre-commit",
        r"q quit   c cancel   k kill",
    ),
}


@pytest.fixture(scope="module")
def pictures():
    spec = importlib.util.spec_from_file_location("gitseq_pictures", DOCS / "pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(svg: str) -> "list[str]":
    """The lines a picture shows, from top to bottom; each text stands in the column where it is drawn."""
    found: "dict[float, str]" = {}
    text = r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>([^<]+)</text>'
    for x, y, length, raw in re.findall(text, svg):
        words = html.unescape(raw).replace("\xa0", " ")
        column = round(float(x) / (float(length) / len(words)))
        found[float(y)] = found.get(float(y), "").ljust(column) + words
    return [found[y] for y in sorted(found)]


def check(name: str, svg: str) -> None:
    """A picture shows what it should, is small, and loads nothing from anywhere."""
    ElementTree.fromstring(svg)
    shown = "\n".join(rows(svg))
    for pattern in SHOWS[name]:
        assert re.search(pattern, shown, re.M), f"{pattern!r} is not in:\n{shown}"
    assert "/tmp" not in shown
    assert len(svg.encode()) < BYTES
    assert not re.search(r"@font-face|url\((?!#)|href|http(?!://www\.w3\.org/2000/svg)", svg)
    plain = 6  # the window's ground, its frame, its three buttons, the text
    assert len(set(re.findall(r'fill(?:: |=")(#[0-9a-f]{6})', svg))) > plain, "it has no colours"


@pytest.mark.parametrize("name", SHOWS)
def test_the_committed_picture_shows_what_it_should(name):
    check(name, (DOCS / "images" / f"{name}.svg").read_text())


@pytest.mark.skipif(not AVAILABLE, reason="needs tmux")
def test_the_script_makes_such_pictures(pictures, tmp_path):
    pictures.make(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor.svg", "run.svg"]
    for name in SHOWS:
        check(name, (tmp_path / f"{name}.svg").read_text())


def test_a_picture_that_shows_something_else_is_noticed(pictures):
    with pytest.raises(AssertionError, match="is not in"):
        check("run", pictures.svg(["\x1b[32mnothing of it\x1b[0m"], "run", "git commit"))
