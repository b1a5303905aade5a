# syntax=docker/dockerfile:1

ARG DENO_VERSION=2.9.6
# The release whose iptables and nft the tests of the interception use.
ARG DEBIAN_VERSION=12.12

# On the builder's own platform, for the bundle is the same on all.
FROM --platform=$BUILDPLATFORM denoland/deno:debian-${DENO_VERSION} AS bundle
WORKDIR /source
COPY deno.json deno.lock ./
COPY src src
# In parts, so that a daemon that needs no kubeconfig never reads what reads them.
RUN deno bundle --minify --quiet --frozen-lockfile --code-splitting --outdir /bundle src/main.ts
COPY deploy/image/shebang /
WORKDIR /bundle
RUN cat /shebang main.js > saassigner && chmod 755 saassigner && rm main.js

FROM denoland/deno:bin-${DENO_VERSION} AS deno

FROM debian:${DEBIAN_VERSION}-slim AS root
RUN export DEBIAN_FRONTEND=noninteractive \
  && apt-get update \
  && apt-get upgrade --yes \
  && apt-get install --yes --no-install-recommends iproute2 iptables nftables
COPY --from=deno /deno /usr/local/bin/deno
COPY deploy/image/deno.json /image/opt/saassigner/deno.json
COPY deploy/image/collect /
# The commands that the program may run are the programs that the image has.
RUN /collect /image env deno $(deno eval --no-config \
  'console.log(JSON.parse(Deno.readTextFileSync(Deno.args[0])).permissions.default.run.join(" "))' \
  /image/opt/saassigner/deno.json)
# Where the configuration, credentials and the lock of iptables-legacy are mounted. There is no
# lock of its own: two that write with different locks disturb each other.
RUN mkdir -p /image/etc/saassigner /image/run /image/var/run/secrets

FROM scratch
ARG VERSION=unknown
ARG COMMIT=unknown
ARG SOURCE
LABEL org.opencontainers.image.title="k8s-gke-service-account-assigner" \
      org.opencontainers.image.description="Gives each Kubernetes pod its own Google service account" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=root /image /
COPY --from=bundle /bundle /opt/saassigner
# OTEL_DENO=true turns tracing on. A pod must not choose the parent of its trace, and a
# collector that hangs must not delay the exit.
ENV PATH=/opt/saassigner:/usr/local/bin:/usr/sbin:/usr/bin \
    DENO_DIR=/var/cache/deno \
    DENO_NO_UPDATE_CHECK=1 \
    SAASSIGNER_COMMIT=${COMMIT} \
    OTEL_PROPAGATORS=none \
    OTEL_SERVICE_NAME=saassigner \
    OTEL_EXPORTER_OTLP_TIMEOUT=500
# Root, because Kubernetes cannot give capabilities that survive an exec to anybody else.
USER 0:0
# Leaves what Deno caches of the program. Twice: after one run it can be read only by who may
# write it, and a start on a read-only root takes 50 MB and 0.1 s more.
RUN ["saassigner", "--version"]
RUN ["saassigner", "--version"]
ENTRYPOINT ["saassigner"]
