# Thin: each target calls cmake or one of tools/.  See README.md.
BUILD ?= build
TYPE ?= RelWithDebInfo
PEERS ?=

.PHONY: all build run check chaos abuse bench install fuzz format clean

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
	@PARTS="deps build chaos abuse" KILLS=$${KILLS:-2000} ABUSE=--full tools/check

# Attacks, and what they cost others: some minutes
abuse:
	@PARTS="deps build abuse" ABUSE=--full tools/check

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
