# Thin: each target calls cmake or one of tools/.  See README.md.
BUILD ?= build
TYPE ?= RelWithDebInfo
PEERS ?=

.PHONY: all build run check chaos bench install fuzz format clean

all: build

build:
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=$(TYPE) --log-level=WARNING
	@cmake --build $(BUILD)

run:
	@tools/run-demo

check:
	@tools/check

# The long run: KILLS=2000 make chaos
chaos:
	@PARTS="deps build chaos" KILLS=$${KILLS:-2000} tools/check

bench:
	@PEERS=$(PEERS) tools/bench

install: build
	@cmake --install $(BUILD)

fuzz:
	@tools/fuzz

format:
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs -r clang-format -i

clean:
	@rm -rf build build-asan build-fuzz
