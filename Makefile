# `make demo` shows what matcalc does; `make test` runs the linters and the whole test suite.
# Each makes its own .venv when there is none; delete .venv to begin anew.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo lint test status clean

help:
	@echo "make demo   derive, print in all notations, run the emitted NumPy against a finite difference, verify two claims"
	@echo "make test   run ruff, mypy and the whole test suite"
	@echo "make lint   run ruff and mypy"
	@echo "make status write the status of the identities into README.md and identities/STATUS.md"
	@echo "make clean  remove .venv and caches"

.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "matcalc needs Python 3.11 or later; try: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# The oracle (JAX) and PyTorch are optional: where they are not installed, their tests are skipped and say so.  PyTorch is
# large, so that it is asked for: make test EXTRAS="oracle torch"
EXTRAS ?= oracle

.venv/.installed-for-tests: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test,dev]"
	@for extra in $(EXTRAS); do \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$$extra]" \
			|| echo "the extra $$extra cannot be installed here: the tests that need it will be skipped"; \
	done
	@touch $@

# KaTeX, which judges the LaTeX that is printed, is optional, too: without npm its test is skipped and counts what it left out.
KATEX := tests/katex

$(KATEX)/node_modules/.installed: $(KATEX)/package.json
	@if command -v npm > /dev/null; then \
		npm install --prefix $(KATEX) --no-package-lock --no-audit --no-fund --loglevel=error && touch $@ \
			|| echo "KaTeX cannot be installed here: its test will be skipped"; \
	else echo "npm is not installed: the test with KaTeX will be skipped"; fi

lint: .venv/.installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint $(KATEX)/node_modules/.installed
	$(BIN)/python -m pytest -n $(WORKERS)

# A matrix by a matrix, and the gradient of a classifier's loss: each in every notation, then its NumPy code, which
# `check` runs against finite differences.
PRODUCT := "B'*B" --wrt B
PRODUCT_SIZE := --size m=2,n=2
LOSS := "crossentropy(y, softmax(theta))" --wrt theta --declare "theta: vector(C); y: vector(C) simplex"
LOSS_SIZE := --size C=3

define show
@echo
$(BIN)/matcalc $(1)

endef

define show-all
$(call show,derive $(1))
$(foreach form,index cases vec,$(call show,derive $(1) --form $(form)))
$(call show,derive $(1) --form elements $(2))
$(foreach form,matrix index cases,$(call show,derive $(1) --emit latex --form $(form)))
$(call show,derive $(1) --emit numpy)
$(call show,check $(1))
endef

demo: .venv/.installed
	$(call show-all,$(PRODUCT),$(PRODUCT_SIZE))
	$(call show-all,$(LOSS),$(LOSS_SIZE))
	$(call show,verify -e "d(vec(A*B*C))/d(vec(B)) = kron(C', A)" || true)
	$(call show,verify -e "d(x'*W*x)/d(x) = 2*x'*W" || true)

status: .venv/.installed
	$(BIN)/python -m matcalc.status README.md identities/STATUS.md

clean:
	rm -rf .venv $(KATEX)/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
