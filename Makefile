# `make demo` analyses the example, `make test` checks everything. Both set up .venv on their first run.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Test files run in this many processes, each with servers of its own: much of the time is waiting for them.
TEST_PROCESSES ?= 2
# What the tests use beside Python packages: a browser, a sandbox, what fetches and runs the servers, a proxy.
PROGRAMS := chromium bwrap mvn xmllint strace nginx
PACKAGES := chromium bubblewrap maven libxml2-utils strace nginx-light postgresql

.DEFAULT_GOAL := help
.PHONY: help demo test lint types openapi examples neo4j benchmarks system clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/ready ## Analyse the Iris example and write its report
	$(BIN)/nif analyze examples/iris/iris.onnx examples/iris/iris.csv --target species \
		--store embedded://$(CURDIR)/demo/data/network.db --output demo/iris

test: $(VENV)/ready system lint types ## Lint, types and all tests
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready
	$(BIN)/mypy

openapi: $(VENV)/ready ## Write openapi.yaml from the code
	$(BIN)/python -m service.api.openapi_file

examples: $(VENV)/ready ## Train and export the example models again
	$(BIN)/python examples/make_examples.py
	$(BIN)/python examples/adult/train.py

neo4j: $(VENV)/ready ## Fetch and run a local Neo4j with Graph Data Science
	$(BIN)/python -m service.neo4j_server

benchmarks: $(VENV)/ready ## Print every published figure (takes a while)
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

# A torch that is there already is used as it is; it is the one package of several gigabytes.
$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "NIF needs Python 3.11, 3.12 or 3.13: install one, or say make PYTHON=/path/to/python"; exit 1; }
	@test -x $(BIN)/python || \
		if $(PYTHON) -c 'import torch' 2>/dev/null; then $(PYTHON) -m venv --system-site-packages $(VENV); \
		else $(PYTHON) -m venv $(VENV); fi
	@if $(BIN)/python -c 'import torch' 2>/dev/null; then grep -v '^torch==' constraints.txt > $(VENV)/constraints.txt; \
		else cp constraints.txt $(VENV)/constraints.txt; echo "Installing into .venv; torch brings several GB, so this takes minutes."; fi
	$(BIN)/pip install --quiet --disable-pip-version-check -c $(VENV)/constraints.txt -e '.[dev]'
	@touch $@

system:
	@PATH="$$PATH:/usr/sbin"; missing=; for program in $(PROGRAMS); do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	command -v pg_ctl >/dev/null || ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 || missing="$$missing postgres"; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null; \
		else echo "The tests need$$missing: install with  sudo apt-get install $(PACKAGES)"; exit 1; fi; \
	fi

clean: ## Remove what the targets made, .venv included
	rm -rf $(VENV) demo build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
