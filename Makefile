# Every target is one `persepsi` command or one tool; an office without make can type the command itself (README).
PYTHON ?= python3
STUDY ?= kendari
JOBS ?= auto
VENV := .venv
BIN := $(VENV)/bin
KOBO := build/pyxform-kobo
LOCK = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: coverage help analyze pull forms lint-forms print codebook deploy sandbox doctor fieldwork test check lint format proof proof-spark bench golden lock clean distclean

help: ## List the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

analyze: $(VENV)/.run ## Pull, weight, estimate and render the reports of STUDY (default: kendari)
	$(BIN)/persepsi analyze $(STUDY)

pull: $(VENV)/.run ## Fetch new submissions of STUDY into its store
	$(BIN)/persepsi pull $(STUDY)

forms: $(VENV)/.run $(KOBO)/.made ## Convert the questionnaires of STUDY with both pyxforms, validate; write XForm and mirror
	$(BIN)/persepsi forms build $(STUDY) --need-both

lint-forms: $(VENV)/.run ## Check the questionnaires of STUDY without writing
	$(BIN)/persepsi forms lint $(STUDY)

print: $(VENV)/.run ## Questionnaires and session sheets of STUDY on A4 into build/
	$(BIN)/persepsi forms print $(STUDY)

codebook: $(VENV)/.run ## The codebook page of STUDY into build/
	$(BIN)/persepsi forms codebook $(STUDY)

deploy: $(VENV)/.run ## Show what publishing STUDY would do (persepsi forms deploy --yes does it)
	$(BIN)/persepsi forms deploy $(STUDY)

sandbox: $(VENV)/.run ## Serve STUDY's simulated fieldwork on a loopback KoBo-compatible server
	$(BIN)/persepsi sandbox $(STUDY)

doctor: $(VENV)/.run ## Say what this machine lacks and what to do
	$(BIN)/persepsi doctor $(STUDY)

fieldwork: $(VENV)/.dev ## Fill the simulated fieldwork of STUDY anew through the real XForm engine (needs Java)
	$(BIN)/persepsi sandbox $(STUDY) --fill

test: $(VENV)/.dev ## Run the tests; proofs whose tool is absent are listed at the end
	$(BIN)/python -m pytest -q -m "not slow" -n $(JOBS) --dist loadfile

check: lint test ## What CI runs: ruff, mypy, import-linter, tests

lint: $(VENV)/.dev ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .

proof: $(VENV)/.dev ## Run the long proofs (a wheel in an environment of its own)
	$(BIN)/python -m pytest -q -m slow

bench: $(VENV)/.dev ## Time every stage of `persepsi analyze`, and a pull of 50,000 submissions; print the tables
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.sync

coverage: $(VENV)/.dev ## Repeat the coverage study (half an hour or more) and write its tables
	$(BIN)/python -m benchmarks.coverage_study
	$(BIN)/python -m benchmarks.coverage_tables

golden: $(VENV)/.dev ## Regenerate the reference numbers from R's package survey (needs R)
	Rscript tests/golden/r/reference.R
	Rscript tests/golden/r/replicates.R
	Rscript tests/golden/r/calibration.R
	Rscript tests/golden/r/estimators.R
	Rscript tests/golden/r/api.R > tests/golden/r/api.csv
	Rscript tests/golden/r/auxiliaries.R > tests/golden/r/auxiliaries.csv
	Rscript tests/golden/r/fay_herriot.R tests/golden/r
	Rscript tests/golden/r/differences.R
	Rscript tests/golden/r/case_mix.R
	$(BIN)/python -m tests.golden.matrix.shapes
	$(BIN)/python -m tests.golden.matrix.cells
	Rscript tests/golden/matrix/matrix.R

lock: $(VENV)/.dev ## Resolve the five lock files anew
	$(LOCK) pyproject.toml --group build -o requirements.lock
	$(LOCK) pyproject.toml --extra javarosa --group dev -o requirements-dev.lock
	$(LOCK) --group pyproject.toml:kobo -o requirements-pyxform-kobo.lock
	$(LOCK) pyproject.toml --extra spark --group build -c requirements-dev.lock -o requirements-spark.lock
	$(LOCK) pyproject.toml --extra stata --group build -c requirements-dev.lock -o requirements-stata.lock

SPARK := build/spark
proof-spark: $(SPARK)/.made ## Prove the engine on Apache Spark in an environment of its own (needs Java 17)
	$(SPARK)/bin/python -m pytest -q tests/pipeline/test_spark.py

$(SPARK)/.made: requirements-dev.lock requirements-spark.lock
	$(PYTHON) -m venv $(SPARK)
	$(SPARK)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(SPARK)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-spark.lock
	$(SPARK)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(KOBO)/.made: requirements-pyxform-kobo.lock
	@$(PYTHON) -m venv --clear $(KOBO)
	@$(KOBO)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-pyxform-kobo.lock || { \
	  echo "The pyxform of KoBo's server could not be fetched, so the forms cannot be proven with it. Without a network:"; \
	  echo "$(BIN)/persepsi forms build $(STUDY) converts with the one that is here, and says that the other was not asked."; exit 1; }
	@touch $@

clean: ## Remove what can be made again (never data/)
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

distclean: clean ## Remove the environment too
	rm -rf $(VENV)

$(VENV)/.run: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Persepsi needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null || echo 'not found')."; \
	  echo "Install a newer Python and name it: make $(or $(MAKECMDGOALS),analyze) PYTHON=python3.12"; exit 1; }
	@echo "Preparing $(VENV) (once, a few minutes on a slow line) ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { \
	  echo "$(PYTHON) cannot make an environment in $(VENV). Debian and Ubuntu keep that part of Python apart:"; \
	  echo "apt-get install python3-venv (or python3.12-venv for PYTHON=python3.12), then make $(or $(MAKECMDGOALS),analyze) again."; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
