# FoodFlow's whole vocabulary. `make` alone explains it.
.PHONY: help up test check bench format lock check-types check-format check-lint check-imports check-ours check-migrations
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python
CODE := src tests tools benchmarks migrations
# Tests wait for databases, browsers and servers a third of their time.
WORKERS := $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN))

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## start FoodFlow with its database; Ctrl-C ends it
	@tools/environment base
	@exec .venv/bin/foodflow up

test: ## run all tests; make test only="tests/plant -k batch" runs some
	@tools/environment dev
	@env -u PYTHONDONTWRITEBYTECODE $(PYTHON) -m pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder $(only)

check: ## format, lint, types, imports, our own checks, migrations: everything wrong is told at once
	@tools/environment dev
	@$(MAKE) --keep-going --jobs=2 --output-sync=target $(addprefix check-,types format lint imports ours migrations)

check-types:
	@.venv/bin/mypy

check-format:
	@.venv/bin/ruff format --check --quiet --output-format concise $(CODE) || { echo 'make format mends this.'; exit 1; }

check-lint:
	@.venv/bin/ruff check --quiet --output-format concise $(CODE)

check-imports:
	@.venv/bin/lint-imports --no-logo

check-ours:
	@$(PYTHON) -m tools.checks

check-migrations:
	@$(PYTHON) -m tools.migrations check

bench: ## measure the promises of speed
	@tools/environment dev
	@$(PYTHON) -m benchmarks $(only)

format: ## mend format and imports
	@tools/environment dev
	@.venv/bin/ruff check --quiet --fix-only $(CODE)
	@.venv/bin/ruff format $(CODE)

# Versions stay as they are where they still fit; make lock upgrade=1 takes the newest.
LOCK := .venv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-annotate --custom-compile-command 'make lock' $(if $(upgrade),--upgrade)

lock: ## lock the versions and hashes of requirements/*.in
	@tools/environment dev
	@$(LOCK) requirements/base.in --output-file requirements/base.txt
	@$(LOCK) --constraints requirements/base.txt requirements/dev.in --output-file requirements/dev.txt
