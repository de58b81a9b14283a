# `make demo` shows what matcalc does; `make test` runs the linters and the whole test suite.
# Each makes its own .venv when there is none; delete .venv to begin anew.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo lint test clean

help:
	@echo "make demo   derive, print in all notations, run the emitted NumPy against a finite difference"
	@echo "make test   run ruff, mypy and the whole test suite"
	@echo "make lint   run ruff and mypy"
	@echo "make clean  remove .venv and caches"

.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "matcalc needs Python 3.11 or later; try: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# The oracle (JAX) is optional: where it cannot be installed, its tests are skipped and say so.
.venv/.installed-for-tests: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test,dev]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[oracle]" \
		|| echo "JAX cannot be installed here: the tests that need it will be skipped"
	@touch $@

lint: .venv/.installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -n $(WORKERS)

demo: .venv/.installed
	@echo
	$(BIN)/matcalc derive "B'*B" --wrt B --declare "B: matrix(m, n)"
	@echo
	$(BIN)/matcalc derive "B'*B" --wrt B --form index
	@echo
	$(BIN)/matcalc derive "B'*B" --wrt B --form cases
	@echo
	$(BIN)/matcalc derive "B'*B" --wrt B --form vec
	@echo
	$(BIN)/matcalc derive "B'*B" --wrt B --form elements --size m=2,n=2
	@echo
	$(BIN)/matcalc derive "B'*B" --wrt B --emit latex --form index
	@echo
	$(BIN)/matcalc derive "B'*B" --wrt B --emit numpy
	@echo
	$(BIN)/matcalc check "B'*B" --wrt B
	@echo
	$(BIN)/matcalc derive "crossentropy(y, softmax(theta))" --wrt theta --declare "theta: vector(C); y: vector(C) simplex"
	@echo
	$(BIN)/matcalc check "crossentropy(y, softmax(theta))" --wrt theta --declare "theta: vector(C); y: vector(C) simplex"

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
