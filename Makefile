# MCPG. Needs Python 3.11+ and make; everything else comes into .venv by hash. `make plugins` also needs Rust, Go and Node.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet
TIME := .state/quickstart/time-server
INSTALL_SELF := $(PIP) --no-deps --no-build-isolation --editable .

.PHONY: help run zoo test test-real lint types docs plugins bench lock clean

help: ## Show what can be made
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
		printf '  make %-10s %s\n' "$$name" "$$what"; done

run: $(VENV)/run.stamp $(TIME)/stamp ## Serve the quickstart on http://127.0.0.1:8787/mcp and say what to try
	@exec $(PY) deploy/quickstart/run.py

zoo: $(VENV)/run.stamp $(TIME)/stamp ## Serve plugins in four languages instead
	@exec $(PY) deploy/quickstart/run.py --zoo

test: $(VENV)/dev.stamp ## Run the tests that need only Python
	$(PY) -m pytest -m "not real" --numprocesses auto --dist loadfile $(ARGS)

test-real: $(VENV)/dev.stamp $(TIME)/stamp ## Run the tests with servers, clients and toolchains that others wrote
	$(PY) -m pytest -m real $(ARGS)

lint: $(VENV)/dev.stamp ## Check style, format, imports between rooms, and that generated files are fresh
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(PY) docs/generate.py --check
	$(PY) plugins-src/sdk/generate.py --check

types: $(VENV)/dev.stamp ## Check types with mypy (strict) and pyright
	$(VENV)/bin/mypy
	$(VENV)/bin/pyright

docs: $(VENV)/dev.stamp ## Write the schemas, reference pages and typed documents that are generated from code
	$(PY) docs/generate.py
	$(PY) plugins-src/sdk/generate.py

plugins: $(VENV)/dev.stamp ## Build, pack and sign the built-in components (needs Rust, Go and Node)
	$(PY) plugins-src/build.py --tool
	$(PY) plugins-src/build.py
	$(PY) plugins-src/sources.py --write plugins-src/sources.json
	$(PY) -m mcpg.plugins.bundle make

bench: $(VENV)/dev.stamp ## Run the benchmarks and print their tables
	@for each in stage_call gateway start sessions ledger pull revocations revocation plugins; do echo "== $$each"; $(PY) bench/$$each.py; done

lock: ## Compile the hashed requirement files anew from pyproject.toml
	PYTHON=$(PYTHON) .ci/lock

clean: ## Remove what was built, installed and cached here
	rm -rf $(VENV) $(TIME) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(PY):
	@[ -n "$(PYTHON)" ] || { echo "mcpg needs Python 3.11 or newer: install it, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# One environment, two depths: what runs, and what also develops. A changed lock file makes the stamp old.
$(VENV)/run.stamp: deploy/requirements.txt .ci/build.txt pyproject.toml | $(PY)
	$(PIP) --require-hashes --requirement deploy/requirements.txt --requirement .ci/build.txt
	$(INSTALL_SELF)
	@touch $@

# The MCP server of the quickstart was written by others: it lives in an environment of its own.
$(TIME)/stamp: deploy/quickstart/time-server.txt | $(PY)
	$(PY) -m venv $(TIME)
	$(TIME)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --requirement $<
	@touch $@

$(VENV)/dev.stamp: .ci/requirements.txt $(VENV)/run.stamp
	$(PIP) --require-hashes --requirement .ci/requirements.txt
	@touch $@
