# One node. Alone, with a volume for the embedded database:
#   docker build -t parley . && docker run -p 4000:4000 -v parley:/data parley
# Several of them on PostgreSQL and Redis: docker-compose.yml.

FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script: what is native comes built.
RUN npm ci --ignore-scripts
COPY prisma.config.ts tsconfig.json tsconfig.build.json ./
COPY prisma prisma
COPY scripts scripts
COPY src src
RUN npm run build

FROM node:20-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Two that only running from src/ takes, and half of what the others weigh.
RUN npm ci --ignore-scripts --omit=dev && npm uninstall --no-save --ignore-scripts --omit=dev prisma tsx

FROM node:20-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data
WORKDIR /app
COPY package.json LICENSE ./
COPY bin bin
COPY scripts/run.mjs scripts/run.mjs
COPY prisma/migrations prisma/migrations
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
# Owned by root and not writable for the server. Its own folder is /data.
RUN ln -s /app/bin/parley.mjs /usr/local/bin/parley && install -d -o node -g node -m 700 /data
USER node
VOLUME /data
EXPOSE 4000
# Node is process 1, so the signal reaches it, and it stops as it does everywhere.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
