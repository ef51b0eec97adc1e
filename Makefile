# Workshop. `make run` shows it, `make test` proves it, `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
DATA_DIR ?= $(CURDIR)/var
export DATA_DIR

.DEFAULT_GOAL := help
.PHONY: help install run dev serve test lint types check facts bench lock sbom newer secret system shots clean

help: ## List what make can do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

run: $(VENV)/base.stamp $(DATA_DIR)/secret_key ## Set everything up and show the demo on http://127.0.0.1:8000 (PORT=)
	@DEMO=1 PORT=$(PORT) $(BIN)/python manage.py serve --demo

dev: $(VENV)/dev.stamp $(DATA_DIR)/secret_key ## Develop: DEBUG, reload on change, demo people
	@DEBUG=1 $(BIN)/python manage.py migrate -v 0
	@DEBUG=1 $(BIN)/python manage.py load_course content/customer-service
	@DEBUG=1 $(BIN)/python manage.py make_demo
	@DEBUG=1 $(BIN)/python manage.py runserver $(PORT)

serve: $(VENV)/base.stamp $(DATA_DIR)/secret_key ## Production: server and notice sender, settings from the environment
	@PORT=$(PORT) $(BIN)/python manage.py serve

test: $(VENV)/dev.stamp ## Set up and run the whole suite on SQLite and PostgreSQL
	@$(BIN)/python -m tests.run_all

lint: $(VENV)/dev.stamp ## Style of Python and templates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@git ls-files 'templates/*.html' | xargs $(BIN)/djade --target-version 5.2 --check

types: $(VENV)/dev.stamp ## Type checks, strict
	@$(BIN)/python -m mypy .

check: $(VENV)/dev.stamp ## Migrations complete, settings safe, course files right
	@SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') && export SECRET_KEY && \
	export BASE_URL=https://workshop.example.com DATABASE_URL=sqlite://:memory: && \
	$(BIN)/python manage.py makemigrations --check --dry-run && \
	$(BIN)/python manage.py check --deploy --fail-level WARNING && \
	$(BIN)/python manage.py check_course content/customer-service

facts: $(VENV)/dev.stamp $(DATA_DIR)/secret_key ## Write docs/course-facts.md, what the course holds in numbers
	@$(BIN)/python manage.py course_facts content/customer-service > docs/course-facts.md

bench: $(VENV)/dev.stamp ## Measure against the bare page, on both databases (SIZES=1: up to 100,000 people)
	@$(BIN)/python -m tests.bench $(if $(SIZES),sizes)

lock: ## Renew requirements/*.txt from pyproject.toml (the only target that needs uv)
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --upgrade pyproject.toml -o requirements/base.txt
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --upgrade --group dev pyproject.toml -o requirements/dev.txt

sbom: $(VENV)/dev.stamp ## Write requirements/sbom.cdx.json, the parts of a release; after `make lock`
	@$(BIN)/python -m tests.trust.sbom

newer: $(VENV)/dev.stamp ## Ask whether Django has a newer patch than ours; once a week
	@$(BIN)/python -m tests.trust.newer

install: $(VENV)/dev.stamp $(DATA_DIR)/secret_key ## Only make the environment and the secret

secret: $(DATA_DIR)/secret_key ## Write a random secret key into the data directory

system: ## Install the Debian packages the whole suite uses (as root): Chromium, PostgreSQL
	apt-get update && apt-get install -y --no-install-recommends chromium postgresql postgresql-common

shots: $(VENV)/dev.stamp ## Take the screenshots of docs/ and of the public home anew
	@$(BIN)/python -m tests.shots

clean: ## Remove the environment; data stays
	rm -rf $(VENV)

$(DATA_DIR)/secret_key:
	@mkdir -p $(DATA_DIR)
	@umask 077 && $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))' > $@

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Workshop needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/base.stamp: $(VENV)/python.stamp requirements/base.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/base.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/base.stamp requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
