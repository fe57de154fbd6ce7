# Each target makes the virtual environment it needs: a fresh machine with Python 3.11+ and make is enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# One more than there are cores: now and then tests wait for git, servers and disks. Each worker takes time to begin.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')
STAMP := $(VENV)/.installed
# Tests start the program hundreds of times; it need not be compiled each time.
unexport PYTHONDONTWRITEBYTECODE

# What tests choose at random: something new each time. The same seed chooses the same again.
ifndef SEED
SEED := $(shell $(PYTHON) -c 'import random; print(random.randrange(10**9))')
endif
export SEED
PYTEST := $(BIN)/pytest --hypothesis-seed=$(SEED)
# Of each slow test that has many cases, one in so many.
SHARE ?= 12

.PHONY: demo test test-current coverage test-share test-slow test-real lint bench clean

demo: $(STAMP)
	$(BIN)/lightdash-sync demo

test: $(STAMP)
	$(PYTEST) -n $(WORKERS) --dist worksteal

# The same promises, against a stand-in that behaves like the newest Lightdash that is known, or like another one;
# without the files whose tests begin with no world of it, and are the same for every version.
LIGHTDASH ?= 1.219.0
test-current: $(STAMP)
	LIGHTDASH_SYNC_SERVED=$(LIGHTDASH) $(PYTEST) -n $(WORKERS) --dist worksteal

# Measuring takes a third of the time again.
coverage: $(STAMP)
	$(PYTEST) -n $(WORKERS) --dist worksteal --cov --cov-report=term

# A share of the slow tests, another one each time.
test-share: $(STAMP)
	$(PYTEST) -n $(WORKERS) --dist worksteal -m slow --share $(SHARE) --timeout 900

# All of them, and the laws again with 25 times the examples.
test-slow: $(STAMP)
	HYPOTHESIS_PROFILE=slow $(PYTEST) -n $(WORKERS) --dist worksteal -m "slow or (hypothesis and not real)" --timeout 1800

# Between two projects of a real Lightdash: REAL_URL, REAL_TOKEN, REAL_SOURCE, REAL_TARGET (uuids; the last is empty).
test-real: $(STAMP)
	$(BIN)/pytest -m real --timeout 3600

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python benchmarks/export.py
	$(BIN)/python benchmarks/incremental.py
	$(BIN)/python benchmarks/backfill.py
	$(BIN)/python benchmarks/plan.py

clean:
	rm -rf $(VENV)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable '.[demo]' --group dev
	touch $(STAMP)
