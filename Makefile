# Two commands do everything: `make demo` and `make test`. A bare Debian needs first:
#   apt install git make gcc python3-dev python3-venv

PYTHON ?= python3
JOBS ?= $(shell nproc)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
export PIP_PROGRESS_BAR := off
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo -n)
INSTALL := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends

.PHONY: demo test soak lint clean

demo: $(VENV)/.runtime
	$(BIN)/python -m tools.demo $(if $(PHOTO),--photo "$(PHOTO)") --out demo

test: $(VENV)/.dev $(VENV)/.debian .venv-tflite/.done lint
	MASQUE_TFLITE_PYTHON=$$(test -x .venv-tflite/bin/python && echo $(CURDIR)/.venv-tflite/bin/python) \
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile

# Long forms of what the tests do shortly.
soak: $(VENV)/.dev $(VENV)/.debian
	$(BIN)/python -m pytest -m soak

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	$(MAKE) -C firmware/host clean
	$(MAKE) -C firmware/msp430fr2433 clean
	rm -rf $(VENV) .venv-tflite demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Run time only: no TensorFlow, no test tools.
$(VENV)/.runtime: setup.py pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[desk]'
	touch $@

# What the tests need beside it: the quantisation toolchain (TensorFlow, CPU) and the test tools.
$(VENV)/.dev: setup.py pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[desk,bridge,quantize,dev]'
	touch $(VENV)/.runtime $@

# What builds and simulates the microcontroller's firmware, from Debian; where nothing may be installed, its tests skip.
$(VENV)/.debian: $(VENV)/.dev
	if $(SUDO) apt-get update -qq && $(INSTALL) clang lld llvm mspdebug time \
	  && $(INSTALL) libclang-rt-$$(clang -dumpversion | cut -d. -f1)-dev; then touch $@; \
	else echo 'Debian packages were not installed (clang lld llvm mspdebug time libclang-rt-*-dev): some tests will skip'; fi

# The other TFLite runtime in an environment of its own: wheels exist for Python 3.11 and numpy 1 only.
.venv-tflite/.done: setup.py
	if $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
	  test -x .venv-tflite/bin/python || $(PYTHON) -m venv .venv-tflite; \
	  .venv-tflite/bin/pip install --quiet --disable-pip-version-check -e '.[coral]'; \
	else echo 'tflite-runtime needs Python 3.11: its tests will be skipped'; mkdir -p .venv-tflite; fi
	touch $@
