# Every target begins with `setup`, which needs Python 3.11 or later with venv, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
UV_WHEEL_CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/yijian

# Messages are Chinese in the code; each other language is a catalogue that is compiled here.
CATALOGUES := $(wildcard src/yijian/web/locale/*/LC_MESSAGES/django.po)
COMPILED := $(CATALOGUES:.po=.mo)

ENVIRONMENT := $(VENV)/stamp-uv-$(UV_VERSION)
DEPENDENCIES := $(VENV)/stamp-dependencies
NODE_MODULES := node_modules/stamp
ASSETS := src/yijian/web/static/vendor/stamp

export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON := $(BIN)/python
export UV_PYTHON_DOWNLOADS := never
unexport VIRTUAL_ENV

# Enough for Django to read its settings; nothing connects with it.
SETTINGS_ONLY := YIJIAN_DATABASE_URL=postgresql://none@127.0.0.1:1/none \
	YIJIAN_SECRET_KEY=only-to-read-the-settings-no-secret \
	YIJIAN_FIELD_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

.PHONY: help setup demo test check bench fuzz chaos fmt messages clean

help:
	@echo "make demo    serve a demonstration region on this machine"
	@echo "make test    run the whole test suite (ARGS=... go to pytest)"
	@echo "make check   lint, format, types, import contracts, migrations, translations"
	@echo "make bench   measure, one JSON line per figure (ONLY=prefix picks)"
	@echo "make fuzz    try a million mangled messages, bodies and forms (N=... another number, SEED=... one round)"
	@echo "make chaos   kill every process 20 times in 20,000 messages, count (MESSAGES=..., KILLS=...)"
	@echo "make fmt     format the code; make messages: bring the translations up to date"
	@echo "make setup   what all of them begin with; make clean: undo it, keeping var/"

setup: $(DEPENDENCIES) $(ASSETS) $(COMPILED)
	@$(BIN)/python -m compileall -q src

demo: setup
	@$(BIN)/yijian demo

test: setup
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(SETTINGS_ONLY) $(BIN)/mypy
	$(BIN)/lint-imports
	$(SETTINGS_ONLY) $(BIN)/python -m tools.check_migrations
	$(BIN)/python -m tools.translations check

bench: setup
	@$(BIN)/python -m bench $(ONLY)

fuzz: setup
	@$(BIN)/python -m tools.fuzz $(if $(N),--examples $(N)) $(if $(SEED),--seed $(SEED))

chaos: setup
	@$(BIN)/python -m tools.chaos $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(KILLS),--kills $(KILLS))

fmt: setup
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format

messages: setup
	$(BIN)/python -m tools.translations update

clean:
	rm -rf $(VENV) node_modules src/yijian/web/static/vendor $(COMPILED)

# uv comes as a wheel, kept aside, so that a second checkout needs no network.
$(ENVIRONMENT):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'Yijian needs Python 3.11 or later: install it and say where, as in make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'This Python lacks venv: on Debian and Ubuntu, apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@mkdir -p '$(UV_WHEEL_CACHE)'
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-index --find-links '$(UV_WHEEL_CACHE)' \
		uv==$(UV_VERSION) 2>/dev/null || \
	{ $(BIN)/pip download --quiet --disable-pip-version-check --no-deps --dest '$(UV_WHEEL_CACHE)' uv==$(UV_VERSION) && \
		$(BIN)/pip install --quiet --disable-pip-version-check --no-index --find-links '$(UV_WHEEL_CACHE)' uv==$(UV_VERSION); }
	@touch $@

# Bytecode is made at setup: where PYTHONDONTWRITEBYTECODE is set, each of many processes would compile anew.
$(DEPENDENCIES): $(ENVIRONMENT) uv.lock pyproject.toml
	@$(BIN)/uv sync --frozen --all-groups --quiet --offline 2>/dev/null || $(BIN)/uv sync --frozen --all-groups --quiet
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib
	@touch $@

$(NODE_MODULES): package-lock.json package.json .npmrc | $(DEPENDENCIES)
	$(BIN)/python -m tools.web_assets install
	@touch $@

$(ASSETS): $(NODE_MODULES) tools/web_assets.py
	$(BIN)/python -m tools.web_assets publish
	@touch $@

%.mo: %.po | $(DEPENDENCIES)
	$(BIN)/python -m tools.translations compile $<
