# The two commands of the portal. `make help` lists them all.

PYTHON ?= python3

.PHONY: help run dev test test-all check bench pictures audit lint docs

help: ## What there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

run: ## Start the portal on this machine, with sample data
	@$(PYTHON) evabc/bootstrap.py requirements.txt
	@EVABC_LOCAL=1 exec .venv/bin/python manage.py run_portal

dev: ## The same for developers: DEBUG, reload on change, and a toolbar that shows queries
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@EVABC_LOCAL=1 EVABC_DEV=1 exec .venv/bin/python manage.py run_portal

check: ## While you work: style, types and the tests you name, as in make check ARGS="tests/joinrequests -k decline"
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run $(or $(ARGS),--lint)

test: ## Before you push: all that guards behaviour, on PostgreSQL, the core on SQLite; under 8 minutes on two cores
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run

test-all: ## Before a release: the long forms too, as every page through axe by every role, and clean clones
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run --all

bench: ## Measure every promise of speed at 1,000 and 20,000 requests, beside a bare Django project
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m pytest -q tests/bench/work.py tests/bench/pages.py

pictures: ## Take the pictures of README and staff guide again, from the running portal
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.pictures

audit: ## Compare the locked packages with known vulnerabilities, from data in .data/
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.audit

lint: ## Style and types
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run --lint

docs: ## Write the table of settings and .env.example from evabc/env.py
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@EVABC_LOCAL=1 .venv/bin/python manage.py write_settings
