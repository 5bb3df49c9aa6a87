# Every target creates .venv on first use and reuses it afterwards.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

export TF_CPP_MIN_LOG_LEVEL ?= 3
export TF_ENABLE_ONEDNN_OPTS ?= 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@echo "dlcourse: make TARGET"
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

$(READY): pyproject.toml
	@echo "==> Installing dlcourse and its tools into $(VENV) (first use, or pyproject.toml changed; a few minutes)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "dlcourse needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "$(PYTHON) cannot create a virtual environment; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

.PHONY: install
install: $(READY) ## create or update .venv

.PHONY: demo
demo: $(READY) ## build the labs, grade a simulated class of 24 with nbgrader, show the report
	@echo "==> Building the labs and grading a simulated class"
	@$(BIN)/dlcourse demo

.PHONY: lab
lab: $(READY) ## open a copy of the labs in JupyterLab, to work in
	@echo "==> Opening my-labs/"
	@$(BIN)/dlcourse start my-labs

.PHONY: build
build: $(READY) ## rebuild the notebooks and checks of all labs from solutions/
	@$(BIN)/dlcourse build

.PHONY: validate
validate: $(READY) ## show which right and wrong answers the exercises tell apart
	@$(BIN)/dlcourse validate

.PHONY: data
data: $(READY) ## rebuild data/*.csv from the packages named in data/README.md
	@echo "==> Rebuilding data/*.csv"
	@$(BIN)/python data/build.py

.PHONY: lint
lint: $(READY) ## ruff (style, format) and mypy (types)
	@echo "==> ruff, mypy"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

.PHONY: format
format: $(READY) ## let ruff rewrite the code in the project's format
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

# two test processes share the cores: more threads would only wait for each other
quick test: export TF_NUM_INTRAOP_THREADS ?= 1
quick test: export TF_NUM_INTEROP_THREADS ?= 1
quick test: export OMP_NUM_THREADS ?= 1

.PHONY: quick
quick: lint ## lint and the tests that take seconds
	@echo "==> Quick tests"
	@$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadgroup

.PHONY: test
test: lint ## lint and the whole test suite
	@echo "==> All tests"
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

.PHONY: test-jax
test-jax: ## the helpers' tests with Keras on JAX, in an environment of its own (.venv-jax)
	@echo "==> The helpers' tests with KERAS_BACKEND=jax"
	@test -x .venv-jax/bin/python || $(PYTHON) -m venv .venv-jax
	@.venv-jax/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,jax]'
	@KERAS_BACKEND=jax .venv-jax/bin/python -m pytest tests/test_batches.py tests/test_callbacks.py \
		tests/test_layers.py tests/test_models.py tests/test_schedules.py tests/test_tuning.py

.PHONY: bench
bench: $(READY) ## measure speed, as ratios: training, checks, grading (some minutes, quiet machine)
	@echo "==> Benchmarks"
	@$(BIN)/python benchmarks/fit.py && $(BIN)/python benchmarks/checks.py && $(BIN)/python benchmarks/grading.py

.PHONY: docs
docs: $(READY) ## the course as a book, in build/docs (executes all labs: some minutes)
	@echo "==> Executing the labs and the gallery"
	@$(BIN)/python docs/pages.py
	@echo "==> Writing the book"
	@$(BIN)/sphinx-build -W --keep-going -q -d build/doctrees docs build/docs
	@echo "Open build/docs/index.html"

.PHONY: pictures
pictures: $(READY) ## take the pictures of the guides anew, in a browser
	@echo "==> Taking docs/images"
	@DLCOURSE_PICTURES=1 $(BIN)/python -m pytest tests/browser

.PHONY: clean
clean: ## remove what was built, and .venv
	@echo "==> Removing build/, dist/, computed pages and $(VENV)"
	@rm -rf build dist docs/labs docs/gallery.ipynb docs/api/cli.md $(VENV) .venv-jax
