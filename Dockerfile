# One node. Alone, with a volume for the embedded database:
#   docker build -t parley . && docker run -p 4000:4000 -v parley:/data parley
# Several of them on PostgreSQL and Redis: docker-compose.yml.

# Node's long-term release, with Debian's security fixes of the day the image is built. To build from the very same bits every
# time, pin it by the digest that `docker buildx imagetools inspect node:24-bookworm-slim` prints:
#   docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… -t parley .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/client/package.json packages/client/
# No package needs its install script: what is native comes built.
RUN npm ci --ignore-scripts
COPY prisma.config.ts tsconfig.json tsconfig.build.json ./
COPY prisma prisma
COPY scripts scripts
COPY packages packages
COPY src src
RUN npm run build

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/client/package.json packages/client/
# Without the three that only running from src/ takes, what only web apps take (optional peers of packages/client), and what
# came with them: half of the weight.
RUN npm ci --ignore-scripts --omit=dev \
  && npm pkg delete devDependencies dependencies.esbuild dependencies.prisma dependencies.tsx \
  && npm prune --ignore-scripts --omit=dev --omit=peer

FROM ${NODE_IMAGE}
# As in package.json.
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Parley" \
  org.opencontainers.image.description="A self-hosted chat backend, spoken to through a typed GraphQL API" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data
WORKDIR /app
COPY package.json LICENSE ./
COPY bin bin
COPY scripts/run.mjs scripts/run.mjs
COPY prisma/migrations prisma/migrations
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
# What the link in node_modules leads to.
COPY packages/client/package.json packages/client/
COPY --from=build /app/packages/client/dist packages/client/dist
# Owned by root and not writable for the server. Its own folder is /data; /files is for FILES_URL=file:///files, shared by nodes.
RUN ln -s /app/bin/parley.mjs /usr/local/bin/parley && install -d -o node -g node -m 700 /data /files
USER node
VOLUME /data
EXPOSE 4000
# Node is process 1, so the signal reaches it, and it stops as it does everywhere.
STOPSIGNAL SIGTERM
# Whether the process answers: whether it takes requests is /health/ready, by which one routes. While the database is away a
# restart would only throw everybody out. By bash, which Debian always has: a second Node every 10 s would weigh more than
# the first one at rest.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["timeout", "4", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PORT:-4000} && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == 'HTTP/1.1 200 '* ]]"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
