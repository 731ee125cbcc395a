"""All workloads beside all peers, in one command: measures, prints, stores, and makes the page of the documentation.

    make bench                              about a quarter of an hour
    make bench ARGS="--only W1,W4"          these anew; what is stored of the others stays
    make bench-quick                        less than three minutes; printed, and stored apart

The peers are fetched from PyPI and npm into .venv-bench, once. What is measured lies in a temporary folder (TMPDIR
says where), which is removed; whatever a contender leaves running is ended.
"""

import argparse
import datetime
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import all_files
import contenders
import contention
import hygiene
import measure
import misbehave
import queued
import report
import startup
import tools
from contenders import Installed
from family import adopt, clear
from workload import Trial, Workload

WORKLOADS: "tuple[Workload, ...]" = tuple(
    module.WORKLOAD for module in (startup, hygiene, tools, contention, queued, misbehave, all_files)
)


def chosen(only: str) -> "list[Workload]":
    """The workloads named, such as `W1,W4`; all for an empty text. SystemExit names one that is not there."""
    names = [name.strip().upper() for name in only.split(",") if name.strip()]
    if unknown := set(names) - {workload.name for workload in WORKLOADS}:
        raise SystemExit(f"there is no workload {', '.join(sorted(unknown))}: W1 to W{len(WORKLOADS)}")
    return [workload for workload in WORKLOADS if not names or workload.name in names]


def measured(workload: Workload, installed: Installed, options: argparse.Namespace) -> "dict[str, Any]":
    """One workload's entry; its folder and whatever it left running are gone afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gitseq-bench-") as name:
        trial = Trial(Path(name), installed, options.quick, options.rounds, frozenset(options.contender))
        try:
            rows = workload.run(trial)
        finally:
            clear()
        versions = {
            one.title: told for one in installed.entrants(contenders.ALL, Path(name, "home")) if (told := one.version())
        }
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    known = {"taken": today, "seconds": round(time.monotonic() - began), "quick": options.quick}
    return report.entry(rows, {**known, "machine": measure.facts(), "versions": versions})


def run(options: argparse.Namespace) -> int:
    """Measure what is asked for; how many workloads could not be measured."""
    wanted = chosen(options.only)
    installed = contenders.installed(options.peers)
    results = report.QUICK_RESULTS if options.quick else report.RESULTS
    print(measure.machine(), flush=True)
    failed = 0
    for workload in wanted:
        print(f"\n## {workload.name}: {workload.title}\n\n{workload.about}\n", flush=True)
        try:
            one = measured(workload, installed, options)
        except (subprocess.SubprocessError, measure.Failed) as error:
            print(f"{workload.name} could not be measured: {error}", flush=True)
            failed += 1
            continue
        rows = report.rows_of(one)
        print(
            "\n\n".join([report.tables(workload, rows), *report.verdicts(workload, rows), f"({report.how(one)})"]),
            flush=True,
        )
        if not options.contender:
            report.store(results, workload.name, one)
            if not options.quick:
                report.publish(report.load(results), WORKLOADS)
    if not options.contender:
        print(f"\nstored in {results.relative_to(report.ROOT)}")
    return failed


def end(number: int, _frame: object) -> None:
    """End in order: folders are removed, processes ended."""
    raise SystemExit(128 + number)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="W1,W4", help="only these workloads")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, fewer cases, smaller repositories")
    parser.add_argument("--rounds", type=int, metavar="N", help="measurements of each contender in each case")
    parser.add_argument(
        "--contender", action="append", default=[], metavar="NAME", help="only this one (repeatable); nothing is stored"
    )
    parser.add_argument("--peers", type=Path, metavar="DIR", help="a virtual environment that has the peers")
    parser.add_argument("--page", action="store_true", help="measure nothing; write the page from what is stored")
    options = parser.parse_args()
    if options.page:
        report.publish(report.load(report.RESULTS), WORKLOADS)
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    adopt()
    sys.exit(min(run(options), 1))


if __name__ == "__main__":
    main()
