# The one task list, for people and CI. `make help` says what each task does.
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup demo test eval lint format bench fuzz long-test image kit clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## Debian packages and .venv (every task does this itself)
	@tools/setup.sh

demo: setup ## the main job on a simulated terminal: writes demo/ and shows the 62 screen
	@$(PY) -m tools.demo --out demo

test: setup ## the whole test suite
	@$(PY) -m pytest -q -n auto --dist loadfile

eval: setup ## how often the diagnosis is right: some 600 labelled freeze frames, beside two baselines
	@$(PY) -m tools.evaluate

lint: setup ## style, types, layers, and whether generated files are fresh
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-cache
	@$(PY) -m tools.build_native --check
	@$(PY) -m tools.console_reference --check
	@$(PY) -m tools.evaluate --check

format: setup ## format the code and fix what ruff can
	@$(PY) -m ruff check --fix-only .
	@$(PY) -m ruff format .

bench: setup ## speed and memory, as figures and ratios
	@$(PY) -m tools.bench

fuzz: setup ## every decoder for five seconds, half guided by coverage, half plain (a minute on two cores)
	@$(PY) -m tools.fuzz --seconds 5

long-test: setup ## property tests with many examples, 10,000 declines, 80 killed installations and 100 frozen services in a row, 10 million inputs for each decoder, then the terminal in QEMU for ARCH=arm64 with CUTS=3 power cuts of each kind (hours, can be interrupted)
	@HYPOTHESIS_PROFILE=long $(PY) -m pytest -q tests/unit tests/flow/test_soak.py tests/flow/test_update_faults.py tests/flow/test_watchdog.py tests/flow/test_console.py tests/flow/test_technician_files.py
	@$(PY) -m tools.fuzz --runs 10000000
	@POSMEDIC_GUEST=$(or $(ARCH),arm64) POSMEDIC_CUTS=$(or $(CUTS),3) $(PY) -m pytest -q tests/guest

image: setup ## what a vendor flashes, for ARCH=arm64 (default), armhf, amd64: package, disk, signed update; in build/image
	@$(PY) -m tools.image disk --arch $(or $(ARCH),arm64) --out build/image

kit: setup ## what vendors and technicians take with them: one archive for any machine with Python 3.11, with a bill of materials
	@$(PY) -m tools.image tree --out build/image
	@$(PY) -m tools.vendor sbom build/image/tree/opt/posmedic/lib/python3.11/site-packages --out build/sbom.cdx.json
	@$(PY) -m tools.kit --sbom build/sbom.cdx.json

clean: ## remove what tasks made (not .venv)
	rm -rf build demo bench .mypy_cache .ruff_cache .pytest_cache .hypothesis
