# Two images: `docker build --target api .` without torch or onnxruntime, and `--target worker`.
FROM python:3.12-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

FROM base AS sources
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/nif
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY estimator ./estimator
COPY service ./service
COPY migrations ./migrations

FROM sources AS api-packages
RUN /opt/nif/bin/pip install -c constraints.txt '.[api,neo4j,postgres]'

FROM sources AS worker-packages
RUN /opt/nif/bin/pip install -c constraints.txt '.[worker,compare,neo4j,postgres]'

FROM base AS runtime
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*
# The user who owns the files of secrets on the host: only their owner may read them.
ARG HOST_UID=10001
RUN useradd --uid "${HOST_UID}" --create-home --shell /usr/sbin/nologin nif \
    && install -d -o nif -g nif -m 0700 /var/lib/nif
ENV PATH=/opt/nif/bin:$PATH NIF_DATA_DIR=/var/lib/nif
WORKDIR /var/lib/nif
USER nif

FROM runtime AS api
COPY --from=api-packages /opt/nif /opt/nif
# Reached from outside its container, so it serves only with API keys.
ENV NIF_HOST=0.0.0.0 NIF_PUBLIC=true NIF_WORKERS=0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["nif", "serve"]

FROM runtime AS worker
COPY --from=worker-packages /opt/nif /opt/nif
HEALTHCHECK --interval=60s --timeout=30s --start-period=60s --retries=3 CMD ["nif", "migrate", "--dry-run"]
CMD ["nif", "worker"]
