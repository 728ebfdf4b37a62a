# Two commands matter: `make run` and `make test`. `make help` lists the rest.

.PHONY: help run test build fmt lint bench mission clean-data

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | column -t -s '	'

run: ## install what is missing, build, serve the demo province (DATA=dir LISTEN=address:port)
	@exec scripts/run.sh

test: ## everything: format, lints, rules, tests, browser journeys
	@exec scripts/test.sh

build: ## the release program, without running it
	@scripts/need.sh run
	@scripts/assets.sh
	cargo build --release --package server --bin ngabay

fmt: ## format the Rust sources
	cargo fmt --all

lint: ## lints and the rules of the house
	cargo clippy --workspace --all-targets -- -D warnings
	cargo xtask tidy

bench: ## measure against peers, each run prints both sides
	@exec scripts/bench.sh

mission: ## write docs/mission.md anew
	cargo xtask mission

clean-data: ## delete the demo data of this clone (asks first)
	@exec scripts/clean-data.sh

export DATA LISTEN ARGS SIMULATORS
