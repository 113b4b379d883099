# make chat and make test do everything from a fresh clone; both reuse what is there.
# INDEX=folder and PYTHON=python3.x may be given.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
INDEX  ?= .careerbot
SOURCES := $(shell find corpus -type f 2>/dev/null)

.PHONY: chat setup index test test-faults test-slow test-browser screenshots test-all eval lint bench bench-size clean

chat: $(INDEX)/CURRENT
	$(BIN)/careerbot serve --index $(INDEX)

setup: $(STAMP)

index: $(STAMP)
	$(BIN)/careerbot index --index $(INDEX)

test: $(STAMP)
	$(BIN)/python -m pytest

test-faults: $(STAMP)
	$(BIN)/python -m pytest -m "faults and not slow"

test-slow: $(INDEX)/CURRENT
	$(BIN)/python -m pytest -m slow

test-browser: $(INDEX)/CURRENT chromium
	$(BIN)/python -m pytest -m browser tests/test_browser.py

screenshots: $(INDEX)/CURRENT chromium
	SCREENSHOTS=docs $(BIN)/python -m pytest -m browser tests/test_browser.py

test-all: test test-faults test-slow test-browser

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| { echo "the browser tests need chromium; install it, for example: sudo apt-get install chromium" >&2; exit 1; }

eval: $(INDEX)/CURRENT
	$(BIN)/python -m evals --index $(INDEX) --baseline evals/baselines/test.jsonl

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INDEX)/CURRENT
	$(BIN)/python -m evals.bench --index $(INDEX)
	$(BIN)/python -m evals.load --index $(INDEX)

bench-size: $(STAMP)
	$(BIN)/python -m evals.size

clean:
	rm -rf $(VENV) $(INDEX)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

$(INDEX)/CURRENT: $(STAMP) $(SOURCES)
	$(BIN)/careerbot index --index $(INDEX)
	touch $@
