# `make` alone lists what there is.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
PIN := $(BIN)/pip-compile -q --upgrade --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# Every process that a test starts would otherwise compile the whole package again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run quick test thorough lint format pictures bench faults lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

run: .venv/.run ## start the service with the demonstration newsroom (HOST=127.0.0.1 PORT=8000)
	@exec $(BIN)/syndication serve --demonstration --host $(HOST) --port $(PORT)

quick: .venv/.dev ## run the unit tests, in under a minute
	$(BIN)/python -m pytest -q -n 2 tests/unit $(ARGS)

test: .venv/.dev ## run the tests, on SQLite and PostgreSQL (ARGS="-k embargo")
	$(BIN)/python -m tests.support.second_try -q -n 4 --dist worksteal $(ARGS)

thorough: ## run every test, with the variants that cost much and rarely find more
	@THOROUGH=1 $(MAKE) test

lint: .venv/.dev ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.dev ## format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

pictures: .venv/.dev ## make the pictures in README.md and docs (with Debian's chromium-headless-shell)
	$(BIN)/python -m tests.browser.pictures

bench: .venv/.dev ## measure (ARGS="polls latency" for some, see python -m benchmarks --help)
	$(BIN)/python -m benchmarks $(ARGS)

faults: .venv/.dev ## break the service on purpose and look for losses (ARGS="worker-killed --minutes 5", see python -m faults --help)
	$(BIN)/python -m faults $(ARGS)

lock: .venv/.dev ## update the pinned dependencies
	$(PIN) -o requirements-build.txt requirements-build.in
	$(PIN) -c requirements-build.txt -o requirements.txt pyproject.toml
	$(PIN) --extra dev -c requirements.txt -c requirements-build.txt -o requirements-dev.txt pyproject.toml

clean: ## delete everything generated here, except the databases in var/
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv

# Installs exactly what is pinned; the package itself comes last, as this folder.
.venv/.run: requirements.txt requirements-build.txt pyproject.toml | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-build.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
