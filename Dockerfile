# One image for cart and order: `cart/main.js`, `order/main.js`, and for deploys `scripts/schemas.js register`.
# The native client is built here from the npm package's own sources, and needs nothing but glibc afterwards. The final
# image has no shell, no package manager and no npm package but that client: about 145 MB, most of it Bun.
# `bun run test -- image` follows these steps without Docker and starts both services from what they make.
FROM debian:bookworm-slim AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates g++ libssl-dev make zlib1g-dev \
  && rm -rf /var/lib/apt/lists/*
COPY --from=oven/bun:1.4.5-slim /usr/local/bin/bun /usr/local/bin/bun
WORKDIR /build
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production --ignore-scripts
# Before the services: a change to them neither compiles librdkafka nor fetches the viewer of /docs again.
COPY kafka/native kafka/native
RUN bun kafka/native/build.ts
COPY service/api-reference service/api-reference
RUN bun service/api-reference/fetch-viewer.ts
COPY . .
RUN bun scripts/bundle.ts /app

# The same Debian as above, so that the client finds the glibc that it was linked with.
FROM gcr.io/distroless/base-nossl-debian12:nonroot
COPY --from=build /usr/local/bin/bun /usr/local/bin/bun
COPY --from=build /app /app
WORKDIR /app
ENV NODE_ENV=production
# `nonroot` by its number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 8000 8001
# Not `bun run`: signals must reach the service itself, which then finishes what is in flight.
ENTRYPOINT ["/usr/local/bin/bun"]
CMD ["cart/main.js"]
