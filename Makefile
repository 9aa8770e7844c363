# The targets that people and CI use. `make help` lists them.
SHELL := /bin/bash
export CGO_ENABLED := 0
SEEDS ?= 20000
N     ?= 300

.PHONY: help build test unit sim-ci man completion check vet vuln notices sim vectors fuzz sched difffuzz xmllint interop bench bench-cpg bench-pengine demo soak oneway bare clean

help:           ## list the targets
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | column -t -s $$'\t'

build:          ## bin/gocorosync, bin/gopcs and bin/compat/NAME, a link for each program name
	go build -trimpath -ldflags '-s -w' -o bin/gocorosync ./cmd/gocorosync
	go build -trimpath -ldflags '-s -w' -o bin/gopcs ./cmd/gopcs
	rm -rf bin/compat && mkdir -p bin/compat
	for p in gocorosync gopcs; do for n in $$(bin/$$p --names); do ln -sf ../$$p bin/compat/$$n; done; done

test:           ## everything that must pass, in the four parts below; each can be run by itself
	$(MAKE) vet
	$(MAKE) unit
	$(MAKE) sim-ci
	$(MAKE) interop

unit:           ## all tests with the race detector, and what they cover (6 minutes)
	integration/peers.sh
	CGO_ENABLED=1 go test -race -cover -timeout 30m ./...

sim-ci:         ## the cluster simulator over the seeds of CI (2 minutes)
	go test ./sim -count 1 -timeout 20m

interop:        ## our daemons and tools beside the real ones, in network namespaces (30 minutes)
	integration/peers.sh
	go test -tags interop -count 1 -timeout 60m ./integration/... ./tool/crm ./tool/pcs

man: build      ## manual pages below bin/man, from the tables that the programs take their options from
	bin/gocorosync --man bin/man
	bin/gopcs --man bin/man

completion: build ## completion of bash, zsh and fish below bin/completion, from the same tables
	mkdir -p bin/completion
	for shell in bash zsh fish; do for box in gocorosync gopcs; do bin/$$box --completion $$shell >bin/completion/$$box.$$shell; done; done

check: vet      ## what to run before a commit, a minute: no race detector, no real peers, few seeds
	go test -short ./...

vet:            ## gofmt, go mod tidy, go vet, staticcheck, govulncheck
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go mod tidy -diff
	cd build && go mod tidy -diff
	go tool -modfile=build/go.mod staticcheck ./...
	build/vuln.sh

vuln:           ## known vulnerabilities in what is linked (govulncheck)
	build/vuln.sh

notices:        ## version/notices.txt, the licences of what is linked into the binaries
	build/notices.sh > version/notices.txt.new && mv version/notices.txt.new version/notices.txt

sim:            ## the cluster simulator over SEEDS seeds
	go test ./sim -timeout 6h -count 1 -v -seeds $(SEEDS)

vectors:        ## decode and encode every captured frame, and print how many
	go test ./totem/wire -count 1 -run Vectors -v
	go test ./pacemakerd/cib ./pacemakerd/peer ./ipc/pcmk -count 1 -run 'Real|Replay' -v

fuzz:           ## every fuzz target for a minute
	integration/fuzz.sh 60s

sched:          ## the policy engine against the scheduler cases
	go test ./pacemakerd/pengine -count 1 -run Cases -v

difffuzz:       ## N random CIBs of STREAM from FIRST on: our plans beside those of the real crm_simulate; KEEP names a folder to keep its answers in
	nice -n 19 go test ./pacemakerd/pengine -count 1 -run Differential -v -timeout 24h -difffuzz $(N) $(if $(STREAM),-stream $(STREAM)) $(if $(FIRST),-first $(FIRST)) $(if $(KEEP),-keep $(abspath $(KEEP)))

xmllint:        ## N mutated CIBs: what our validator says of them beside xmllint with pacemaker's schemas
	nice -n 19 go test ./pacemakerd/schema -count 1 -run XMLLint -v -mutants $(N) -seed $$RANDOM

bench-pengine:  ## time and memory of plans beside the real crm_simulate
	go test ./bench/pengine -count 1 -run Beside -v -timeout 2h -crm_simulate $$(command -v crm_simulate)

bench:          ## Go benchmarks
	go test -run '^$$' -bench . ./...

bench-cpg: build ## our corosync and the original one in turns, a table with ratios; BENCH='-short' and other flags
	integration/peers.sh
	go build -o bin/bench-cpg ./bench/cpg
	bin/bench-cpg $(BENCH)

demo:           ## two nodes, one ring, a web service that fails over
	integration/demo/install.sh
	$(MAKE) build
	go build -o bin/demo ./integration/demo
	bin/demo

oneway:         ## 30 windows of one-way loss: how often a message gets through, the original beside ours (9 minutes); SEED=1
	integration/peers.sh
	GOCOROSYNC_ONEWAY=30 GOCOROSYNC_ONEWAY_SEED=$(or $(SEED),0) go test -tags interop -count 1 -v -timeout 30m -run OneWay ./integration

soak: build     ## three nodes for DURATION with clients that come and go: nothing may grow; SOAK='-rate 20' and other flags
	go build -o bin/soak ./integration/soak
	nice -n 10 bin/soak -duration $(or $(DURATION),1h) $(SOAK)

bare:           ## both of the README's commands, from a fresh clone in a bare Debian 12 (debootstrap); BARE names its folder
	integration/bare.sh $(or $(BARE),.bare)

clean:          ## remove what was built
	rm -rf bin
