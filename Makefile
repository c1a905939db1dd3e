# AuthorGAN. `make run` starts everything, `make test` proves everything.

SHELL       := /bin/bash
PYTHON      ?= $(shell command -v python3.11 || command -v python3)
NODE        ?= node
NODE_RED_5  := tests/e2e/node-red-5
PALETTE     := node-red-contrib-authorgan
BIN         := .venv/bin
# ONCE=1: start everything, run the first flow to its end without a browser, exit 0 only if it worked.
ONCE        ?=
# DRIVERS=all: also TensorFlow and JAX, which the Keras driver can run on.
DRIVERS     ?=
# SKIP=node-red-5: leave out the browser tests on Node-RED 5, which install it and the Node.js that it needs.
SKIP        ?=

.PHONY: help run test check format bench examples node-red-5 scorecard clean distclean

help:
	@echo "make run              start broker, service, workers and Node-RED; prints the address of the editor"
	@echo "make run DRIVERS=all  the same with TensorFlow and JAX, for the Keras driver"
	@echo "make run ONCE=1       the same without a browser: run the first flow to its end and judge what it drew"
	@echo "make test             every test, with real parts (Chromium is needed for the browser tests)"
	@echo "make test SKIP=node-red-5  the same without a second round in the editor of Node-RED 5"
	@echo "make check            format, lint, types, generated files fresh"
	@echo "make format           put Python and JavaScript into shape, generate the palette anew"
	@echo "make bench            benchmarks, each side by side with its alternative"
	@echo "make scorecard        what Node-RED's developer scorecard says of the palette (asks the network)"
	@echo "make clean            what was built; make distclean also forgets runs and uploads (./var)"

# --- what must be installed ------------------------------------------------------------------------------------------

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "AuthorGAN needs Python 3.11 or later; found: $$($(PYTHON) --version 2>&1). Name another with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "This Python cannot make a virtual environment (on Debian: apt install python3-venv)."; exit 1; }
	@touch $@

.venv/.installed: requirements.txt | .venv/.python
	@echo "Installing the Python packages (once; a few minutes with a slow network) ..."
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-all: requirements.txt requirements-all.txt | .venv/.python
	@echo "Installing the Python packages, TensorFlow and JAX too (once; a few minutes with a slow network) ..."
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements-all.txt
	@touch $@ .venv/.installed

.venv/.installed-dev: requirements.txt requirements-all.txt requirements-dev.txt | .venv/.python
	@echo "Installing the Python packages for development ..."
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/.installed-all .venv/.installed

$(PALETTE)/node_modules/.installed: $(PALETTE)/package.json $(PALETTE)/package-lock.json
	@$(NODE) -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null || \
	  { echo "AuthorGAN needs Node.js 20 or later; found: $$($(NODE) --version 2>&1)."; exit 1; }
	@echo "Installing Node-RED and the palette ..."
	@# The locked versions, as with `npm ci`, which however refuses a lock made where a tool's builds for other systems were not to be had.
	@cd $(PALETTE) && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(NODE_RED_5)/node_modules/.installed: $(NODE_RED_5)/package.json $(NODE_RED_5)/package-lock.json
	@echo "Installing Node-RED 5 and the Node.js that it needs, for the browser tests (once; 300 MB) ..."
	@cd $(NODE_RED_5) && npm install --no-save --no-audit --no-fund --loglevel=error && node_modules/.bin/node --version >/dev/null || \
	  { echo "Node-RED 5 could not be installed for its browser tests; the reason stands above. make test SKIP=node-red-5 leaves them out."; exit 1; }
	@touch $@

RUNTIME := .venv/.installed$(if $(filter all,$(DRIVERS)),-all) $(PALETTE)/node_modules/.installed
DEVTIME := .venv/.installed-dev $(PALETTE)/node_modules/.installed

# --- what one does with it -------------------------------------------------------------------------------------------

run: $(RUNTIME)
	@exec $(BIN)/python -m service up $(if $(ONCE),--once)

# The drivers' tests mostly compute, the others mostly wait: side by side they take little longer than either alone.
test: $(DEVTIME) $(if $(filter node-red-5,$(SKIP)),,node-red-5)
	@log=$$(mktemp); trap 'kill $$drivers 2>/dev/null; rm -f "$$log"' EXIT; \
	echo "$(BIN)/python -m pytest tests/drivers, which is shown when it is over"; \
	$(BIN)/python -m pytest -o cache_dir=.pytest_cache/drivers tests/drivers >"$$log" 2>&1 & drivers=$$!; \
	echo "$(BIN)/python -m pytest --ignore=tests/drivers"; \
	$(BIN)/python -m pytest --ignore=tests/drivers; others=$$?; \
	wait $$drivers; computing=$$?; cat "$$log"; exit $$((others | computing))
	cd $(PALETTE) && npm test --silent
	$(if $(filter node-red-5,$(SKIP)),,cd $(PALETTE) && npm run test:node-red-5 --silent)

node-red-5: $(NODE_RED_5)/node_modules/.installed

check: $(DEVTIME)
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted; make format does it."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@cd $(PALETTE) && npm run --silent check

format: $(DEVTIME)
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .
	@cd $(PALETTE) && npm run --silent generate && npm run --silent format

bench: $(DEVTIME)
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done
	@for file in benchmarks/*.mjs; do echo "== $$file"; $(NODE) "$$file" || exit 1; done

scorecard: $(PALETTE)/node_modules/.installed
	@cd $(PALETTE) && npx --yes node-red-dev@0.1.6 validate --path "$$PWD"

clean:
	rm -rf .venv $(PALETTE)/node_modules $(NODE_RED_5)/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf var
