"""The benchmark tool itself: what it stores is what it shows, and the page of the documentation is made of it."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def bench():
    """The command's module, found as when it is run."""
    sys.path.insert(0, str(TOOL))
    try:
        yield importlib.import_module("bench")
    finally:
        sys.path.remove(str(TOOL))
        for script in TOOL.glob("*.py"):  # their names are too common to be left to other tests
            sys.modules.pop(script.stem, None)


def entry(bench, *rows, **other):
    """Stored results of one workload, as of a made-up machine."""
    machine = dict.fromkeys(("cores", "memory", "system", "git", "python", "file system"), "2")
    known = {"taken": "2026-01-01", "seconds": 9.0, "quick": False, "machine": machine, "versions": {"prek": "1"}}
    return bench.report.entry(list(rows), {**known, **other})


def row(bench, contender, *walls, case="a case", **more):
    return bench.measure.Row(case, contender, list(walls), more)


def test_the_page_and_its_pictures_are_what_the_stored_results_render_to(bench):
    stored = bench.report.load(bench.report.RESULTS)
    assert bench.report.PAGE.read_text() == bench.report.page(stored, bench.WORKLOADS), "make bench ARGS=--page"
    for name, svg in bench.report.pictures(stored).items():
        assert (bench.report.IMAGES / name).read_text() == svg, name


def test_every_workload_is_stored_and_gitseq_took_part_in_each(bench):
    stored = bench.report.load(bench.report.RESULTS)
    assert list(stored) == [workload.name for workload in bench.WORKLOADS]
    for name, one in stored.items():
        by_case = {}
        for found in bench.report.rows_of(one):
            by_case.setdefault(found.case, set()).add(found.contender.split(",")[0].split()[0])
        assert all("gitseq" in contenders for contenders in by_case.values()), name


def test_a_table_tells_median_least_and_ratio_to_the_base(bench):
    workload = bench.WORKLOADS[0]
    rows = [row(bench, "gitseq", 0.030, 0.010, 0.060, calls=1234), row(bench, "prek", 0.020, 0.020, 0.020, calls=5)]
    lines = bench.report.tables(workload, rows).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert cells[0] == ["", "median ms", "min ms", "x prek", "calls"]
    assert cells[2] == ["gitseq", "30.0", "10.0", "1.50", "1,234"]
    assert cells[3] == ["prek", "20.0", "20.0", "1.00", "5"]


def test_a_budget_that_is_passed_is_called_so(bench):
    budget = bench.startup.WORKLOAD.budgets[0]
    rows = [row(bench, "gitseq", 0.2, case=budget.case), row(bench, budget.peer, 0.1, case=budget.case)]
    (told,) = bench.report.verdicts(bench.startup.WORKLOAD, rows)
    assert "2.00 x" in told
    assert "OVER the budget" in told


def test_a_table_without_the_base_has_no_ratio(bench):
    assert " x " not in bench.report.tables(bench.WORKLOADS[0], [row(bench, "gitseq", 0.1)])


def test_outcomes_are_a_table_of_cases_and_contenders(bench):
    rows = [row(bench, name, 1.0, case=case, outcome=f"{name} {case}") for case in "ab" for name in ("gitseq", "prek")]
    told = bench.report.tables(bench.misbehave.WORKLOAD, rows)
    assert re.search(r"^\| b +\| +gitseq b +\| +prek b +\|$", told, re.M)


def test_storing_one_workload_keeps_the_others(bench, tmp_path):
    results = tmp_path / "results.json"
    bench.report.store(results, "W4", entry(bench, row(bench, "gitseq", 1.0)))
    bench.report.store(results, "W1", entry(bench, row(bench, "gitseq", 2.0)))
    bench.report.store(results, "W4", entry(bench, row(bench, "gitseq", 3.0)))
    stored = bench.report.load(results)
    assert {name: one["rows"][0]["walls"] for name, one in stored.items()} == {"W1": [2.0], "W4": [3.0]}
    assert list(tmp_path.iterdir()) == [results]


def test_results_that_were_taken_elsewhere_say_so_on_the_page(bench):
    usual, other = ({"versions": {"prek": version}} for version in ("1", "2"))
    stored = {name: entry(bench, row(bench, "gitseq", 1.0), **usual) for name in ("W2", "W3")}
    stored["W7"] = entry(bench, row(bench, "gitseq", 1.0), **other)
    sections = bench.report.page(stored, bench.WORKLOADS).split("\n## ")
    assert "prek 1" in sections[0]
    assert ["; on " in section for section in sections[1:]] == [False, False, True]


def test_workloads_are_chosen_by_name_and_a_wrong_name_is_refused(bench):
    assert [workload.name for workload in bench.chosen("w4, W1")] == ["W1", "W4"]
    assert len(bench.chosen("")) == 7
    with pytest.raises(SystemExit, match="W8"):
        bench.chosen("W1,W8")


def test_the_chart_has_a_bar_for_every_value_and_escapes_names(bench):
    chart = importlib.import_module("chart")
    svg = chart.panels(
        "a & b", [chart.Panel("s", {"<x>": 2.0, "gitseq": 1.0}), chart.Panel("t", {"<x>": 0.0})], "gitseq"
    )
    assert svg.count("<rect") == 3
    assert svg.count("#2f9e44") == 1
    assert "&lt;x&gt;" in svg
    assert "<x>" not in svg


def test_peers_that_npm_would_fetch_are_left_out_with_one_sentence_where_there_is_no_npm(bench, monkeypatch, capsys):
    monkeypatch.setattr(bench.contenders.shutil, "which", lambda _name: None)
    assert bench.contenders.node_folder() is None
    assert capsys.readouterr().err.count("\n") == 1


def test_the_two_quickest_workloads_measure_gitseq_for_real(bench, tmp_path):
    own = Path(sys.executable).parent
    installed = bench.contenders.Installed(own, own, None)
    for name in ("W5", "W7"):
        folder = tmp_path / name
        folder.mkdir()
        trial = bench.Trial(folder, installed, True, 1, frozenset(["gitseq"]))
        (workload,) = bench.chosen(name)
        rows = workload.run(trial)
        assert any(found.contender.startswith("gitseq") and min(found.walls) > 0 for found in rows), name
        json.dumps(bench.report.entry(rows, {}))
