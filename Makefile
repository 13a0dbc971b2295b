# Two commands matter: `make demo` and `make test`. Both do all their own set-up.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
# What is imported is compiled then; to compile all that is installed takes a minute longer.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
.DEFAULT_GOAL := help

.PHONY: help demo test nightly check bench build clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: build ## play the whole story with two nodes; ONCE=1 ends after it
	@$(BIN)/sild demo $(if $(ONCE),--once)

test: .venv/dev.stamp build ## install what tests need and run them all; ARGS= goes to pytest
	@sh tools/test $(ARGS)

# The machine's 100,000 steps, ten minutes of fuzzing for each parser, and the simulated troubles at their full size.
nightly: .venv/dev.stamp build ## the proofs at full size; hours
	@SILD_NIGHTLY=1 sh tools/test -m "simulated or scaled or fuzz or nightly" $(ARGS)

check: .venv/dev.stamp build ## lint, types, import contracts, translations, migrations
	@sh tools/check

bench: .venv/dev.stamp build ## measure: make bench MODULE=trust; PARTS= for some of it
	@$(BIN)/python bench/harness.py $(MODULE) $(PARTS)

build: .venv/run.stamp ## style sheets, translations
	@$(BIN)/python tools/build.py

clean: ## remove everything that was made
	rm -rf .venv node_modules build dist src/sild/node/static/vendor

# What running needs, with hashes checked; `make demo` stops here.
.venv/run.stamp: pyproject.toml requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sild needs Python 3.11 or newer; set PYTHON=…")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Install Python's venv first: apt-get install python3-venv"; exit 1; }
	$(PIP) --require-hashes -r requirements/build.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
