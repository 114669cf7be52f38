# The commands of this project; each does its own set-up first.
#
#   make run      everything on this machine, on the local carrier
#   make test     the tests
#   make check    what CI runs: format, lint, types, imports, flows, tests
#   make setup    only .venv, with a working .venv/bin/circle

BIN   := .venv/bin
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
.DEFAULT_GOAL := run
# Compiled modules start a process in half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check coverage bench setup lock format

run: setup
	@exec $(BIN)/circle run

test: setup
	@$(PYTEST)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/circle flows check
	$(PYTEST)

# Which lines no test reaches; it takes half as long again.
coverage: setup
	@$(PYTEST) --cov --cov-report=term

bench: setup
	@$(BIN)/python -m tests.bench

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pins every package anew, with hashes, for every platform.
lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --upgrade --universal --quiet --no-emit-index-url --no-header --extra dev \
		--generate-hashes pyproject.toml --output-file requirements.lock

# What is installed is remembered by content, not by date: a fresh checkout of the same lock installs nothing.
setup:
	@cat requirements.lock pyproject.toml | cmp -s - .venv/installed && test -x $(BIN)/circle || $(MAKE) -s .venv-anew

.PHONY: .venv-anew
.venv-anew:
	@set -eu; \
	python=; \
	for each in $${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$each; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "The circle assistant needs Python 3.11 or newer: sudo apt-get install python3 python3-venv" >&2; exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		package=$$("$$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])'); \
		if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
			if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
				apt-get update -qq && { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $$package >/dev/null \
					|| DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null; }; \
			else \
				echo "Python's venv is missing. Install it, then run this again: sudo apt-get install $$package" >&2; exit 1; \
			fi; \
		fi; \
		echo "Making .venv with $$("$$python" --version)" >&2; \
		rm -rf .venv; "$$python" -m venv .venv; \
	fi; \
	echo "Installing what requirements.lock names (a minute, once)" >&2; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	$(BIN)/python -m compileall -q assistant webhooks || true; \
	cat requirements.lock pyproject.toml > .venv/installed
