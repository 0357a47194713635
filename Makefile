# The two commands of the portal. `make help` lists them all.

PYTHON ?= python3

.PHONY: help run dev test test-all check rehearse bench pictures audit lint docs

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

run: ## Start the portal on this machine, with sample data
	@$(PYTHON) evabc/bootstrap.py requirements.txt
	@EVABC_LOCAL=1 exec .venv/bin/python manage.py run_portal

dev: ## Start the portal for development: DEBUG, reload on change, and the debug toolbar
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@EVABC_LOCAL=1 EVABC_DEV=1 exec .venv/bin/python manage.py run_portal

check: ## While you work: linters, types and the tests you name, for example make check ARGS="tests/joinrequests -k decline"
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run $(or $(ARGS),--lint)

test: ## Before you push: all tests of behaviour on PostgreSQL, the core on SQLite too; under 8 minutes on two cores
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run

test-all: ## Before a release: also the long forms, such as axe on every page for every role, and clean clones
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run --all

rehearse: ## Before a release, as root on Debian: install, break, restore and upgrade the real containers, as operating.md says
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.rehearsal $(ARGS)

bench: ## Measure performance at 1,000 and 20,000 requests, compared with a bare Django project
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m pytest -q tests/bench/work.py tests/bench/pages.py

pictures: ## Take the screenshots for the README and the staff guide again
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.pictures

audit: ## Check the locked packages for known vulnerabilities, with data in .data/
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.audit

lint: ## Run the linters and type checks
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run --lint

docs: ## Write the table of settings and .env.example from evabc/env.py
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@EVABC_LOCAL=1 .venv/bin/python manage.py write_settings
