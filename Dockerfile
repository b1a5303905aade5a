# syntax=docker/dockerfile:1

ARG DENO_VERSION=2.9.6

FROM denoland/deno:debian-${DENO_VERSION} AS bundle
WORKDIR /source
COPY deno.json deno.lock ./
COPY src src
RUN deno bundle --minify --quiet --output /bundle/saassigner.js src/main.ts

FROM denoland/deno:debian-${DENO_VERSION}
# Root, because Kubernetes cannot give capabilities that survive an exec to anybody else.
USER root
LABEL org.opencontainers.image.title="k8s-gke-service-account-assigner" \
      org.opencontainers.image.description="Gives each Kubernetes pod its own Google service account" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
  && apt-get install -y --no-install-recommends iproute2 iptables nftables \
  && rm -rf /var/lib/apt/lists/*
ARG COMMIT=unknown
ENV SAASSIGNER_COMMIT=${COMMIT}
# OTEL_DENO=true turns tracing on. A pod must not choose the parent of its trace, and a
# collector that hangs must not delay the exit.
ENV OTEL_PROPAGATORS=none \
    OTEL_SERVICE_NAME=saassigner \
    OTEL_EXPORTER_OTLP_TIMEOUT=500
COPY --from=bundle /bundle/saassigner.js /opt/saassigner/saassigner.js
COPY deploy/image/saassigner /usr/local/bin/saassigner
# Opened once, so that no start of the container has to.
RUN saassigner --version
ENTRYPOINT ["saassigner"]
