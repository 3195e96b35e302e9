# Everything runs from .venv, which the first target that needs it makes: python3 and make are enough.
.DEFAULT_GOAL := help
.PHONY: help demo up test check translations bench bench-events bench-scale bench-latency bench-import bench-report bench-pages screenshots soak clean

MAILER := .venv/bin/mailer
READY := .venv/ready

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Run the main job once: import 20,000 people, build, send, follow, report
	@$(MAILER) demo

up: $(READY) ## Run everything in one terminal: web, workers, beat, emulator (Ctrl-C stops it)
	@$(MAILER) up

test: check ## Run the checks, then all tests
	@.venv/bin/pytest -n 3 --dist loadgroup

check: $(READY) ## Lint, types, import rules, migrations, docker-compose.yml
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(CHECK_ENVIRONMENT) .venv/bin/mypy
	@.venv/bin/lint-imports --no-cache
	@$(CHECK_ENVIRONMENT) $(MAILER) makemigrations --check --dry-run
	@.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

translations: $(READY) ## Bring locale/ up to date with the texts of pages and letters, and compile it
	@$(CHECK_ENVIRONMENT) .venv/bin/python -m tests.translations

# The checks read the settings and reach no server.
CHECK_ENVIRONMENT := DATABASE_URL=postgres://nobody@127.0.0.1:9/none REDIS_URL=redis://127.0.0.1:9 \
	PUBLIC_URL=http://127.0.0.1:9 SENDGRID_API_KEY=none SECRET_KEY=only-for-checks-only-for-checks-0123 \
	PYTHONWARNINGS=ignore::RuntimeWarning

bench: $(READY) ## Measure a send of RECIPIENTS=1000000 with WORKERS=2, then its events; splits, and baselines in the same run
	@.venv/bin/python -m tests.bench.send --recipients $(RECIPIENTS) --workers $(WORKERS)
	@.venv/bin/python -m tests.bench.events --recipients $(RECIPIENTS) --seconds $(EVENT_SECONDS) --rate $(EVENT_RATE) --workers $(WORKERS)

bench-events: $(READY) ## Measure intake and folding at EVENT_RATE=22000 a second for EVENT_SECONDS=60, beside django-anymail
	@.venv/bin/python -m tests.bench.events --recipients $(RECIPIENTS) --seconds $(EVENT_SECONDS) --rate $(EVENT_RATE) --workers $(WORKERS)

EVENT_SECONDS ?= 60
EVENT_RATE ?= 22000

bench-scale: $(READY) ## Measure the time per recipient at 10,000, 100,000, 1,000,000 and 3,000,000
	@.venv/bin/python -m tests.bench.scale --workers $(WORKERS)

bench-latency: $(READY) ## Measure with 0, 50 and 300 ms of latency at SendGrid, 1, 8 and 32 requests in flight
	@.venv/bin/python -m tests.bench.latency

bench-import: $(READY) ## Measure an import of IMPORT_ROWS=1000000, all new and all merging, beside plain COPY
	@.venv/bin/python -m tests.bench.importing --rows $(IMPORT_ROWS)

bench-report: $(READY) ## Measure the report of a send to RECIPIENTS=1000000: each query, the count, reading what is kept
	@.venv/bin/python -m tests.bench.report --recipients $(RECIPIENTS)
	@.venv/bin/python -m tests.bench.newsletter_report

bench-pages: $(READY) ## Measure the pages of the staff site over HTTP with PEOPLE=1000000 in the store
	@.venv/bin/python -m tests.bench.pages --people $(PEOPLE)

screenshots: $(READY) ## Take the pictures of the README's tour anew, of the demo (needs Debian's chromium)
	@.venv/bin/python -m tests.screenshots

PEOPLE ?= 1000000
IMPORT_ROWS ?= 1000000
RECIPIENTS ?= 1000000
WORKERS ?= 2

soak: $(READY) ## Break everything at random for SOAK_SECONDS=1800 with SEED=7, and count who is lost or doubled
	@.venv/bin/python -m tests.soak --seconds $(SOAK_SECONDS) --seed $(SEED)

SOAK_SECONDS ?= 1800
SEED ?= 7

clean: ## Remove .venv and everything under var/, the embedded databases included
	@-test -x $(MAILER) && $(MAILER) down
	rm -rf .venv var

$(READY): pyproject.toml uv.lock
	@echo "Preparing .venv (once) …"
	@test -x .venv/bin/uv || python3 bootstrap.py
	@.venv/bin/uv sync --quiet --locked --inexact
	@touch $(READY)
