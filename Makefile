# Everything a newcomer types. The first call sets up .venv in this folder; nothing else is installed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AS_OF := 2026-06-30
NOTEBOOKS := notebooks
INSTALL := $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: report test check fix bench lab browser docs clean

# The main job on the sample estate: answers, HTML and PDF.
report: $(VENV)/.installed
	$(BIN)/lmanalytics report data/sample --as-of $(AS_OF)

# Every test.
test: $(VENV)/.developing
	$(BIN)/python -m pytest -n auto

# Style, types and the promises about the code; changes nothing.
check: $(VENV)/.developing
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_code_health.py

# Mend what can be mended.
fix: $(VENV)/.developing
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Speed and memory of every stage beside peers, at three sizes; then each rule module at ten million rows (docs/benchmarks.md).
bench: $(VENV)/.developing
	$(BIN)/python -m benchmarks

# JupyterLab on the notebooks; they open the newest run.
lab: $(VENV)/.installed
	@ls data/runs/*/manifest.json >/dev/null 2>&1 || echo "No run yet, so the notebooks have nothing to open: \`make report\` computes the sample estate, \`$(BIN)/lmanalytics run data/raw --as-of DAY\` your own."
	$(BIN)/jupyter lab --notebook-dir='$(NOTEBOOKS)' $(LAB)

# JupyterLab and the HTML report in a real browser: Chromium, which has to be on the PATH.
browser: $(VENV)/.browser
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { echo "No Chromium on the PATH, so nothing was tried in a browser. Install it: apt-get install chromium"; exit 1; }
	$(BIN)/python -m pytest tests/browser -p no:xdist

# The site of docs/, where Quarto is on the PATH; without it read docs/index.md as it is.
docs:
	@command -v quarto >/dev/null || { echo "Quarto is not on the PATH: read docs/index.md, or install it from quarto.org"; exit 1; }
	quarto render docs

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) --editable .
	@$(BIN)/python -m compileall -q $(VENV)/lib >/dev/null 2>&1 || true
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(INSTALL) --editable '.[dev]'
	@touch $@

$(VENV)/.browser: $(VENV)/.developing
	$(INSTALL) --editable '.[dev,browser]'
	@touch $@
