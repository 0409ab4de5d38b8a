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

.PHONY: demo test test-arm64 soak lint clean

demo: $(VENV)/.runtime
	$(BIN)/python -m tools.demo $(if $(PHOTO),--photo "$(PHOTO)") --out demo

test: $(VENV)/.dev $(VENV)/.debian $(VENV)/.micropython tests/node/node_modules/.done .venv-tflite/.done lint
	MASQUE_TFLITE_PYTHON=$$(test -x .venv-tflite/bin/python && echo $(CURDIR)/.venv-tflite/bin/python) \
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile

# The bundle of a Raspberry Pi 4, built, installed and run in Debians for arm64 under qemu-user: needs root, the network
# and minutes. What debootstrap made is kept in build/arm64.
test-arm64: $(VENV)/.dev $(VENV)/.arm64
	$(SUDO) $(BIN)/python -m pytest -m arm64 tests/arm64

# Long forms of what the tests do shortly.
soak: $(VENV)/.dev $(VENV)/.debian $(VENV)/.micropython
	$(BIN)/python -m pytest -m soak

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	$(MAKE) -C firmware/host clean
	$(MAKE) -C firmware/msp430fr2433 clean
	rm -rf firmware/webassembly/node_modules
	test ! -d build/arm64 || $(SUDO) rm -rf build/arm64
	rm -rf $(VENV) .venv-tflite tests/node/node_modules demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Run time only: no TensorFlow, no test tools.
$(VENV)/.runtime: setup.py pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[desk]'
	touch $@

# What the tests need beside it: the quantisation toolchain (TensorFlow, CPU) and the test tools.
$(VENV)/.dev: setup.py pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[desk,bridge,bundle,flash,kiosk,quantize,dev]'
	touch $(VENV)/.runtime $@

# What builds and simulates the microcontroller's firmware, and the browser for the booth's page with its type faces, from
# Debian; where nothing may be installed, their tests skip.
$(VENV)/.debian: $(VENV)/.dev
	if $(SUDO) apt-get update -qq && $(INSTALL) clang lld llvm mspdebug espeak-ng time \
	    chromium fonts-manrope fonts-ebgaramond cups-daemon cups-client rclone systemd openssh-client apt-utils gpg \
	  && $(INSTALL) libclang-rt-$$(clang -dumpversion | cut -d. -f1)-dev; then touch $@; \
	else echo 'Debian packages were not installed: some tests will skip, and name theirs'; fi

# What builds a bundle for arm64, and runs one here.
$(VENV)/.arm64: $(VENV)/.dev
	$(SUDO) apt-get update -qq && $(INSTALL) debootstrap qemu-user-static debian-archive-keyring \
	    gcc-aarch64-linux-gnu libc6-dev-arm64-cross openssh-client
	touch $@

# MicroPython as WebAssembly, which runs the Pico's firmware without a Pico; where it cannot come, those tests skip.
$(VENV)/.micropython: $(VENV)/.debian firmware/webassembly/package-lock.json
	if { command -v npm > /dev/null || $(INSTALL) nodejs npm; } \
	  && npm ci --silent --no-audit --no-fund --prefix firmware/webassembly; then touch $@; \
	else echo 'MicroPython was not installed (needs nodejs, npm and a registry of npm): some tests will skip'; fi

# What tests take from npm; where there is none, they skip.
tests/node/node_modules/.done: tests/node/package.json tests/node/package-lock.json
	if command -v npm >/dev/null && npm ci --prefix tests/node --silent; then touch $@; \
	else echo 'npm packages were not installed (tests/node): some tests will skip'; fi

# The other TFLite runtime in an environment of its own: wheels exist for Python 3.11 and numpy 1 only.
.venv-tflite/.done: setup.py
	if $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
	  test -x .venv-tflite/bin/python || $(PYTHON) -m venv .venv-tflite; \
	  .venv-tflite/bin/pip install --quiet --disable-pip-version-check -e '.[coral]'; \
	else echo 'tflite-runtime needs Python 3.11: its tests will be skipped'; mkdir -p .venv-tflite; fi
	touch $@
