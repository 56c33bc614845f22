# `make` alone lists what there is. Everything goes into .venv, and nothing else on the machine changes, but for what Debian or
# Ubuntu may lack: `make setup` installs python3-venv, `make test` a browser, a library for its driver and an Arabic font.

PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_NO_INPUT := 1

.PHONY: help setup demo test screens benchmark check lock clean browser

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(READY) ## install everything into .venv (at once when nothing changed)
	@:

demo: setup ## run the fictional service at a local address
	@$(BIN)/monitor demo

test: setup browser ## run every test, PostgreSQL and browser included
	@$(BIN)/pytest -n 3

screens: setup browser ## read every screen in full and keep pictures of them in build/screens
	@MONITOR_SCREENS=all $(BIN)/pytest -n 3 tests/browser/test_everybody_can_read.py

benchmark: setup browser ## open our pages beside their peers on slow phones
	@$(BIN)/python -m benchmarks.browser

check: setup ## format, lint, types, translations
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/monitor i18n check

lock: setup ## choose the newest allowed versions and write requirements.lock
	@$(BIN)/pip install -qq --target build/uv uv
	@build/uv/bin/uv pip compile --quiet --no-config --upgrade --universal --generate-hashes --no-annotate \
		--extra dev --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml

clean: ## remove .venv and everything that tools left behind
	@rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---------------------------------------------------------------------------------------------------------------------

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
		echo 'Python 3.11 to 3.14 is needed; say which with: make setup PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(BIN)/pip --version >/dev/null 2>&1 || $(new_venv) || { $(call install,python3-venv) && $(new_venv); }
	@echo 'Installing the libraries into .venv (a minute or two the first time)'
	@$(BIN)/pip install -qq --no-compile --require-hashes --requirement requirements.lock
	@$(BIN)/pip install -qq --no-build-isolation --no-deps --editable .
	@touch $@

browser: setup
	@command -v chromium chromium-browser google-chrome >/dev/null || { $(call install,chromium); }
	@$(BIN)/playwright --version >/dev/null 2>&1 || { $(call install,libatomic1); }
	@fc-list :lang=ar 2>/dev/null | grep -q . || { $(call install,fontconfig fonts-noto-core); }

new_venv = $(PYTHON) -m venv --clear .venv >/dev/null

# $(call install,PACKAGES): from the Debian or Ubuntu archive, as root or through sudo; otherwise say what is missing.
define install
	sudo=$$([ "$$(id -u)" = 0 ] || command -v sudo || echo none); \
	if [ "$$sudo" = none ] || ! command -v apt-get >/dev/null; then \
		echo 'Missing on this machine, please install: $(1)' >&2; exit 1; fi; \
	echo 'Installing $(1)'; \
	$$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq -y --no-install-recommends $(1) >/dev/null
endef
