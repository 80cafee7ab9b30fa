# One line each; the work is done by `cargo xtask` (see `cargo xtask --help`).
.PHONY: run test ci check fmt clippy audit generate tidy bench gate gate-self-test

run:
	cargo xtask run

test:
	cargo xtask test

gate-self-test:
	cargo xtask gate-self-test

ci:
	cargo xtask ci

check:
	cargo check --workspace --all-targets

fmt:
	cargo fmt --all

clippy:
	cargo clippy --workspace --all-targets -- -D warnings

audit:
	cargo xtask audit

generate:
	cargo xtask generate

tidy:
	cargo xtask tidy

bench:
	cargo xtask bench

gate:
	cargo xtask gate
