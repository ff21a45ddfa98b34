# Targets do everything, set-up included, on a machine with Python 3.11, git and make:
#
#   make repro    the whole graph on the demo corpus (dvc repro)
#   make test     lint, types and tests
#   make soak     dozens of kills, full disks and thousands of damaged files (20 minutes on two cores)
#   make docs     the documentation site, into site/
#
# TORCH chooses the build of PyTorch: `cpu` (default; no CUDA packages) or a CUDA build that your
# driver knows, for example `make repro TORCH=cu130`.

PYTHON ?= python3.11
VENV   ?= .venv
TORCH  ?= cpu

TORCH_VERSION = 2.13.0
TORCH_INDEX   = https://download.pytorch.org/whl/$(TORCH)
# The CPU build's other requirements are in the lock; --no-deps keeps a CUDA package from slipping in.
TORCH_DEPS    = $(if $(filter cpu,$(TORCH)),--no-deps)

export DVC_NO_ANALYTICS = 1
export PATH := $(abspath $(VENV))/bin:$(PATH)

.PHONY: help repro test soak docs lint env lock clean

help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

repro: env
	dvc repro

test: lint
	python -m pytest -n auto --dist loadfile --no-loadscope-reorder # whole graphs are few tests, but first

soak: env
	MULTISPEC_SOAK=reports/soak.json nice python -m pytest -m soak -n auto --dist worksteal tests/faults tests/sharing
	python tests/faults/trust_table.py

docs: env
	NO_MKDOCS_2_WARNING=1 python -m mkdocs build --strict

lint: env
	ruff check .
	ruff format --check .
	mypy

env: $(VENV)/.installed-$(TORCH)

$(VENV)/.installed-$(TORCH): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed, this is %d.%d; name one with make PYTHON=..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --retries 1 --index-url $(TORCH_INDEX) $(TORCH_DEPS) torch==$(TORCH_VERSION)
	$(VENV)/bin/python -m pip install --quiet --no-deps -e .
	$(VENV)/bin/python -m pipeline.warm
	touch $@

# Exact versions of all that is installed; run it after a deliberate upgrade, then test.
lock:
	$(VENV)/bin/python -m pip freeze --exclude torch --exclude-editable > requirements.lock

clean:
	rm -rf $(VENV) data/cache
