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
# The program sees these variables and files, and nothing else of the container.
ENTRYPOINT ["deno", "run", "--no-prompt", "--no-config", "--cached-only", "--unstable-no-legacy-abort", \
  "--allow-net", \
  "--allow-read=/etc/saassigner,/var/run/secrets", \
  "--allow-env=NODE_NAME,HOST_IP,GOOGLE_APPLICATION_CREDENTIALS,KUBERNETES_SERVICE_HOST,KUBERNETES_SERVICE_PORT,HTTPS_PROXY,https_proxy,NO_PROXY,no_proxy,SAASSIGNER_COMMIT", \
  "--ignore-env", \
  "--allow-sys=networkInterfaces", \
  "--allow-run=nft,ip,iptables,ip6tables,iptables-restore,ip6tables-restore,iptables-nft,ip6tables-nft,iptables-nft-restore,ip6tables-nft-restore,iptables-nft-save,ip6tables-nft-save,iptables-legacy,ip6tables-legacy,iptables-legacy-restore,ip6tables-legacy-restore,iptables-legacy-save,ip6tables-legacy-save", \
  "/opt/saassigner/saassigner.js"]
