# One image for cart and order; compose.yaml says which it runs. The native client is built here, from the npm package's
# own sources, and is self-contained: the final image needs no compiler, no OpenSSL and no npm.
FROM oven/bun:1.4.5-slim AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates g++ libssl-dev make zlib1g-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production --ignore-scripts
# Before the services: a change to them does not compile librdkafka again.
COPY kafka/native kafka/native
RUN bun kafka/native/build.ts
COPY . .

FROM oven/bun:1.4.5-slim
WORKDIR /app
COPY --from=build /app /app
ENV NODE_ENV=production
USER bun
EXPOSE 8000 8001
# Not `bun run`: signals must reach the service itself, which then finishes what is in flight.
CMD ["bun", "cart/main.ts"]
