# Everything works from a fresh clone with Python 3.10+, git and the package registries.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check lint types docs campaign bench bench-quick clean

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: ## a scratch repository: one commit passes, one is refused
	$(PYTHON) benchmarks/../docs/tutorial/demo.py

test: $(VENV)/.ready
	$(BIN)/python -m pytest tests

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready
	$(BIN)/mypy

check: lint types test

campaign: $(VENV)/.ready ## the long form of the fault and race campaigns
	$(BIN)/python -m pytest tests -m campaign --timeout 0

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache dist build site
