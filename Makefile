# `make up` runs the service, `make test` checks it. Both need Python 3.11 or newer with venv, and nothing else.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin

.PHONY: up demo test test-faults lint lock bench FORCE
.DEFAULT_GOAL := up

# `exec`, so that the supervisor is make's own child: Ctrl-C reaches it, and it ends when make is killed.
SUPERVISE = exec $(BIN)/python -m statuspage.supervisor --end-with-parent

up: .venv/run.txt
	@$(SUPERVISE)

# Its one monitor asks the page itself, on loopback, which monitors may otherwise not reach.
demo: .venv/run.txt
	@grep -qs '^DATA_DIR=.' .env || export DATA_DIR="$${DATA_DIR:-var/demo}"; \
	grep -qs '^OUTBOUND_ALLOW=.' .env || export OUTBOUND_ALLOW="$${OUTBOUND_ALLOW:-127.0.0.0/8}"; \
	$(SUPERVISE) --demo

test: .venv/dev.txt
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run.sh

test-faults: .venv/dev.txt
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run.sh --faults

lint: .venv/dev.txt
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev.txt
	$(BIN)/python -m bench

# Debian 12 has Python 3.11.2; what is locked for it installs on every newer one.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11.2 --generate-hashes --custom-compile-command 'make lock'
lock: .venv/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

# A copy of the list that was installed stands for the installation: other content, new installation.
.venv/run.txt: .venv/bin/python FORCE
	@cmp -s requirements.txt $@ || cmp -s requirements-dev.txt .venv/dev.txt || { \
		echo "Installing requirements.txt into .venv" && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt && \
		cp requirements.txt $@; }

.venv/dev.txt: .venv/bin/python FORCE
	@cmp -s requirements-dev.txt $@ || { \
		echo "Installing requirements-dev.txt into .venv" && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt && \
		cp requirements-dev.txt $@; }

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed: install it, or name it as in 'make PYTHON=python3.12 up'." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv: on Debian and Ubuntu 'apt install python3-venv' brings it." >&2; exit 1; }
	@echo "Making .venv"
	@$(PYTHON) -m venv .venv

FORCE:
