.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help dev fmt lint types imports static test test-all bench docs demo check

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: ## set up .venv with everything
	scripts/bootstrap --extra demo --extra pdf

fmt: ## format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: ## check format and lint
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: ## check types (mypy, strict)
	$(BIN)/mypy

imports: ## check the direction of imports
	$(BIN)/lint-imports

static: lint types imports

test: ## run the tests, but for the slow ones
	$(BIN)/python -m pytest -q

test-all: ## run all tests, the slow ones too
	$(BIN)/python -m pytest -q -m ''

bench: ## run the benchmarks, side by side with their peers
	@for file in bench/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

docs: ## make the pages of rules and commands anew
	scripts/docs

demo: ## train a real model and take it through the gate
	scripts/demo

check: lint types imports test ## what CI runs
