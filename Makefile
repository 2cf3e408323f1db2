# What a newcomer needs; `make` lists it. Everything is installed into .venv beside this file, and nowhere else.
#
# Make cannot hold a space in the name of a target, and the checkout's own path may have one: targets are relative, and
# each line lets the shell quote what is absolute.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# dagster-dbt excludes 3.14, SQLAlchemy 2.1 needs 3.11. Say `make PYTHON=/path/to/python up` to choose one yourself.
PYTHONS := $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3)

# Nothing here reports to anyone. Our own processes say so themselves, and what else they need: environment.py.
export DAGSTER_DISABLE_TELEMETRY := yes
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

# Imports take two to four times as long without compiled bytecode.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONHOME
unexport PYTHONPATH
unexport VIRTUAL_ENV

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

.PHONY: up
up: $(STAMP) ## Start everything: database, demo world if empty, Dagster UI and daemon (Ctrl-C stops it all)
	@exec $(BIN)/payments up

.PHONY: demo
demo: $(STAMP) ## Do the same work without a UI, and print a summary
	@exec $(BIN)/payments demo

.PHONY: test
test: $(STAMP) ## Run the tests, against a real PostgreSQL of their own
	@# in the order of the folders: else files of few tests, which take longest, come last and are waited for
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: soak
soak: $(STAMP) ## Run the tests that get better with size: 100 disturbed worlds, 100,000 broken statements, 10,000 broken webhooks, 20 labelled worlds, 20 HMDA registers, 20 books of each kind
	SOAK_WORLDS=100 SOAK_FILES=100000 SOAK_PAYLOADS=10000 SOAK_LABELLED=10 SOAK_REGISTERS=20 SOAK_BOOKS=20 \
		$(BIN)/python -m pytest -n auto \
		--maxprocesses 4 tests/simulation tests/formats/test_statement_fuzz.py tests/webhooks/test_hostile.py \
		tests/reconciliation/test_labelled_worlds.py tests/reporting/test_hmda_seeds.py \
		tests/ledger/test_fold.py tests/servicing/test_due.py

.PHONY: check
check: $(STAMP) ## Lint, format check, types, SQL, and whether Dagster can load the definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar sql
	cd dbt_project && ../$(BIN)/sqlfluff lint --disable-progress-bar . # dbt's templater is set for its folder alone
	$(BIN)/dagster definitions validate --workspace workspace.yaml

.PHONY: bench
bench: $(STAMP) ## Time a day of a million payments, stage by stage
	@exec $(BIN)/payments bench day

.PHONY: lock
lock: $(STAMP) ## Pin anew what pyproject.toml asks for, with hashes, for all Pythons and systems
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --group dev \
		--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		--output-file requirements.lock pyproject.toml

.PHONY: clean
clean: ## Remove what was installed and cached; .payments, with the data, stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# The environment is built anew whenever what it depends on differs from what the stamp notes: the place of the checkout
# (scripts carry absolute paths), the pins, a Python that still runs. A change of pyproject.toml alone only installs the
# project itself again. The stamp comes last, so an install that was interrupted is not mistaken for a whole one; what
# had been downloaded comes from uv's cache the second time.
PINS := pwd -P; cksum requirements.lock
INPUTS := $(PINS); cksum pyproject.toml
ifneq ($(shell test -f $(STAMP) && $(BIN)/python -c '' 2>&1 && { $(INPUTS); } | cmp -s - $(STAMP) && echo current),current)
.PHONY: $(STAMP)
endif

$(STAMP):
	@if ! { $(BIN)/python -c '' && [ "$$(head -n 2 $(STAMP))" = "$$($(PINS))" ]; } 2>/dev/null; then \
		$(MAKE) --no-print-directory environment; \
	fi
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@{ $(INPUTS); } > $(STAMP)

.PHONY: environment
environment:
	@set -eu; \
	for candidate in $(PYTHONS); do \
		if "$$candidate" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
		then python=$$candidate; break; fi; \
	done; \
	if [ -z "$${python:-}" ]; then \
		echo 'error: no Python 3.11, 3.12 or 3.13 runs here (tried: $(PYTHONS))' >&2; \
		echo 'what to do: install one, or say make PYTHON=/path/to/python' >&2; \
		exit 2; \
	fi; \
	echo "installing into $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV); \
	if uv=$$(command -v uv) && "$$uv" --version >/dev/null 2>&1; then \
		"$$uv" venv --quiet --python "$$python" $(VENV); \
	else \
		"$$python" -m venv $(VENV) || { \
			echo 'error: this Python cannot make a virtual environment' >&2; \
			echo "what to do: install its venv package (Debian: python3-venv), or uv" >&2; \
			exit 2; \
		}; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8,<1'; \
		uv=$(BIN)/uv; \
	fi; \
	"$$uv" pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
