# Two commands are enough to begin: `make run` and `make test`. Python >= 3.11 is all they need.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

PYTHON ?= $(firstword $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done))
VENV := .venv
BIN := $(VENV)/bin
# The environment is built by a uv of this machine, else by a private one under .huangge/tools.
UV = UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 \
	"$$($(PYTHON) .ci/bootstrap.py .huangge/tools)" --quiet
# More than there are processors: a test waits for its database half of the time.
WORKERS ?= 4
PG ?= bundled
BASE ?= origin/main
TS := openapi/clients/typescript

export PG
# Python keeps what it has compiled: without that every start takes seconds longer.
export PYTHONDONTWRITEBYTECODE =

##@ 使用 Use

.PHONY: help
help: ## 列出全部命令 · This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  \033[36mmake %-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.run ## 启动全部服务与演示学区,Ctrl-C 停止 · Start everything with a demo district
	@exec $(BIN)/huangge run

##@ 开发 Develop

.PHONY: test
test: $(VENV)/.dev browser ## 全部测试(PG=system 使用本机 PostgreSQL)· All tests, on a real PostgreSQL
	$(BIN)/pytest -n $(WORKERS) --dist=worksteal

.PHONY: check
check: lint types imports migrations contract clients covered ## CI 的全部检查 · Everything that CI does

.PHONY: fix
fix: $(VENV)/.dev ## 自动修正格式与可修复的问题 · Format, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: openapi
openapi: $(VENV)/.dev ## 重新生成 openapi/openapi.json · Write the published contract anew
	$(BIN)/huangge openapi

.PHONY: migration
migration: $(VENV)/.dev ## 起草数据库迁移:make migration m="add a table" · Draft a migration
	@test -n "$(m)" || { echo 'Say what it does: make migration m="add a table"'; exit 2; }
	$(BIN)/huangge draft-migration "$(m)"

.PHONY: bench
bench: $(VENV)/.dev ## 性能测量,逐行输出 JSON · Measurements, as JSON lines
	$(BIN)/python -m benchmarks

##@ 单项检查 The parts of `make check`

.PHONY: lint
lint: $(VENV)/.dev ## 代码规范与格式 · Lint and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.dev ## 类型检查 · Types
	$(BIN)/mypy

.PHONY: imports
imports: $(VENV)/.dev ## 模块依赖方向 · Which module may import which
	$(BIN)/lint-imports

.PHONY: migrations
migrations: $(VENV)/.dev ## 迁移是否安全 · Whether migrations are safe on a busy database
	$(BIN)/python .ci/migrations.py

.PHONY: contract
contract: $(VENV)/.dev ## 接口文档是否最新、是否破坏兼容 · The contract is current and breaks nobody
	$(BIN)/huangge openapi --check --base $(BASE)

.PHONY: clients
clients: $(TS)/node_modules/.done ## 由接口文档生成 TypeScript 类型并编译 · TypeScript made of the contract compiles
	npm --prefix $(TS) run --silent check

.PHONY: covered
covered: $(VENV)/.dev browser ## 测试与覆盖率门槛 · Tests, and how much they cover
	@mkdir -p .huangge
	$(BIN)/python -m slipcover --json --out .huangge/coverage.json \
		-m pytest -n $(WORKERS) --dist=worksteal
	$(BIN)/python .ci/coverage.py .huangge/coverage.json

# Environment

# Only who prepares an environment looks for a Python: looking takes as long as half of a start.
PREPARE = @test -n "$(PYTHON)" || { echo '需要 Python 3.11 或更新版本。Python 3.11 or newer is needed.'; exit 2; }

$(VENV)/.run: uv.lock pyproject.toml .ci/bootstrap.py
	$(PREPARE)
	@echo '正在准备运行环境(仅首次)… Preparing the environment (only once) …'
	@$(UV) sync --frozen --no-dev --inexact --python "$(PYTHON)"
	@touch $@

$(VENV)/.dev: uv.lock pyproject.toml .ci/bootstrap.py
	$(PREPARE)
	@echo '正在准备开发环境(仅首次)… Preparing the development environment (only once) …'
	@$(UV) sync --frozen --python "$(PYTHON)"
	@touch $@ $(VENV)/.run

$(TS)/node_modules/.done: $(TS)/package-lock.json
	@if command -v npm >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null; \
	else echo '需要 Node.js 与 npm。Node.js and npm are needed.'; exit 2; fi
	npm --prefix $(TS) ci --silent --no-audit --no-fund
	@touch $@

# The page tests open Swagger UI in a real browser.
.PHONY: browser
browser: $(VENV)/.dev
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1 || \
			ls $${PLAYWRIGHT_BROWSERS_PATH:-$$HOME/.cache/ms-playwright}/chromium* >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq -y --no-install-recommends chromium >/dev/null; \
	else $(BIN)/playwright install chromium; fi
