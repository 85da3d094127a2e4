# The whole manual: `make` lists what there is. Needs git, make and Python 3.11 or later with venv.

# Benchmarks and some tests read the development data; without it they say so.
ifneq ($(wildcard ../shared/data),)
export VIAVOLTA_BENCH_DATA ?= $(CURDIR)/../shared/data
endif

BIN := .venv/bin
CODE := src tests benchmarks
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
	--no-emit-index-url --python-version 3.11
# What the engines are measured against, each in an environment of its own.
PEERS := acnportal highs linopy pandapower
# Programs of others that tests run against ours, each in an environment of its own.
CLIENTS := extrawest-ocpi ocpp outloud python-oa3-client test-ocpp toadr3 tods-validate

.DEFAULT_GOAL := help
.PHONY: help demo test test-postgres check bench docs lock clients

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1 - \2/p' $(firstword $(MAKEFILE_LIST))

demo: .venv/.base ## seed and open a sample hub; Ctrl-C ends it
	@$(BIN)/viavolta demo --data build/demo-hub

test: .venv/.dev ## run the tests; what this machine lacks is listed at the end
	@$(BIN)/python -m pytest

test-postgres: .venv/.dev ## run the hub's tests on a PostgreSQL of their own
	@$(BIN)/python tests/hub/throwaway_postgres.py \
		$(BIN)/python -m pytest --only-database --deselect tests/hub/test_matrix.py \
		tests/hub tests/storage/runs tests/e2e/test_stories.py

check: .venv/.dev ## format, lint, types, arrows between the rooms
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/.dev $(PEERS:%=.venv-peers/%/.made) ## run every benchmark and print its ratios
	@$(BIN)/python benchmarks/run.py

clients: $(CLIENTS:%=.venv-peers/%/.made) ## make the clients of others that tests run
	@true

docs: .venv/.dev ## build the documentation into site/
	@$(BIN)/zensical build --clean --strict

lock: .venv/.dev ## renew the locks in requirements/
	@$(COMPILE) --upgrade pyproject.toml --group build --output-file requirements/base.txt
	@$(COMPILE) --upgrade pyproject.toml --group dev --constraints requirements/base.txt \
		--output-file requirements/dev.txt
	@set -e; for peer in $(PEERS) $(CLIENTS); do \
	  $(COMPILE) --upgrade requirements/peers-$$peer.in --output-file requirements/peers-$$peer.txt; \
	done

# Stamps: a second call is instant, a changed lock installs again.
.venv/.made:
	@set -e; found=; bare=; \
	for python in python3.13 python3.12 python3.11 python3; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    bare=$${bare:-$$python}; \
	    if $$python -c 'import venv, ensurepip' 2>/dev/null; then found=$$python; break; fi; \
	  fi; \
	done; \
	if [ -z "$$bare" ]; then \
	  echo "viavolta needs Python 3.11 or later: there is no python3.13, python3.12," \
	    "python3.11 or python3 that is new enough" >&2; exit 1; \
	fi; \
	if [ -z "$$found" ]; then \
	  echo "$$bare comes without venv; on Debian and Ubuntu: sudo apt-get install python3-venv" \
	    >&2; exit 1; \
	fi; \
	echo "making .venv with $$found ..." >&2; \
	$$found -m venv .venv
	@touch $@

.venv/.base: .venv/.made requirements/base.txt pyproject.toml
	@echo "installing what viavolta needs ..." >&2
	@$(PIP) --require-hashes -r requirements/base.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/viavolta prepare
	@touch $@

.venv/.dev: .venv/.made requirements/dev.txt pyproject.toml
	@echo "installing what tests, checks, benchmarks and documentation need ..." >&2
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/viavolta prepare
	@touch .venv/.base $@

.venv-peers/%/.made: .venv/.made requirements/peers-%.txt
	@echo "making .venv-peers/$* ..." >&2
	@$(BIN)/python -m venv --clear .venv-peers/$*
	@.venv-peers/$*/bin/python -m pip --disable-pip-version-check install -qq --require-hashes \
		-r requirements/peers-$*.txt
	@touch $@
