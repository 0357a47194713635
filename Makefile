# The two commands of the portal. `make help` lists them all.

PYTHON ?= python3

.PHONY: help run dev test faults bench pictures audit lint

help: ## What there is
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

run: ## Start the portal on this machine, with sample data
	@$(PYTHON) evabc/bootstrap.py requirements.txt
	@EVABC_LOCAL=1 exec .venv/bin/python manage.py run_portal

dev: ## The same for developers: reload on change, and a toolbar that shows queries
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@EVABC_LOCAL=1 EVABC_DEV=1 exec .venv/bin/python manage.py run_portal

test: ## Every test, on PostgreSQL and on SQLite, with real servers and a real browser
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run

faults: ## Kill, stop, fill and empty everything while letters go out; count what was lost or doubled
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.faults

bench: ## Measure every promise of speed at 1,000 and 20,000 requests, beside a bare Django project
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.bench

pictures: ## Take the pictures of README and staff guide anew, from the running portal
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.pictures

audit: ## Hold the locked packages against known vulnerabilities, from data in .data/
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.audit

lint: ## Style and types
	@$(PYTHON) evabc/bootstrap.py requirements-dev.txt
	@.venv/bin/python -m tests.run --lint
