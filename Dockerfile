# An image that runs Cardea on the Node.js it is tested on. Nothing secret goes into it: settings come when it is run.
#
#   docker build --tag cardea .
#
# compose.yaml runs it with MongoDB and Redis. With the embedded store its data folder, /data, needs a volume; docs/operations.md has both.

FROM node:24.21.0-trixie-slim AS node
WORKDIR /app

# Install scripts never run: esbuild needs none, and the Node.js that the package `node` would fetch is here already.
FROM node AS browser
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts/build.ts scripts/
COPY views/assets views/assets
COPY src/wire src/wire
COPY src/browser src/browser
RUN node scripts/build.ts

FROM node AS packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node
LABEL org.opencontainers.image.title="Cardea" \
  org.opencontainers.image.description="A self-hosted OpenID Connect provider, passkeys first" \
  org.opencontainers.image.licenses="Apache-2.0"
RUN install --directory --owner=node --group=node --mode=700 /data \
  && ln --symbolic /app/src/cli/cardea.ts /usr/local/bin/cardea
COPY --from=packages /app/node_modules node_modules
COPY --from=browser /app/build build
COPY package.json LICENSE ./
COPY config config
COPY views views
COPY src src
ENV CARDEA_ENV=production CARDEA_HOST=0.0.0.0 CARDEA_PORT=3000 CARDEA_DATA_DIR=/data
# All of /app belongs to root: what runs here cannot change it.
USER node
EXPOSE 3000
# Whether the process lives. Whether its stores answer is for load balancers (/health/ready): a restart would not bring them back.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "require('node:http').get({ port: process.env.CARDEA_PORT, path: '/health/live' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# Not by npm, which would stand between the signals and the server.
CMD ["node", "src/main.ts"]
