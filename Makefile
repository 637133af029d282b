# Common uses:
#
#   make learn       set everything up, start a cluster, open JupyterLab on lesson 00
#   make test        set everything up and run every check; what CI runs
#
#   make unit        the tests without lessons and browser       make lint      ruff, mypy, import rules
#   make conformance behaviours of Kubernetes, on a real API     make lessons   run the lessons, store their outputs
#   make browser     widgets in a real Chromium                  make bench     tables of speed and size
#   make conformance-old-client   with the oldest version of the official client that is supported
#   make faults      crashes, full disks, hostile requests: the long versions
#   make upstream    build Kubernetes' own programs, to measure and to test against (needs Go)
#   make test-kind   conformance, Internals and lessons on real Kubernetes (needs Docker and kind)
#   make kind-image  build the nodes' image for it where no registry can be reached (needs Go and apt)
#   make upstream-conformance   upstream's conformance tests on the embedded cluster; takes an hour
#   make clean       remove the virtual environment and caches; lessons you worked on in work/ stay
#
# Variables: PYTHON=python3.12 (which Python to build on), WORK=work (where the learner's copies live).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help learn test lint unit conformance conformance-old-client faults nbval browser lessons \
    bench upstream upstream-conformance kind-image test-kind clean

VENV := .venv
BIN := $(VENV)/bin
WORK ?= work
# A file at a time, so that its tests share what they set up.
SIDE_BY_SIDE := -n 3 --dist loadfile
# What tests need and this machine has no new one of: see tools/newest.
FETCHED := .cache/debian
# Lessons and tests must find our tools first, with no environment activated.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/$(FETCHED)/usr/bin:$(PATH)
# A cluster starts often, and takes twice as long where nothing compiled may be kept.
export PYTHONDONTWRITEBYTECODE :=

help:
	@sed -n '3,18s/^# \{0,1\}//p' Makefile

# --- set-up -------------------------------------------------------------------------------------

$(VENV)/ready-learn: pyproject.toml tools/venv tools/lab-settings.json
	@tools/venv $(VENV) .
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@cp tools/lab-settings.json $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

$(VENV)/ready-test: $(VENV)/ready-learn
	@tools/venv $(VENV) '.[test]'
	@touch $@

# --- learning -----------------------------------------------------------------------------------

learn: $(VENV)/ready-learn
	@tools/system-package dot graphviz
	@kubelearn lessons $(WORK)/lessons
	@kubelearn up
	@echo "JupyterLab opens in your browser, or at the address below. Ctrl+C, twice, stops it."
	@echo "The cluster runs on until you type: $(BIN)/kubelearn down"
	@cd $(WORK)/lessons && exec jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) \
	    --log-level=ERROR --LabApp.extension_manager=readonly $(LAB_ARGS) 00-start-here.ipynb

# --- testing ------------------------------------------------------------------------------------

test: $(VENV)/ready-test
	@tools/system-package dot graphviz
	@tools/system-package chromium chromium
	@tools/kubectl $(FETCHED)
	@$(MAKE) --no-print-directory lint
	@# Most tests wait for real processes, so three run at a time. On a busy machine one may wait in
	@# vain: what failed has to pass once more by itself, and both show.
	pytest $(SIDE_BY_SIDE) || pytest --last-failed --last-failed-no-failures none
	@$(MAKE) --no-print-directory nbval

lint: $(VENV)/ready-test
	ruff check
	ruff format --check
	lint-imports
	mypy

unit: $(VENV)/ready-test
	pytest $(SIDE_BY_SIDE) --ignore=tests/browser --ignore=tests/conformance --ignore=tests/clients

conformance: $(VENV)/ready-test
	@tools/kubectl $(FETCHED)
	pytest $(SIDE_BY_SIDE) tests/conformance tests/clients

faults: $(VENV)/ready-test
	KUBELEARN_KILLS=100 KUBELEARN_HOSTILE=10000 pytest -s tests/faults

conformance-old-client:
	@tools/venv .cache/old-client '.[test]'
	@.cache/old-client/bin/python -m pip install --quiet kubernetes==30.1.0
	.cache/old-client/bin/python -m pytest tests/conformance

browser: $(VENV)/ready-test
	pytest tests/widgets tests/browser

nbval: $(VENV)/ready-test
	tools/nbval

lessons: $(VENV)/ready-test
	python -m tools.lessons

bench: $(VENV)/ready-test
	for script in bench/*.py; do echo; echo "## $$script"; python $$script; done

upstream:
	tools/upstream .cache/upstream

upstream-conformance: $(VENV)/ready-test upstream
	python -m tools.e2e $(E2E_ARGS)

kind-image:
	tests/kind/image/build kubelearn/node:v1.36.3 .cache/kind-image

# What is seen and clicked in a real browser, on real Kubernetes.
KIND_VIEWS := tests/browser/test_jupyterlab.py tests/browser/test_signature_views.py \
    tests/browser/test_control_views.py tests/browser/test_authoring.py \
    tests/browser/test_internals_views.py
test-kind: export KUBELEARN_BACKEND := kind
test-kind: $(VENV)/ready-test
	pytest tests/kind tests/conformance $(KIND_VIEWS)
	tools/nbval

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
