# `make demo` and `make test` do all the set-up; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
ARGS ?=
BIN := $(VENV)/bin

# Keeps `python -m …` from putting the repository root first on the import path, where
# a dependency that imports its own `agents` would get the folder of that name.
export PYTHONSAFEPATH = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit slow wheel format coverage pins clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.installed-demo  ## play, verify, record, fine-tune, evaluate: the whole line (options in ARGS)
	$(BIN)/gristmill demo $(ARGS)

test: lint types unit  ## everything a change must pass: lint, types, tests

lint: $(VENV)/.installed-dev  ## style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.installed-dev  ## strict types
	$(BIN)/mypy

unit: $(VENV)/.installed-dev  ## the tests, without the slow ones (options in ARGS)
	$(BIN)/pytest -n $(JOBS) $(ARGS)

slow: $(VENV)/.installed-dev  ## the slow tests (pytest's exit code 5 means that there are none)
	$(BIN)/pytest -n $(JOBS) -m slow $(ARGS) || test $$? -eq 5

wheel: $(VENV)/.installed-dev  ## build the wheel, install it away from here, test that
	PYTHON=$(abspath $(BIN))/python tests/wheel.sh

format: $(VENV)/.installed-dev  ## apply the formatting and the safe fixes
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

coverage: $(VENV)/.installed-dev  ## which lines the tests reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered

pins: $(VENV)/.installed-dev  ## how the installed versions differ from constraints.txt
	@$(BIN)/pip freeze --all --exclude-editable --exclude pip | diff -i constraints.txt - | grep '^[<>]' || true

clean:  ## remove what the tools wrote, keep the environment and the runs
	rm -rf build dist *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The stamp makes a second installation cost nothing until a requirement changes.
$(VENV)/.installed-%: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$*]'
	touch $@
