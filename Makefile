# Two commands do everything: `make run` and `make test`. Both set up what they need first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.ready

.PHONY: run test quick check

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

$(STAMP): pyproject.toml constraints.txt .ci/system-packages
	sh .ci/system-packages
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $(STAMP)
