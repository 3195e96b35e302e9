# One image for every process; docker-compose.yml says which command each container runs.
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir "uv>=0.9"
WORKDIR /app
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --locked --no-dev --extra sentry --extra s3 --no-install-project
COPY mailer mailer
COPY subscribers subscribers
COPY templates templates
COPY static static
COPY locale locale
RUN uv sync --locked --no-dev --extra sentry --extra s3

FROM python:3.11-slim
RUN useradd --system --create-home --uid 10001 mailer
WORKDIR /app
# A new volume for pictures gets its owner from here.
RUN install -d -o mailer /media
COPY --from=build --chown=root:root /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 MAILER_EMBEDDED=no
USER mailer
EXPOSE 8000
CMD ["mailer", "web", "--host", "0.0.0.0"]
