# What a person and CI both call. `make run` and `make test` work on a machine with only Python (3.11+, on Debian with
# python3-venv) and make.
PYTHON ?= python3
VENV   ?= .venv
CONFIG ?= examples/stack/prometheus/prometheus.yml
# Three tests run beside each other, those of one file in turn: most of the time two of them wait (tests/spreading.py).
SIDE_BY_SIDE ?= 3
BIN    := $(VENV)/bin

.DELETE_ON_ERROR:  # a python whose pip could not be had (Debian wants python3-venv) would pass for an environment

.PHONY: run demo test check bench docs page format clean

run: $(VENV)/.installed  ## start the engine on CONFIG
	$(BIN)/engine run --config $(CONFIG)

demo: $(VENV)/.demo  ## a back end with users, errors and logs, and the engine that watches it
	$(BIN)/python examples/demo

test: $(VENV)/.developer  ## all tests; those of the original programs are skipped where these are missing
	$(BIN)/pytest -n $(SIDE_BY_SIDE) --dist loadfile

check: $(VENV)/.developer  ## style, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.developer  ## every benchmark, each beside the program it is measured against
	$(BIN)/python -m benchmarks

docs: $(VENV)/.installed  ## docs/compatibility.md, from the code's own tables
	$(BIN)/python docs/generate.py

page:  ## the built page, from engine/web/ui (needs node and npm)
	npm --prefix engine/web/ui ci --silent
	npm --prefix engine/web/ui run --silent check
	npm --prefix engine/web/ui run --silent build

format: $(VENV)/.developer
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.demo: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[app]' --group demo
	touch $@

$(VENV)/.developer: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
