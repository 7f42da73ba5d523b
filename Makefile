# A fresh machine needs Python 3.11 or newer and make; everything else comes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out

.PHONY: run test lint bench benchmarks clean

run: $(VENV)/.installed
	$(BIN)/rescue-kg report $(OUT)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/rescue-kg format --check ontology/rescue.ttl
	$(BIN)/rescue-kg align --check ontology/rescue.ttl

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/first_answer.py

# All of them, at small sizes; docs/benchmarks.md says how to run the large ones.
benchmarks: $(VENV)/.installed
	$(BIN)/python benchmarks/run.py

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.8"
	$(BIN)/uv pip install --quiet --python $(VENV) --editable . --group dev
	touch $@

clean:
	rm -rf $(VENV) $(OUT) build dist
