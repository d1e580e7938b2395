# hass: from a trained CNN to a verified sparse dataflow accelerator.
#
#   make demo         build the embedded demo end to end (needs Go and make; installs the rest)
#   make test         all tests that fit a small machine; tests that need trained models are skipped
#                     with a message if HASS_DATA has none
#   make quick        the tests that need nothing but Go
#   make release      archives for RELEASE_SYSTEMS in build/release, with SHA256SUMS
#   make acceptance   the measured claims on real networks (needs HASS_DATA), under 120 minutes: acceptance-short, acceptance-rtl
#   make acceptance-short
#                     everything except RTL (minutes); starts a PostgreSQL server of its own
#   make acceptance-rtl
#                     the RTL of trained networks in Verilator, whose values and cycles must equal the
#                     simulator's, and its area by yosys
#   make acceptance-quantised
#                     published quantised models from ONNX to verified projects of both targets (a quarter of an hour)
#   make acceptance-fewbits
#                     float models with 8, 6 and 4 bits against float, on labelled images (an hour)
#   make acceptance-sparse
#                     designs that mix scheduled engines with others, simulated on real images (half an hour);
#                     resumes where it was stopped
#   make acceptance-regions
#                     networks on the regions (SLRs) of cards, within the budget of each
#   make acceptance-loops
#                     the recurrences of the C++ loops of four networks, estimated by clang (installs clang-14 and
#                     llvm-14); resumes where it was stopped
#   make acceptance-repair
#                     pruned float models, repaired in three ways, on labelled images (half an hour)
#   make acceptance-scale
#                     what more workers gain on one study in PostgreSQL (some minutes, on an idle machine)
#   make acceptance-rates
#                     the least hardware for 30, 300 and 3,000 images/s on three platforms, simulated; goes on where it was stopped
#   make acceptance-hostile
#                     forged designs and projects, killed and interrupted commands, a full disk, models with
#                     many thousand nodes, a sweep of shapes over both targets
#   make docs-pictures
#                     draws the pictures of README.md from the run of make demo
#   make figures      writes the tables of docs/figures, which acceptance runs measure, into the documents
#   make search-comparison
#                     all samplers on four trained networks (hours; needs HASS_DATA); resumes where it was stopped
#   make acceptance-networks
#                     all steps on the networks of the paper at 224x224 (half an hour; needs HASS_DATA and its
#                     script that makes torchvision's models)
#   make sweep        synthesises the cost model's sweep, except what optimizer/cost/calibration/xc7.csv already has (needs
#                     yosys; half an hour for all); make fit fits the formulas' coefficients to it
#   make pnr          places and routes the modules that are not in optimizer/cost/calibration/xc7z010-1.csv or have changed since,
#                     with your own nextpnr-himbaechel and chip database of xc7z010 (NEXTPNR=, CHIPDB=; hours);
#                     make fit-clock fits the delays of modules to it
#   make requantise-table
#                     writes the resources of the forms of requantisation on xc7, from the sweep, into docs/measurements.md
#   make engine-table resources on xc7 and cycles per beat of one lane of each engine kind, as a table in
#                     build/engine-table.md (needs yosys; ten minutes)
#   make goptuna      compares our TPE with goptuna's (a module of its own)
#   make export-onnxruntime
#                     runs exported models in ONNX Runtime (needs node, npm, HASS_DATA)
#   make conformance  compares the results of ONNX's own operator tests with docs/conformance.md
#   make bench        Go benchmarks
#   make bench-onnxruntime
#                     the speed of both executors and of ONNX Runtime in one run (needs node, npm, HASS_DATA)
#   make fuzz         every fuzz target for FUZZTIME (default 30s)
#   make postgres-start, make postgres-stop
#                     a private PostgreSQL server under build/postgres for studies that several
#                     workers share, on 127.0.0.1 port PGPORT (default 55432; anybody on this
#                     machine may connect); prints its URL. Its data remain when it stops
#   make test-postgres
#                     the tests of optimizer/search/study including PostgreSQL, on a separate server
#
# HASS_DATA is the folder of trained models and labelled images; default ../shared/data.

GO       ?= go
FUZZTIME ?= 30s
HASS_DATA ?= $(abspath ../shared/data)
export HASS_DATA
export CGO_ENABLED = 0

# Programs that the tests need besides Go: the C++ compiler for the generated projects, simulators, synthesis and a
# solver for the RTL, tclsh and Python with numpy for the generated scripts and drivers.
COMMANDS = g++ ccache verilator iverilog yosys yosys-smtbmc z3 tclsh /usr/bin/python3
PACKAGES = g++ ccache make verilator iverilog yosys z3 tcl python3 python3-numpy

.PHONY: all build deps cxx demo sweep fit engine-table requantise-table test acceptance acceptance-short acceptance-networks search-comparison goptuna conformance bench bench-onnxruntime fuzz lint clean

all: build

build:
	$(GO) build -o bin/hass ./cmd/hass

# cxx installs what the demo needs, deps what the tests need.
cxx:
	@command -v g++ >/dev/null || $(MAKE) --no-print-directory install

deps:
	@ok=1; for c in $(COMMANDS); do command -v $$c >/dev/null || ok=0; done; \
	  [ $$ok = 1 ] && /usr/bin/python3 -c 'import numpy' 2>/dev/null || ok=0; \
	  [ $$ok = 1 ] || $(MAKE) --no-print-directory install

.PHONY: install
install:
	@if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "missing tools; please install: apt-get install $(PACKAGES)" >&2; exit 1; fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES)

demo: build cxx
	bin/hass build examples/demo/model.onnx --platform zcu104 \
	  --calib examples/demo/calib.toml --test examples/demo/test.toml -o runs/demo

# The pictures of README.md, of the run of make demo.
.PHONY: docs-pictures
docs-pictures: demo
	bin/hass report runs/demo -o runs/demo/report.html --graph docs/network.svg
	bin/hass simulate runs/demo/design.json --data examples/demo/test.toml --images 1 --waterfall docs/waterfall.svg

# An archive for each system, with the man page and the documents. The binary contains its version and commit. The same commit and
# Go version give the same archives.
RELEASE_SYSTEMS ?= linux-amd64 linux-arm64 darwin-arm64
RELEASE = $(CURDIR)/build/release
.PHONY: release
release: build
	@[ -z "$$(git status --porcelain)" ] || { echo "release: the checkout has changes that no commit has" >&2; exit 1; }
	rm -rf $(RELEASE) && mkdir -p $(RELEASE)
	@set -e; commit=$$(git rev-parse --short=12 HEAD); version=$$(bin/hass --version | cut -d ' ' -f 2)-$$commit; \
	for system in $(RELEASE_SYSTEMS); do \
	  name=hass-$$version-$$system; mkdir $(RELEASE)/$$name; \
	  GOOS=$${system%-*} GOARCH=$${system#*-} $(GO) build -trimpath -buildvcs=false -ldflags "-s -w -X main.commit=$$commit" -o $(RELEASE)/$$name/hass ./cmd/hass; \
	  bin/hass man > $(RELEASE)/$$name/hass.1; cp -r README.md CHANGELOG.md LICENSE docs $(RELEASE)/$$name/; \
	  tar -C $(RELEASE) --sort=name --owner=0 --group=0 --numeric-owner --mtime=@$$(git log -1 --format=%ct) -cf - $$name | \
	    gzip -n > $(RELEASE)/$$name.tar.gz; rm -r $(RELEASE)/$$name; \
	done
	cd $(RELEASE) && sha256sum *.tar.gz | tee SHA256SUMS

# go test tells why a test is skipped only with -v, so this rule names missing data and tools.
test: deps lint
	@[ -f "$(HASS_DATA)/README.md" ] || \
	  echo "no trained models at $(HASS_DATA): the tests that need them are skipped (set HASS_DATA)"
	@[ -n "$$ONNX_TESTDATA" ] || [ -d /usr/share/libonnx-testdata/data ] || \
	  echo "libonnx-testdata is not installed: ONNX's operator tests are skipped (run make conformance)"
	@command -v clang-14 >/dev/null && command -v opt-14 >/dev/null || \
	  echo "clang-14 and llvm-14 are not installed: the estimate of the recurrences of HLS loops is skipped"
	@[ -n "$$HASS_NEXTPNR" ] && [ -n "$$HASS_CHIPDB" ] || \
	  echo "no place and route (HASS_NEXTPNR, HASS_CHIPDB): the test that routes two modules is skipped"
	$(GO) test -timeout 20m ./...
	$(GO) test -tags noasm ./internal/kernel ./internal/floatexec ./internal/intnet

# Tests that run another program or take seconds are skipped; -v tells which.
.PHONY: quick
quick:
	$(GO) test -short ./...

# staticcheck is a tool of go.mod: its version is pinned there, and go builds it.
lint:
	@out=$$(gofmt -l cmd codegen frontend hwsim internal optimizer sparsity templates); \
	  [ -z "$$out" ] || { echo "gofmt would change: $$out" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

acceptance:
	$(MAKE) acceptance-short
	$(MAKE) acceptance-rtl

acceptance-short: deps
	@$(PGTEST) postgres-start
	HASS_ACCEPTANCE=1 HASS_POSTGRES="$(PGTESTURL)" HASS_POSTGRES_RESTART="$(PGRESTART)" \
	  $(GO) test -count=1 -timeout 60m -v -run 'TestAcceptance|TestSharedStudy' ./internal/test/acceptance; \
	  rc=$$?; $(PGTEST) postgres-stop; exit $$rc

# Published quantised models from ONNX to verified projects; QUANTISED_ONLY is a pattern for the names of models.
QUANTISED_ONLY ?= .*
.PHONY: acceptance-quantised
acceptance-quantised: deps
	HASS_ACCEPTANCE_QUANTISED=1 $(GO) test -count=1 -timeout 60m -v -run 'TestQuantised/$(QUANTISED_ONLY)' ./internal/test/acceptance

# Float models with few bits; FEWBITS_ONLY is a pattern for the names of models.
FEWBITS_ONLY ?= .*
.PHONY: acceptance-fewbits
acceptance-fewbits: deps
	HASS_ACCEPTANCE_FEWBITS=1 $(GO) test -count=1 -timeout 240m -v -run 'TestFewBits/$(FEWBITS_ONLY)' ./internal/test/acceptance

# Designs that mix scheduled engines with others; SPARSE_ONLY is a pattern for their names. SPARSE is the folder of results.
SPARSE      ?= $(CURDIR)/build/sparse
SPARSE_ONLY ?= .*
.PHONY: acceptance-sparse
acceptance-sparse: deps
	HASS_SPARSE=$(SPARSE) $(GO) test -count=1 -timeout 120m -v -run 'TestSparse/$(SPARSE_ONLY)' ./internal/test/acceptance

# REGIONS_ONLY is a pattern for the names of networks.
REGIONS_ONLY ?= .*
.PHONY: acceptance-regions
acceptance-regions: deps
	HASS_REGIONS=1 $(GO) test -count=1 -timeout 60m -v -run 'TestRegions/$(REGIONS_ONLY)' ./internal/test/acceptance

# The recurrences of the C++ loops of networks; LOOPS_ONLY is a pattern for their names. LOOPS is the folder of results.
LOOPS      ?= $(CURDIR)/build/loops
LOOPS_ONLY ?= .*
.PHONY: acceptance-loops
acceptance-loops:
	@command -v clang++-14 >/dev/null && command -v opt-14 >/dev/null || $(MAKE) --no-print-directory install PACKAGES="clang-14 llvm-14"
	HASS_LOOPS=$(LOOPS) $(GO) test -count=1 -timeout 180m -v -run 'TestLoops/$(LOOPS_ONLY)' ./internal/test/acceptance

# Pruned models, repaired in three ways; REPAIR_ONLY is a pattern for the names of models.
REPAIR_ONLY ?= .*
.PHONY: acceptance-repair
acceptance-repair: deps
	HASS_ACCEPTANCE_REPAIR=1 $(GO) test -count=1 -timeout 120m -v -run 'TestRepair$(REPAIR_ONLY)' ./internal/test/acceptance

# The least hardware for rates; RATES_ONLY is a pattern of networks. What was measured stands in RATES.
RATES      ?= $(CURDIR)/build/rates
RATES_ONLY ?= .*
.PHONY: acceptance-rates
acceptance-rates: deps
	HASS_RATES=$(RATES) $(GO) test -count=1 -timeout 240m -v -run 'TestRates/$(RATES_ONLY)' ./internal/test/acceptance

# Reports in a headless Chromium: no requests, no console messages, contrast, keyboard, width, axe-core; figures against the artefacts.
# REPORT_SHOTS is a folder for screenshots, REPORT_RUNS one that keeps the runs.
REPORT_SHOTS ?=
REPORT_RUNS ?=
AXE_VERSION ?= 4.11.1
PUPPETEER_VERSION ?= 24.43.1
BROWSER = $(CURDIR)/build/browser

$(BROWSER)/node_modules/axe-core/axe.min.js:
	@command -v node >/dev/null && command -v npm >/dev/null || $(MAKE) --no-print-directory install PACKAGES="nodejs npm"
	mkdir -p $(BROWSER)
	npm install --prefix $(BROWSER) --ignore-scripts --no-audit --no-fund axe-core@$(AXE_VERSION) puppeteer-core@$(PUPPETEER_VERSION)

.PHONY: acceptance-report
acceptance-report: deps $(BROWSER)/node_modules/axe-core/axe.min.js
	@command -v chromium >/dev/null || $(MAKE) --no-print-directory install PACKAGES=chromium
	HASS_ACCEPTANCE_REPORT=1 HASS_REPORT_SHOTS="$(REPORT_SHOTS)" HASS_REPORT_RUNS="$(REPORT_RUNS)" HASS_BROWSER_MODULES=$(BROWSER)/node_modules $(GO) test -count=1 -timeout 120m -v -run 'TestReport$$' ./internal/test/acceptance

# Workers on PostgreSQL: what sixteen gain over one if trials only wait, and two over one with real trials, started by the SLURM
# template; and an exported study as Debian's Optuna reads it.
.PHONY: acceptance-scale
acceptance-scale: deps
	@/usr/bin/python3 -W ignore -c 'import optuna' 2>/dev/null || $(MAKE) --no-print-directory install PACKAGES=python3-optuna
	@$(PGTEST) postgres-start
	HASS_ACCEPTANCE_SCALE=1 $(GO) test -count=1 -v -run TestOptunaReads ./optimizer/search/export && \
	  HASS_ACCEPTANCE_SCALE=1 HASS_POSTGRES="$(PGTESTURL)" $(GO) test -count=1 -timeout 30m -v -run 'TestScale' ./internal/test/acceptance; \
	  rc=$$?; $(PGTEST) postgres-stop; exit $$rc

# HOSTILE_ONLY is a pattern for the names of tests: Forgeries, Sweep, Kills, ...
HOSTILE_ONLY ?= .*
.PHONY: acceptance-hostile figures
acceptance-hostile: deps
	HASS_ACCEPTANCE_HOSTILE=1 $(GO) test -count=1 -timeout 120m -v -run 'TestHostile($(HOSTILE_ONLY))' ./internal/test/acceptance

figures:
	$(GO) test -count=1 ./internal/test/figures -update

# RTL in Verilator, then its area by yosys. RTL_ONLY is a pattern for the names of cases: Demo, LeNet/dense8, ResNet-50, Speed, ...
RTL_ONLY ?= .*
.PHONY: acceptance-rtl
acceptance-rtl: deps
	HASS_ACCEPTANCE=1 HASS_ACCEPTANCE_RTL=1 $(GO) test -count=1 -timeout 240m -v -run '(TestRTL|TestArea)/$(RTL_ONLY)' ./internal/test/acceptance
	HASS_ACCEPTANCE_RTL=1 $(GO) test -count=1 -timeout 60m -v -run TestSpread ./optimizer/cost/fit/pnr

# Every sampler on every network, two studies at a time: this takes hours. Studies and report.md are in SEARCH; a second
# start resumes. HASS_SEARCH_ONLY names networks, separated by commas.
SEARCH ?= $(CURDIR)/build/search
search-comparison:
	HASS_SEARCH=$(SEARCH) $(GO) test -count=1 -timeout 24h -v -run 'TestSearch$$' ./internal/test/acceptance
	@cat $(SEARCH)/report.md

# The sweep resumes where it was stopped. The fit runs twice, because the formulas of engines are fitted to the rest after the
# formulas of lanes and weights.
CALIBRATION = optimizer/cost/calibration
sweep:
	$(GO) run ./optimizer/cost/fit/sweep $(CALIBRATION)/xc7.csv
fit:
	$(GO) run ./optimizer/cost/fit/coefficients $(CALIBRATION)/xc7.csv $(CALIBRATION)/xc7.toml
	$(GO) run ./optimizer/cost/fit/coefficients $(CALIBRATION)/xc7.csv $(CALIBRATION)/xc7.toml

# Place and route uses the user's own program and chip database; neither is part of this project.
NEXTPNR ?=
CHIPDB  ?=
PNR_SEEDS ?= 1
.PHONY: pnr fit-clock
pnr:
	@$(GO) build -o build/route ./optimizer/cost/fit/pnr/route
	@build/route -nextpnr "$(NEXTPNR)" -chipdb "$(CHIPDB)" -seeds $(PNR_SEEDS) $(CALIBRATION)/xc7z010-1.csv
	@build/route -nextpnr "$(NEXTPNR)" -chipdb "$(CHIPDB)" -seeds $(PNR_SEEDS) -networks $(CALIBRATION)/xc7z010-1-networks.csv
fit-clock:
	$(GO) run ./optimizer/cost/fit/pnr/coefficients $(CALIBRATION)/xc7z010-1.csv $(CALIBRATION)/xc7z010-1-networks.csv $(CALIBRATION)/xc7z010-1.toml
	$(GO) test -count=1 ./optimizer/cost/fit/pnr -run TestFigures -update

requantise-table:
	HASS_FIGURES=1 $(GO) test -count=1 -run TestRequantiseForms ./optimizer/cost/fit

engine-table:
	@mkdir -p build
	HASS_ENGINE_TABLE=$(CURDIR)/build/engine-table.md $(GO) test -count=1 -timeout 2h -v -run TestEngineTable ./optimizer/cost/fit
	@cat build/engine-table.md

# Three networks have no trained weights here: torchvision creates them with random weights.
TORCHVISION = $(CURDIR)/build/torchvision
MAKE_MODELS ?= $(HASS_DATA)/../tools/make_torchvision_models.py

acceptance-networks: deps
	@/usr/bin/python3 -c 'import torchvision, onnx' 2>/dev/null || \
	  $(MAKE) --no-print-directory install PACKAGES="python3-torch python3-torchvision python3-onnx"
	mkdir -p $(TORCHVISION)
	for m in resnet18 resnet50 mobilenet_v3_large; do \
	  [ -f $(TORCHVISION)/$$m.onnx ] || /usr/bin/python3 $(MAKE_MODELS) $(TORCHVISION) $$m || exit 1; done
	HASS_NETWORKS=$(TORCHVISION) $(GO) test -count=1 -timeout 170m -v -run TestNetworks ./internal/test/acceptance

# ONNX's operator test data come in a separate Debian package.
conformance:
	@[ -n "$$ONNX_TESTDATA" ] || [ -d /usr/share/libonnx-testdata/data ] || \
	  $(MAKE) --no-print-directory install PACKAGES=libonnx-testdata
	$(GO) test -count=1 -v -run 'TestConformance|TestOpsets' ./frontend

goptuna:
	cd optimizer/search/sampler/goptunatest && $(GO) test -count=1 -v ./...

bench:
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...

ORT_VERSION ?= 1.30.0
ORT = $(CURDIR)/build/onnxruntime/node_modules

# The npm package contains the library for Linux. Its install script would download more.
$(ORT)/onnxruntime-node/package.json:
	mkdir -p build/onnxruntime
	npm install --prefix build/onnxruntime --ignore-scripts --no-audit --no-fund onnxruntime-node@$(ORT_VERSION)

bench-onnxruntime: $(ORT)/onnxruntime-node/package.json
	HASS_ONNXRUNTIME=$(ORT) $(GO) test -count=1 -timeout 20m -v -run TestAgainstONNXRuntime ./internal/test/ortbench

# Exported ONNX files, of operators and pruned networks, in ONNX Runtime and in the
# float executor (needs node, npm, HASS_DATA).
.PHONY: export-onnxruntime
export-onnxruntime: $(ORT)/onnxruntime-node/package.json
	HASS_ONNXRUNTIME=$(ORT) $(GO) test -count=1 -timeout 30m -v -run 'TestExport(Operators|AgainstONNXRuntime|Repaired)' ./internal/test/ortbench

# Runs every function Fuzz... of the tests. FUZZ_ONLY is a pattern for their names.
FUZZ_ONLY ?= .
fuzz:
	@set -e; grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | grep -E 'Fuzz.*$(FUZZ_ONLY)' | sort | \
	  sed -E 's|^(.*)/[^/]*:func (.*)|\1 \2|' | while read -r dir name; do \
	    echo "$$dir $$name"; $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$dir || exit 1; done

# PostgreSQL refuses to run as root, so for root it runs as Debian's user postgres. If that
# user cannot access this checkout, or if the path is too long for a socket, its folder
# $(POSTGRES) is a link to a folder in /var/tmp. Debian's package would set up and start a
# server of its own; the file in createcluster.d prevents this.
PGPORT ?= 55432
POSTGRES ?= $(CURDIR)/build/postgres
PGSTOP ?= fast
PGFIND = PATH="$$PATH:$$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"; \
  as=; [ "$$(id -u)" != 0 ] || as="runuser -u postgres --"; dir="$(POSTGRES)"
PGURL = postgres://postgres@127.0.0.1:$(PGPORT)/postgres?sslmode=disable

.PHONY: postgres-install postgres-start postgres-stop test-postgres
postgres-install:
	@conf=/etc/postgresql-common/createcluster.d/hass.conf; \
	  if [ "$$(id -u)" = 0 ]; then mkdir -p $${conf%/*} && echo 'create_main_cluster = off' >$$conf; fi; \
	  $(MAKE) --no-print-directory install PACKAGES=postgresql; rc=$$?; \
	  [ "$$(id -u)" != 0 ] || rm -f $$conf; exit $$rc

postgres-start:
	@$(PGFIND); command -v initdb >/dev/null || $(MAKE) --no-print-directory postgres-install
	@set -e; $(PGFIND); mkdir -p "$${dir%/*}"; \
	  if [ ! -e "$$dir/data/PG_VERSION" ]; then \
	    mkdir -p "$$dir"; [ -z "$$as" ] || chown postgres: "$$dir"; \
	    if [ $${#dir} -gt 80 ] || ! $$as test -w "$$dir"; then \
	      rmdir "$$dir"; ln -s "$$(mktemp -d /var/tmp/hass-postgres.XXXXXX)" "$$dir"; \
	      [ -z "$$as" ] || chown postgres: "$$dir/"; fi; \
	    dir=$$(realpath "$$dir"); cd /; \
	    $$as initdb -D "$$dir/data" -U postgres -A trust -E UTF8 --no-locale >/dev/null; \
	    printf "%s\n" "listen_addresses = '127.0.0.1'" "unix_socket_directories = '$$dir'" | \
	      $$as tee -a "$$dir/data/postgresql.conf" >/dev/null; \
	  fi; \
	  dir=$$(realpath "$$dir"); cd /; \
	  if ! $$as env PATH="$$PATH" pg_ctl -D "$$dir/data" status >/dev/null; then \
	    $$as env PATH="$$PATH" pg_ctl -D "$$dir/data" -l "$$dir/log" -o "-p $(PGPORT)" -w -s start || \
	      { $$as tail "$$dir/log" >&2; exit 1; }; fi; \
	  echo "$(PGURL)" | sed "s/:$(PGPORT)/:$$($$as sed -n 4p "$$dir/data/postmaster.pid")/"

postgres-stop:
	@$(PGFIND); [ -e "$$dir" ] || exit 0; dir=$$(realpath "$$dir"); cd /; \
	  ! $$as env PATH="$$PATH" pg_ctl -D "$$dir/data" status >/dev/null || \
	  $$as env PATH="$$PATH" pg_ctl -D "$$dir/data" -m $(PGSTOP) -w -s stop

# The tests crash and restart the server, so they do not use the server with users' studies.
PGTEST = $(MAKE) --no-print-directory -C $(CURDIR) POSTGRES=$(CURDIR)/build/postgres-test PGPORT=$(PGTESTPORT)
PGTESTPORT ?= 55433

PGTESTURL = postgres://postgres@127.0.0.1:$(PGTESTPORT)/postgres?sslmode=disable
PGRESTART = $(PGTEST) postgres-stop PGSTOP=immediate && sleep 3 && $(PGTEST) postgres-start

test-postgres:
	@$(PGTEST) postgres-start
	@echo "$(GO) test ./optimizer/search/study"; HASS_POSTGRES="$(PGTESTURL)" HASS_POSTGRES_RESTART="$(PGRESTART)" \
	  $(GO) test -count=1 -parallel 8 ./optimizer/search/study; rc=$$?; $(PGTEST) postgres-stop; exit $$rc

clean:
	rm -rf bin build runs
