# `make` alone prints the help.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
# Many commands start Python many times: none should compile again what the one before compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check bench interop format lock fonts

help: ## print this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/'

$(UV):
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Patou needs Python 3.11, 3.12 or 3.13: make run PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.run: requirements.lock pyproject.toml | $(UV)
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes -r requirements.lock
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.node: tests/node/package-lock.json tests/node/.npmrc $(VENV)/.dev
	$(BIN)/npm ci --prefix tests/node --loglevel=error
	@touch $@

run: $(VENV)/.run ## install what is pinned, prepare the database and the pack, serve on http://127.0.0.1:8080
	$(BIN)/patou serve

test: $(VENV)/.node ## run the whole suite, with real PostgreSQL, Redis, Kannel and Chromium
	tests/install-components
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

check: $(VENV)/.dev ## format, lint, types, import contracts, country pack
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/patou pack check
	$(BIN)/patou pack lint

bench: $(VENV)/.dev ## measure, beside the bare figures of the same run, and write docs/benchmarks.md
	$(BIN)/python -m tests.bench
	$(if $(NLU_DATA),$(BIN)/python -m tests.bench.public_sets $(NLU_DATA))

# DIET's epochs; without, Rasa learns by logistic regression. REUSE=1 takes models that are there.
EPOCHS ?= 0
PYTHON310 ?= python3.10
INTEROP ?= build/interop
interop: $(VENV)/.dev ## play the same conversations with the real Rasa, PYTHON310=… EPOCHS=…, and write docs/interop
	nice -n 19 $(BIN)/python -m tests.interop --python $(PYTHON310) --folder $(INTEROP) --epochs $(EPOCHS) $(if $(REUSE),--reuse)

format: $(VENV)/.dev ## rewrite the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev ## pin the newest releases that pyproject.toml allows, with hashes and no address
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --group dev pyproject.toml -o requirements-dev.lock
	$(BIN)/npm update --package-lock-only --prefix tests/node --loglevel=error

fonts: $(VENV)/.dev ## cut Debian's Noto Sans Lao (fonts-noto-core) down to what our pages show
	for weight in Regular Bold; do \
		$(BIN)/pyftsubset /usr/share/fonts/truetype/noto/NotoSansLao-$$weight.ttf --unicodes=U+0020,U+00A0,U+0E80-0EFF,U+25CC \
			--layout-features='*' --no-hinting --flavor=woff2 --output-file=web/static/noto-sans-lao-$$weight.woff2; \
	done
