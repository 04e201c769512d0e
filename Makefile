# Everything runs in .venv, made on first use and again when pyproject or constraints change.
PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
KEY := $(shell cat pyproject.toml constraints.txt | sha256sum | cut -c1-16)
STAMP := $(VENV)/.env-$(KEY)-$(shell echo '$(TORCH)' | tr -c 'a-zA-Z0-9.\n' '-')
DEMO := $(STAMP)-demo
TEST := $(STAMP)-test
INSTALLED := $(VENV)/.installed
SOURCES := $(shell find sciae -type f -not -path '*/__pycache__/*') pyproject.toml README.md
PIP := $(BIN)/pip --disable-pip-version-check
OUTSIDE := cd $${TMPDIR:-/tmp} &&
HERE := $(CURDIR)
CONSTRAIN := -c constraints.txt

.PHONY: help demo test check bench docs samples clean
help: ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: $(DEMO) $(INSTALLED) ## set up, run every job on the embedded samples, write demo-report/
	$(BIN)/sciae demo --out demo-report --overwrite

test: $(TEST) $(INSTALLED) ## set up and pass the tests, against the installed package
	$(OUTSIDE) $(HERE)/$(BIN)/python -m pytest -c $(HERE)/pyproject.toml --rootdir $(HERE) \
	  -p no:cacheprovider $(HERE)/tests
	$(OUTSIDE) $(HERE)/$(BIN)/python -m pytest -c $(HERE)/pyproject.toml --rootdir $(HERE) \
	  -p no:cacheprovider --doctest-modules --doctest-continue-on-failure --pyargs sciae

check: $(TEST) $(INSTALLED) ## lint, types, layers of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(TEST) $(INSTALLED) samples-large/.made ## print the tables that the documentation quotes
	for one in tests/benchmarks/*.py; do echo "== $$one"; $(BIN)/python $$one || exit 1; done

docs: $(TEST) $(INSTALLED) ## build the documentation, running its examples
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

samples: $(TEST) $(INSTALLED) ## make the embedded samples and the larger set for benchmarks again
	$(BIN)/python examples/make_samples/jets.py package
	$(BIN)/python examples/make_samples/alanine_dipeptide.py package
	$(BIN)/python examples/make_samples/jets.py large samples-large

samples-large/.made: | $(TEST) $(INSTALLED)
	$(BIN)/python examples/make_samples/jets.py large samples-large
	@touch $@

clean: ## remove what was built
	rm -rf $(VENV) build dist docs/_build docs/gallery demo-report bench-env blind-alanine tetrapeptide

$(STAMP):
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v < (3, 14))' || \
	  { echo 'sciae needs Python 3.11 to 3.13; name one with: make PYTHON=python3.11 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'sciae needs the venv module; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q $(CONSTRAIN) '$(TORCH)'
	$(PIP) install -q $(CONSTRAIN) hatchling
	@touch $@

# Dependencies come through an editable install that is replaced by the real one below.
$(DEMO): $(STAMP)
	$(PIP) install -q $(CONSTRAIN) '.[jets,md,report]'
	@touch $@ $(INSTALLED)

$(TEST): $(STAMP)
	$(PIP) install -q $(CONSTRAIN) '.[all]' $(shell $(PYTHON) -c "import tomllib; g = tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']; print(' '.join(repr(r) for n in ('test', 'check', 'docs', 'samples') for r in g[n]))")
	$(PIP) check
	@touch $@ $(DEMO) $(INSTALLED)

$(INSTALLED): $(SOURCES)
	$(PIP) install -q --no-deps --no-build-isolation --force-reinstall .
	@touch $@
