# Two commands matter: `make demo` and `make test`. Each installs what it needs by itself.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: demo install test coverage soak pgbouncer failover chaos fuzz advisories check lint types layers format lock clean

demo: $(VENV)/.demo
	@$(BIN)/cauri demo

install: $(VENV)/.demo

test: $(VENV)/.dev
	@$(BIN)/python -m pytest

# What the tests reach: apart, because being measured doubles their time.
coverage: $(VENV)/.dev
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

# What takes minutes: a tontine's whole cycle by chat, and fifty people who tap at once.
soak: $(VENV)/.dev
	@$(BIN)/python -m pytest -m soak -n 2

# A hundred thousand requests at every door, half of them in each of GetMiPay's dialects.
fuzz: $(VENV)/.dev
	@FUZZ_REQUESTS=$(or $(REQUESTS),50000) $(BIN)/python -m pytest tests/fuzz -m soak -n 2 -rP --show-capture=log --log-level=INFO

# Known faults of the packages we use; it asks their registry's list of them, and fails where it cannot.
advisories: $(VENV)/.audit
	@$(VENV)/.audit/bin/pip-audit --strict --disable-pip --no-deps -r requirements.txt

$(VENV)/.audit: $(VENV)/.demo
	@$(PYTHON) -m venv $@
	@$@/bin/pip install -q --disable-pip-version-check pip-audit==2.10.1

# Random stories while processes and databases are killed at random, and then every franc counted; on both engines.
# CHAOS="--seed 7 --stories 20000 --kills 40" asks for another one.
chaos: $(VENV)/.dev
	@$(BIN)/python -m tests.chaos $(CHAOS)

# The races and the main story once more, through PgBouncer in transaction mode; Debian's is taken, and never installed.
pgbouncer: $(VENV)/.dev
	@$(BIN)/python -m pytest --pgbouncer -m "not soak" -k "postgresql and not no_room_for_one_more" -n 2 \
		tests/core/test_pgbouncer.py tests/core/test_job_workers.py tests/core/test_jobs.py tests/core/test_outbox.py \
		tests/core/test_outbox_order.py tests/core/test_conflicts.py tests/core/test_transactions.py tests/core/test_gathering.py \
		tests/core/test_inbox.py tests/core/test_pacing.py tests/ledger/test_races.py tests/ledger/test_crowds.py tests/ledger/test_desk.py \
		tests/ledger/test_holds.py tests/payments/test_races.py tests/payments/test_settling.py tests/payments/test_kills.py \
		tests/stories/test_main_story.py tests/stories/test_at_once.py tests/processes

# The primary killed under load, the standby promoted, every franc counted; Debian's PostgreSQL is taken, and never installed.
failover: $(VENV)/.dev
	@$(BIN)/python -m tests.failover

check: lint types layers test

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

layers: $(VENV)/.dev
	@$(BIN)/lint-imports

format: $(VENV)/.dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Writes the pinned lists again from pyproject.toml; run it when a dependency changes.
lock: $(VENV)/.dev
	@$(BIN)/python -m pip install -q --disable-pip-version-check pip-tools==7.6.2
	@$(BIN)/pip-compile -q --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header \
		-o requirements.txt pyproject.toml
	@$(BIN)/pip-compile -q --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header \
		--extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

$(VENV)/.demo: requirements.txt pyproject.toml
	@echo "Installing Cauri into $(VENV) (once)…"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation \
		--config-settings editable_mode=compat -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.demo requirements-dev.txt
	@echo "Installing the test tools into $(VENV) (once)…"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) var
