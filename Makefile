# make chat and make test do everything from a fresh clone; both reuse what is there.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
INDEX  ?= .careerbot
SOURCES := $(shell find corpus -type f 2>/dev/null)

.PHONY: chat setup index test test-all eval lint bench clean

chat: $(INDEX)/CURRENT
	$(BIN)/careerbot serve --index $(INDEX)

setup: $(STAMP)

index: $(STAMP)
	$(BIN)/careerbot index --index $(INDEX)

test: $(STAMP)
	$(BIN)/python -m pytest

test-all: $(STAMP)
	$(BIN)/python -m pytest -m ""

eval: $(INDEX)/CURRENT
	$(BIN)/python -m evals --index $(INDEX)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INDEX)/CURRENT
	$(BIN)/python -m evals.bench --index $(INDEX)

clean:
	rm -rf $(VENV) $(INDEX)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

$(INDEX)/CURRENT: $(STAMP) $(SOURCES)
	$(BIN)/careerbot index --index $(INDEX)
	touch $@
