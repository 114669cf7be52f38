# The commands of this project; each does its own set-up first.
#
#   make run      everything on this machine, on the local carrier
#   make test     the tests
#   make check    what CI runs: format, lint, types, imports, flows, tests
#   make audit    known vulnerabilities of the pinned packages
#   make soak     phones that converse while the service is struck (SEED=1 MINUTES=5 FORM=sqlite|postgres)
#   make season   six circles of one cohort for eight weeks in virtual time, held to every promise (SEED=1)
#   make hearing  what is heard right, asked about and heard wrong, a line a kind
#   make node     the local carrier against Twilio's Node library, which npm fetches
#   make setup    only .venv, with a working .venv/bin/circle

BIN   := .venv/bin
# Three workers for two cores: while one waits for processes that it started, the others work.
PYTEST := $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder
.DEFAULT_GOAL := run
# Compiled modules start a process in half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check audit hearing coverage bench soak season node setup lock format

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

# Known vulnerabilities of the pinned packages, where the data can be had; how old the pins are.
audit: setup
	@sh .ci/audit

# Every table of cases, a line a kind; it fails when anything is heard wrong.
hearing: setup
	@$(BIN)/python -m tests.hearing

# Which lines no test reaches; it takes half as long again.
coverage: setup
	@$(PYTEST) --cov --cov-report=term

bench: setup
	@$(BIN)/python -m tests.bench

# Kills, stops and starves everything by a seed for some minutes; fails when a promise was broken.
SEED    ?= 1
MINUTES ?= 5
FORM    ?= sqlite
RATE    ?= 25
EVERY   ?= 2.5
WITHOUT ?=
KEEP    ?=
soak: setup
	@$(BIN)/python -m tests.soak --seed $(SEED) --minutes $(MINUTES) --form $(FORM) --rate $(RATE) \
		--every $(EVERY) --without "$(WITHOUT)" --keep "$(KEEP)"

# A season of six circles, long: people ask, offer, meet, decline, block, pause and stop; fails when a promise was broken.
season: setup
	@$(BIN)/circle simulate --circles 6 --members 6 --weeks 8 --seed $(SEED)

node: setup
	$(BIN)/python -m pytest -q tests/fake_twilio/node_contract.py

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pins every package anew, with hashes, for every platform.
lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --upgrade --universal --quiet --no-emit-index-url --no-header --extra dev \
		--generate-hashes pyproject.toml --output-file requirements.lock

setup:
	@sh .ci/setup
