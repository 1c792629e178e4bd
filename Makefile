# Two commands do everything: `make run` and `make test`. Both set up what they need first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.ready

.PHONY: run test quick check accuracy reliability fuzz

run: $(STAMP)
	$(BIN)/monitor-app demo

test: $(STAMP) check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# While working: everything that takes less than a minute.
quick: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/monitor-app check-catalogue

# How good forecasts of real towns would have been; DATA is a folder of open data.
accuracy: $(STAMP)
	$(BIN)/python benchmarks/accuracy.py $(DATA) --out docs/accuracy.md

$(STAMP): pyproject.toml constraints.txt .ci/system-packages
	sh .ci/system-packages
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $(STAMP)

# Kills, faults, hostile files, memory: writes docs/reliability.md. About 15 minutes.
reliability: $(STAMP)
	$(BIN)/python benchmarks/reliability

# Random changes to files for 20 minutes; needs atheris, which does not exist for every system.
fuzz: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	$(BIN)/python benchmarks/reliability/fuzz_readers.py --minutes 20
