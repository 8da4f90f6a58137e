# The front door: Meson builds, the scripts in tools/ and tests/ do the rest. BUILD is where the result lies.
BUILD ?= build
CC ?= cc
.DEFAULT_GOAL := all
.PHONY: all run test bench fuzz install format clean packages

$(BUILD)/build.ninja:
	@command -v meson >/dev/null && command -v ninja >/dev/null || { echo 'meson or ninja is missing: tools/install_packages build installs what building needs'; exit 1; }
	CC=$(CC) meson setup $(BUILD) # -O2 -g, assertions on: see default_options

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

packages:
	tools/install_packages build

# The shop on http://127.0.0.1:8000; ARGUMENTS="--port 9000" goes to the program.
run: packages
	$(MAKE) all
	$(BUILD)/examples/shop run $(ARGUMENTS)

test:
	tools/install_packages build test
	tests/run --build $(BUILD)

bench: all
	bench/run --build $(BUILD)
	bench/tasks --build $(BUILD)

# SECONDS_EACH for every fuzz target, one after the other; what it finds lies in build/fuzz.
SECONDS_EACH ?= 600
fuzz:
	tools/run_fuzzers $(SECONDS_EACH)

install: all
	meson install -C $(BUILD) --no-rebuild

format:
	tools/check_format --fix

clean:
	rm -rf $(BUILD)
