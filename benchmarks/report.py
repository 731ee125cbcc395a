"""What has been measured: stored as JSON, told as tables, drawn as pictures, made into a page of the documentation."""

import json
import os
from itertools import groupby
from pathlib import Path
from typing import Any

import chart
import measure
from measure import Row
from workload import Workload

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks/results/latest.json"
QUICK_RESULTS = ROOT / "benchmarks/results/quick.json"
PAGE = ROOT / "docs/explanation/benchmarks.md"
IMAGES = ROOT / "docs/images"


_INTRODUCTION = """\
# Benchmarks

This page is made by `make bench` out of `benchmarks/results/latest.json`, which holds every round. Contenders take
turns within each round, so that a noisy moment hits them alike; seconds belong to the machine, **ratios travel**.

`make bench` fetches the peers from PyPI and npm and takes about a quarter of an hour. Some workloads anew, the rest as
it is stored: `make bench ARGS="--only W1,W4"`. `make bench-quick` is a glance of less than three minutes, which leaves
this page alone.
"""


def entry(rows: "list[Row]", known: "dict[str, Any]") -> "dict[str, Any]":
    """A workload's part of the results; `known` is what else is to be kept with its rows."""
    kept = [
        {**row._asdict(), "walls": [round(wall, 5) for wall in row.walls], "more": _rounded(row.more)} for row in rows
    ]
    return {**known, "rows": kept}


def _rounded(more: "dict[str, float | str]") -> "dict[str, float | str]":
    return {head: value if isinstance(value, str) else round(value, 3) for head, value in more.items()}


def load(path: Path) -> "dict[str, dict[str, Any]]":
    """Entries by name of workload; none where nothing has been stored."""
    return json.loads(path.read_text()) if path.exists() else {}


def store(path: Path, name: str, new: "dict[str, Any]") -> None:
    """Put one workload's entry into the results; the others stay as they are."""
    stored = {**load(path), name: new}
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(_json(dict(sorted(stored.items()))))
    os.replace(fresh, path)


def _json(stored: "dict[str, Any]") -> str:
    """A line for each row: a difference is read as one."""
    parts = []
    for name, one in stored.items():
        rows = ",\n".join("   " + json.dumps(row) for row in one["rows"])
        head = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in one.items() if key != "rows")
        parts.append(f' {json.dumps(name)}: {{\n{head}  "rows": [\n{rows}\n  ]\n }}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def rows_of(one: "dict[str, Any]") -> "list[Row]":
    return [Row(**row) for row in one["rows"]]


# --- words --------------------------------------------------------------------------------------------


def tables(workload: Workload, rows: "list[Row]") -> str:
    """What a workload found, as Markdown."""
    if workload.outcomes:
        return _outcomes(rows)
    parts = []
    for case, group in groupby(rows, key=lambda row: row.case):
        parts.append(f"**{case}**\n\n{_case_table(workload, list(group))}")
    return "\n\n".join(parts)


def _case_table(workload: Workload, rows: "list[Row]") -> str:
    base = next((measure.median(row.walls) for row in rows if row.contender == workload.base), None)
    heads = list(dict.fromkeys(head for row in rows for head in row.more))
    ratio = [f"x {workload.base}"] if base else []
    scale = 1000 if workload.unit == "ms" else 1
    lines = []
    for row in rows:
        middle = measure.median(row.walls)
        cells = [row.contender, number(middle * scale), number(min(row.walls) * scale)]
        cells += [f"{middle / base:.2f}"] if base else []
        lines.append([*cells, *(number(row.more.get(head, "")) for head in heads)])
    return measure.table(["", f"median {workload.unit}", f"min {workload.unit}", *ratio, *heads], lines)


def _outcomes(rows: "list[Row]") -> str:
    names = list(dict.fromkeys(row.contender for row in rows))
    cells = {(row.case, row.contender): str(row.more["outcome"]) for row in rows}
    cases = dict.fromkeys(row.case for row in rows)
    return measure.table(
        ["the hook", *names], [[case, *(cells.get((case, name), "") for name in names)] for case in cases]
    )


def number(value: "float | str") -> str:
    """Three digits that count, and no more than two behind the point; what is counted, whole."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdicts(workload: Workload, rows: "list[Row]") -> "list[str]":
    """How gitseq stands to its budgets, for who works on it."""
    walls = {(row.case, row.contender): measure.median(row.walls) for row in rows}
    found = []
    for case, peer, most in workload.budgets:
        if {(case, "gitseq"), (case, peer)} <= walls.keys():
            ratio = walls[case, "gitseq"] / walls[case, peer]
            word = "within" if ratio <= most else "OVER"
            found.append(f"{case}: gitseq is at {ratio:.2f} x {peer}, {word} the budget of {most} x")
    return found


def how(one: "dict[str, Any]") -> str:
    """When, how often and how long."""
    rounds = max(len(row["walls"]) for row in one["rows"])
    short = ", the short form" if one["quick"] else ""
    return f"{one['taken']}, {rounds} round{'s' * (rounds > 1)}, {one['seconds']:.0f} s in all{short}"


def where(one: "dict[str, Any]") -> str:
    """The machine and the versions."""
    return f"{measure.in_words(one['machine'])}; " + ", ".join(
        f"{name} {told}" for name, told in one["versions"].items()
    )


# --- the page and its pictures -------------------------------------------------------------------------

_PICTURES = {"W1": "startup.svg", "W4": "contention.svg"}


def page(stored: "dict[str, dict[str, Any]]", workloads: "tuple[Workload, ...]") -> str:
    """The page of the documentation."""
    measured = [workload for workload in workloads if workload.name in stored]
    places = [where(stored[workload.name]) for workload in measured]
    usual = max(places, key=places.count)
    parts = [_INTRODUCTION.rstrip(), f"Measured on: {usual}."]
    for workload in measured:
        one = stored[workload.name]
        parts.append(f"## {workload.name}: {workload.title}")
        parts.append(workload.about)
        elsewhere = "" if where(one) == usual else f"; on {where(one)}"
        parts.append(f"({how(one)}{elsewhere})")
        if workload.name in _PICTURES:
            parts.append(f"![{workload.title}](../images/{_PICTURES[workload.name]})")
        parts.append(tables(workload, rows_of(one)))
    return "\n\n".join(parts) + "\n"


def pictures(stored: "dict[str, dict[str, Any]]") -> "dict[str, str]":
    """SVG by file name, of those workloads that have one and have been measured."""
    draw = {"W1": _startup, "W4": _contention}
    return {_PICTURES[name]: draw[name](rows_of(stored[name])) for name in draw if name in stored}


def _startup(rows: "list[Row]") -> str:
    shown = [
        chart.Panel(case, {row.contender: measure.median(row.walls) * 1000 for row in group})
        for case, group in groupby(rows, key=lambda row: row.case)
    ]
    return chart.panels("git commit of one file with no-op hooks, median milliseconds", shown, highlight="gitseq")


def _contention(rows: "list[Row]") -> str:
    def column(head: str) -> "dict[str, float]":
        return {row.contender: float(row.more[head]) for row in rows}

    shown = [
        chart.Panel("peak memory, MiB", column("peak MiB")),
        chart.Panel("peak processes", column("peak processes")),
        chart.Panel("first one back, s", column("first back s")),
        chart.Panel("all through, s", {row.contender: measure.median(row.walls) for row in rows}),
    ]
    return chart.panels(f"{rows[0].case}, at once", shown, highlight="gitseq")


def publish(stored: "dict[str, dict[str, Any]]", workloads: "tuple[Workload, ...]") -> None:
    """Write the page and its pictures."""
    PAGE.write_text(page(stored, workloads))
    for name, svg in pictures(stored).items():
        (IMAGES / name).write_text(svg)
