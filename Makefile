# Everything works from a fresh clone with Python 3.10+, git and the package registries.
#   make demo              a scratch repository: one commit passes, two are refused
#   make check             what CI runs: lint, types, test
#   make PYTHON=python3.13 ...   with another interpreter (after `make clean`)
#   make test WORKERS=0    in one process: for a debugger, or where one core is all there is
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
WORKERS ?= 2

.PHONY: help demo test check lint types docs pages campaign coverage bench bench-quick clean python-is-usable

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

python-is-usable:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo 'Python 3.10 or newer is needed: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv' >&2; exit 1; }

# order-only: the check must not make the environment look out of date
$(VENV)/.ready: pyproject.toml | python-is-usable
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: python-is-usable ## a scratch repository: one commit passes, two are refused
	$(PYTHON) docs/tutorial/demo.py $(ARGS)

test: $(VENV)/.ready ## every test but the long campaigns
	$(BIN)/python -m pytest tests -m 'not campaign' --numprocesses $(WORKERS) --dist loadfile $(ARGS)

lint: $(VENV)/.ready ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready ## mypy
	$(BIN)/mypy

docs: $(VENV)/.ready ## the documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

check: lint types docs test ## all of the above

campaign: $(VENV)/.ready ## the long form of the fault and race campaigns
	$(BIN)/python -m pytest tests -m campaign --timeout 0 $(ARGS)

coverage: $(VENV)/.ready ## branches of core, queue, cage, guard and ledger, across processes: a quarter of an hour
	$(BIN)/python -m tests.support.coverage_run $(ARGS)

bench: $(VENV)/.ready ## seven workloads beside pre-commit, prek, lefthook, husky: a quarter of an hour
	$(BIN)/python benchmarks/bench.py $(ARGS)

bench-quick: $(VENV)/.ready ## a glance at the same, in less than three minutes
	$(BIN)/python benchmarks/bench.py --quick $(ARGS)

pages: $(VENV)/.ready ## write the pages that are read off the code
	$(BIN)/python docs/generate.py

clean: ## remove what was built and installed
	rm -rf .venv .venv-demo .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build site
