# `make` alone lists what there is to do.
#
# Go and make are all that is assumed. Recipes are plain POSIX shell, so that
# they also run where there is no bash, and what would take more than a few
# lines is a Go program in internal/dev. What tests need beside Go (a browser,
# Node.js, a C compiler) they install where they can and name where they cannot.

SHELL := /bin/sh
.SHELLFLAGS := -euc
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
# The go command keeps every core busy by itself.
.NOTPARALLEL:
MAKEFLAGS += --warn-undefined-variables
MAKEFLAGS += --no-builtin-rules
MAKEFLAGS += --no-print-directory

# How long `make fuzz` spends on each target, on the transcoder's, which has the
# most to get wrong, and which targets it takes.
FUZZTIME ?= 30s
TRANSCODE_FUZZTIME ?= 5m
FUZZ ?= ^Fuzz
# What `make bench` is told, as -quick.
BENCHFLAGS ?=
# Which benchmarks `make microbench` runs, and for how long each.
BENCH ?= .
BENCHTIME ?= 1s

GO ?= go
# A workspace around this repository is none of its business.
export GOWORK := off

# Tools are pinned in a module of their own, which nothing shipped depends on.
TOOL := $(GO) tool -modfile=internal/tools/go.mod
NEED := $(GO) run ./internal/dev/need
WASM := GOOS=js GOARCH=wasm

# All packages but the tests in a browser and behind proxies, which have targets
# of their own.
PACKAGES = $$($(GO) list ./... | grep -v -e '^sluice/internal/e2e$$' -e '^sluice/internal/proxies$$')
# Those of our packages that the app in the browser is made of.
WASM_PACKAGES = $$($(WASM) $(GO) list -deps -f '{{with .Module}}{{if .Main}}{{$$.ImportPath}}{{end}}{{end}}' ./wasmui)

# go build asks git for the commit and fails where git will not answer, as in a
# folder that belongs to another user. The programs then go without.
BUILDVCS = $(shell git status >/dev/null 2>&1 || echo -buildvcs=false)

##@ Use

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z0-9-]*:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: build ## Start the backend and the bridge, and print the address to open
	@$(GO) build $(BUILDVCS) -o bin/run ./internal/dev/run
	@exec bin/run

.PHONY: build
build: build-wasm ## Build bin/numbersd and bin/sluice, with the app in it
	$(GO) build $(BUILDVCS) -o bin/ ./backend/cmd/numbersd ./bridge/cmd/sluice

.PHONY: build-wasm
build-wasm: ## Build the app into wasmui/dist/site
	$(GO) run ./wasmui -out wasmui/dist/site

.PHONY: clean
clean: ## Remove everything that was built or installed here
	rm -rf bin internal/e2e/node_modules internal/clients/node_modules
	find wasmui/dist/site -mindepth 1 ! -name placeholder.txt -delete

##@ Test

.PHONY: test
test: test-tools build-wasm test-native test-fuzz test-wasm test-race test-proxies test-clients test-real e2e ## Run all tests, in a real browser too

.PHONY: test-tools
test-tools: ## Find what the tests need beside Go, and install what is missing
	@$(NEED) chromium node npm cc curl || { echo "make test-native runs without any of these."; exit 1; }

.PHONY: test-native
test-native: ## Run the tests that need nothing but Go
	$(GO) test $(PACKAGES)
	cd internal/bench && $(GO) test ./...

# An answer that is not protojson's is a wrong one, and worth some seconds of
# looking for one each time.
.PHONY: test-fuzz
test-fuzz: ## Fuzz the transcoder for a few seconds
	$(GO) test -run '^$$' -fuzz '^FuzzAppendJSON$$' -fuzztime 5s ./bridge/transcode

.PHONY: test-race
test-race: ## Run the same tests under the race detector
	@$(NEED) cc >/dev/null
	$(GO) test -race $(PACKAGES)

# wasm_exec.js has room for 8 KB of environment; a CI's own is often larger.
.PHONY: test-wasm
test-wasm: ## Run the tests of the app's packages as WebAssembly, in Node.js
	@$(NEED) node >/dev/null
	@exec="env -i \"PATH=$$PATH\" \"HOME=$${HOME:-/}\" \"TMPDIR=$${TMPDIR:-/tmp}\" \
	\"$$($(GO) env GOROOT)/lib/wasm/go_js_wasm_exec\""; \
	$(WASM) $(GO) test -exec "$$exec" ./bridge/sse ./wasmui/store ./wasmui/stream

.PHONY: e2e
e2e: build-wasm internal/e2e/node_modules ## Run the tests in a real browser
	@chromium=$$($(NEED) chromium); curl=$$($(NEED) curl); \
	CHROME_PATH="$$chromium" CURL="$$curl" $(GO) test -count=1 -timeout=20m ./internal/e2e/...

.PHONY: screenshots
screenshots: build-wasm ## Take pictures of the app in its states, into bin/screenshots
	@chromium=$$($(NEED) chromium); mkdir -p bin/screenshots; \
	CHROME_PATH="$$chromium" $(GO) test -count=1 -timeout=20m -run 'Screenshots$$' ./internal/e2e -screenshots "$$PWD/bin/screenshots"

.PHONY: startup
startup: build-wasm ## Measure how soon the app can be used, beside a bare go-app page
	@chromium=$$($(NEED) chromium); \
	CHROME_PATH="$$chromium" $(GO) test -count=1 -timeout=20m -v -run 'TestStartup$$' ./internal/e2e -startups 5

# The servers in front. Where one cannot be had, need says how to get it, and the
# tests behind it are left out, or fail where CI is set.
FRONTS = have() { $(NEED) "$$1" || echo none; }; \
	export NGINX="$$(have nginx)" CADDY="$$(have caddy)" HAPROXY="$$(have haproxy)" APACHE="$$(have apache2)"

.PHONY: test-proxies
test-proxies: ## Run the tests behind real nginx, Caddy, HAProxy and Apache
	@$(FRONTS); $(GO) test -count=1 -parallel=20 -timeout=10m ./internal/proxies

.PHONY: test-clients
test-clients: internal/clients/node_modules ## Run the tests with clients that others wrote
	@curl=$$($(NEED) curl); cd internal/clients && CURL="$$curl" $(GO) test -count=1 -timeout=10m ./...

# They build the programs themselves, which the test cache does not see.
.PHONY: test-real
test-real: ## Run the tests with gRPC servers that others wrote
	cd internal/real && $(GO) test -count=1 ./...

internal/clients/node_modules: internal/clients/package.json internal/clients/package-lock.json
	@$(NEED) node npm >/dev/null
	cd internal/clients && npm ci
	@touch $@

internal/e2e/node_modules: internal/e2e/package.json internal/e2e/package-lock.json
	@$(NEED) node npm >/dev/null
	cd internal/e2e && npm ci
	@touch $@

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (30s), the transcoder for 5m; FUZZ=Name picks some
	@targets=$$($(GO) test -list '$(FUZZ)' $(PACKAGES)); \
	printf '%s\n' "$$targets" | \
	awk '/^Fuzz/ { name[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, name[i]; n = 0 }' | \
	while read -r package target; do \
		echo "== $$package $$target"; \
		case $$package/$$target in */transcode/FuzzAppendJSON) time=$(TRANSCODE_FUZZTIME) ;; *) time=$(FUZZTIME) ;; esac; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime "$$time" "$$package" </dev/null; \
	done

.PHONY: bench
bench: ## Measure Sluice against its peers, and fail where a promise is missed
	cd internal/bench && $(GO) run . -check $(BENCHFLAGS)

.PHONY: microbench
microbench: ## Run the packages' own benchmarks; BENCH=Name picks some
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem $(PACKAGES)

.PHONY: soak
soak: ## Run the long forms of the tests of faults and of runs, for several minutes
	$(GO) test -count=1 -timeout=30m -v -run 'Cut|Slow|Stalled|Killed' ./internal/rig -soak
	$(GO) test -count=1 -timeout=30m -v -run 'TestModel$$' ./bridge/run -soak
	@$(FRONTS); $(GO) test -count=1 -timeout=10m -v -run 'TestSilence$$' ./internal/proxies -soak

##@ Change

.PHONY: generate
generate: ## Generate the Go code of the protos
	$(TOOL) buf generate

.PHONY: format
format: ## Format Go and protos
	$(TOOL) gofumpt -w .
	$(TOOL) buf format -w

.PHONY: check
check: check-help check-rules lint check-generate check-breaking ## Check everything but what the tests test

.PHONY: lint
lint: ## Check formatting, and look for mistakes: vet, staticcheck, buf
	@unformatted=$$($(TOOL) gofumpt -l .); \
	test -z "$$unformatted" || { echo "not formatted (make format):"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(WASM) $(GO) vet $(WASM_PACKAGES)
	$(WASM) $(GO) vet -tags=lab ./wasmui
	for module in bench clients real; do (cd internal/$$module && $(GO) vet ./...); done
	$(TOOL) staticcheck ./...
	@staticcheck=$$($(TOOL) -n staticcheck); $(WASM) "$$staticcheck" $(WASM_PACKAGES)
	$(TOOL) buf lint
	$(TOOL) buf format --diff --exit-code

.PHONY: check-rules
check-rules: ## Check who imports whom, licence lines, file lengths, the top level
	$(GO) test -count=1 ./internal/deps

.PHONY: check-generate
check-generate: ## Check that proto/gen is what `make generate` makes
	@fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	$(TOOL) buf generate --output "$$fresh"; \
	diff -r "$$fresh/proto/gen" proto/gen || { echo "proto/gen is not up to date: make generate"; exit 1; }

# On main itself they are compared with what was there before: with what was
# last pushed or, where that is the same, with the commit before.
.PHONY: check-breaking
check-breaking: ## Check that the protos break nobody who uses those on main
	@head=$$(git rev-parse --verify --quiet HEAD 2>/dev/null || :); base=; \
	for each in main origin/main 'HEAD^'; do \
		commit=$$(git rev-parse --verify --quiet "$$each^{commit}" 2>/dev/null || :); \
		if [ -n "$$commit" ] && [ "$$commit" != "$$head" ]; then base=$$commit; break; fi; \
	done; \
	if [ -z "$$base" ] || ! git cat-file -e "$$base:buf.yaml" 2>/dev/null; then \
		echo "check-breaking: skipped, there is no main here to compare with"; exit 0; \
	fi; \
	before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; \
	git archive --output="$$before/protos.tar" "$$base" buf.yaml proto; \
	tar -xf "$$before/protos.tar" -C "$$before"; \
	$(TOOL) buf breaking --against "$$before"

# The database that make prints knows every target, however it came about.
# Those with a slash are files.
.PHONY: check-help
check-help: ## Check that `make help` lists every target
	@help=$$($(MAKE) help); \
	targets=$$($(MAKE) -pRrq : 2>/dev/null | \
		awk '/^# Not a target/ { getline; next } /^[a-zA-Z0-9_-]+:([^=]|$$)/ { sub(":.*", ""); print }'); \
	test -n "$$targets"; \
	for target in $$targets; do \
		printf '%s\n' "$$help" | grep -q "^  $$target  *[A-Z]" || \
			{ echo "make help does not list $$target: give it a line with ## in the Makefile"; exit 1; }; \
	done
