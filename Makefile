# What must hold before a change lands, a target each; "make check" is all of it
# but for the README's own test command. .ci/run calls these on a clean checkout.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help

# The tools' binaries go where nothing else is touched.
TOOLS ?= $(CURDIR)/.tools
export PATH := $(TOOLS):$(PATH)
export GOLANGCI_LINT_CACHE ?= $(TOOLS)/cache
GOLANGCI := v2.12.2

# Every directory with a go.mod is a module, whatever go.work says of it.
MODULES := $(sort $(patsubst %/,%,$(dir $(shell git ls-files --cached --others --exclude-standard '*go.mod'))))

# Modules outside the workspace. The Temporal server needs a newer Go than go.work and the other
# modules ask for, and would choose the versions of two hundred modules for them. Nobody imports its tests.
OUTSIDE := temporal/servertest

each = for module in $(MODULES); do echo "$$module"; (cd "$$module"; outside=; \
	case " $(OUTSIDE) " in *" $$module "*) outside=yes; export GOWORK=off ;; esac; $(1)); done

CHECKS := format tidy needs cost arrows lint race alone secrets modules temporal examples soak fuzz

.PHONY: help check checks test release prometheus $(CHECKS)

help: ## what there is
	grep -E '^[a-z]+:.* ##' $(MAKEFILE_LIST) | sed -E 's/:.* ## /\t/' | expand -t 12

check: $(CHECKS) ## everything that CI checks

checks: # their names
	echo $(CHECKS)

test: ## the README's test command
	command=$$(grep -m1 '^go test ' README.md)
	echo "$$command"
	$$command

release: ## the tags of a version, for every module: make release VERSION=v0.1.0
	.ci/release '$(VERSION)'

format: ## gofmt
	unformatted=$$(git ls-files '*.go' | xargs gofmt -l)
	[ -z "$$unformatted" ] || { printf 'not gofmt-ed:\n%s\n' "$$unformatted"; exit 1; }

tidy: ## go.mod and go.sum are tidy, and no module asks for a newer Go
	$(call each,GOWORK=off go mod tidy -diff; \
		[ "$$outside" ] || grep -qx 'go 1.25.0' go.mod || { echo "$$module/go.mod: want go 1.25.0"; exit 1; })

# multierr is zap's.
NEEDS := github.com/cenkalti/backoff/v4 github.com/google/uuid go.uber.org/multierr go.uber.org/zap golang.org/x/sync

needs: ## the root module needs four others
	needs=$$(GOWORK=off go mod edit -json | grep -o '"Path": "[^"]*"' | cut -d'"' -f4 | grep -v '^github.com/edenwait/' | sort | xargs)
	[ "$$needs" = "$(NEEDS)" ] || { echo "the root module needs $$needs"; exit 1; }

cost: ## what one import of the library brings along, and the size of the command
	dir=$$(mktemp -d)
	trap 'rm -rf "$$dir"' EXIT
	printf 'package main\n\nimport "github.com/edenwait/edenwait"\n\nfunc main() { _, _ = edenwait.New(edenwait.Config{}) }\n' >"$$dir/main.go"
	printf 'module importer\n\ngo 1.25.0\n\nrequire github.com/edenwait/edenwait v0.0.0\n\nreplace github.com/edenwait/edenwait => %s\n' "$(CURDIR)" >"$$dir/go.mod"
	cd "$$dir"
	GOWORK=off go mod tidy 2>/dev/null
	linked=$$(GOWORK=off go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}' . | sort -u | xargs)
	sums=$$(wc -l <go.sum)
	echo "linked: $$linked; $$sums lines of go.sum"
	[ "$$linked" = "github.com/cenkalti/backoff/v4 github.com/edenwait/edenwait $(filter-out github.com/cenkalti/backoff/v4,$(NEEDS))" ] || { echo 'another module is linked, or one less'; exit 1; }
	[ "$$sums" -le 24 ] || { echo 'go.sum was 24 lines'; exit 1; }
	GOWORK=off go build -C "$(CURDIR)/cmd/edenwait" -ldflags='-s -w' -o "$$dir/edenwait" .
	size=$$(wc -c <"$$dir/edenwait")
	echo "the command: $$size bytes"
	[ "$$size" -le 11000000 ] || { echo 'the command was 9,900,000 bytes: a text template keeps every exported method, and a plotting library has fonts'; exit 1; }

# What tests share, and packages of tests: only tests import them.
TESTING := internal/(testbed|soak|faults)$$

arrows: ## no import of what stands higher, and no circle of files
	deps() { GOWORK=off go list -deps "$$@"; }
	inner=$$(GOWORK=off go list ./internal/... | grep -vE '$(TESTING)')
	if { deps . ./edentest ./webhook $$inner; go list -deps ./cmd/edenwait/...; } | grep -E '$(TESTING)'; then echo 'only tests may import the above'; exit 1; fi
	if deps . $$inner | grep -E 'edenwait/(edentest|cmd)|^testing$$'; then echo 'the library must not import the above'; exit 1; fi
	if deps $$inner | grep -x -e net/http -e github.com/edenwait/edenwait; then echo 'internal must not import the above'; exit 1; fi
	if deps ./edentest | grep -x -e testing -e github.com/edenwait/edenwait; then echo 'edentest must not import the above'; exit 1; fi
	if GOWORK=off go list -deps -f '{{if not .Standard}}{{.ImportPath}}{{end}}' ./webhook | grep -vx github.com/edenwait/edenwait/webhook; then echo 'webhook must import the standard library only'; exit 1; fi
	go run ./checks/arrows ./... ./cmd/edenwait/... ./bench/... ./temporal/... ./checks/arrows/... ./examples/observed/...

$(TOOLS)/golangci-lint:
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

lint: $(TOOLS)/golangci-lint ## go vet and golangci-lint
	$(call each,go vet ./...; golangci-lint run --allow-parallel-runners ./...)

race: ## tests under the race detector
	go test -race -short ./... ./cmd/edenwait/...

# The workspace selects the newest version that any of its modules needs. Users of the library may
# get the versions of its own go.mod.
alone: ## tests of the root module with the versions of its own go.mod
	GOWORK=off go test -short ./...

KEY := known-key-0123456789

secrets: ## the key is in no output of the suite
	out=$$(mktemp)
	trap 'rm -f "$$out"' EXIT
	for package in . ./internal/faults ./internal/soak ./edentest ./cmd/edenwait; do
		EDENAI_API_KEY=$(KEY) go test -short -count=1 -v "$$package" >"$$out" 2>&1 || { grep -E -A20 -e '--- FAIL|^panic' "$$out"; exit 1; }
		if grep -nE '$(KEY)|soak-key-012|Bearer [A-Za-z0-9]' "$$out"; then echo 'the key is in the output'; exit 1; fi
	done

# A Prometheus for the tests of examples/observed: the one in PATH, or Debian's, unpacked
# and not installed. Once it is here, those tests are not skipped.
PROMETHEUS := $(TOOLS)/prometheus/usr/bin

prometheus: $(PROMETHEUS)/promtool ## a Prometheus, for tests

$(PROMETHEUS)/promtool:
	mkdir -p $(PROMETHEUS)
	if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
		ln -sf "$$(command -v prometheus)" "$$(command -v promtool)" $(PROMETHEUS)
		exit
	fi
	dir=$$(mktemp -d)
	trap 'rm -rf "$$dir"' EXIT
	cd "$$dir"
	apt-get download -q prometheus 2>/dev/null || { apt-get update -q; apt-get download -q prometheus; }
	dpkg -x prometheus_*.deb $(TOOLS)/prometheus

modules: $(PROMETHEUS)/promtool ## tests of the modules beside the library and the command
	export EDENWAIT_PROMETHEUS=$(PROMETHEUS)
	$(call each,[ "$$module" = . ] || [ "$$module" = cmd/edenwait ] || [ "$$outside" ] || go test ./...)

temporal: ## tests of edentemporal against a real Temporal server, which takes minutes to compile
	cd temporal/servertest
	GOWORK=off go test -count=1 -v -timeout 10m ./... | grep -vE '^=== (RUN|PAUSE|CONT|NAME)'

examples: ## the programs among the examples run
	for main in $$(go list -f '{{if eq .Name "main"}}{{.Dir}}{{end}}' ./examples/...); do
		echo "$${main#$(CURDIR)/}"
		EDENAI_API_KEY=$(KEY) go run "$$main" >/dev/null # for no ids: nothing is sent
	done

SCENARIOS := 4000

soak: ## many scenarios of the soak: make soak SCENARIOS=20000
	EDENWAIT_SOAK=$(SCENARIOS) go test -count=1 -timeout 60m -run 'TestSoak$$' ./internal/soak

# A number of inputs, not a time: a run that is ended by the clock can fail with
# "context deadline exceeded" though no input has failed (golang/go#75804).
FUZZTIME := 40000x

fuzz: ## short runs of the fuzz tests: make fuzz FUZZTIME=1000000x
	$(call each,[ "$$outside" ] || for package in $$(go list ./...); do \
		for fuzz in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "$$package $$fuzz"; \
			go test -run '^$$' -fuzz "^$$fuzz\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done)
