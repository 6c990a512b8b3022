# Weir in a container: built with everything, run with what it needs, by a user without rights.
# ClickHouse is a server beside it (docker-compose.yml), so the embedded one is left out.

FROM node:20-bookworm-slim AS build
WORKDIR /weir
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node app/bootstrap/build.mjs

FROM node:20-bookworm-slim AS modules
WORKDIR /weir
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund && rm -rf node_modules/@chdb

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /weir
RUN mkdir /data && chown node:node /data
COPY --from=modules /weir/node_modules ./node_modules
COPY --from=build /weir/dist ./dist
COPY --from=build /weir/scoring/catalogue/rules ./scoring/catalogue/rules
COPY --from=build /weir/app/demo/data ./app/demo/data
COPY --from=build /weir/app/demo/reference ./app/demo/reference
COPY package.json LICENSE ./
USER node
VOLUME /data
EXPOSE 8480 8481 8482 8483 8484
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8482/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/app/main.js"]
CMD ["run", "--dir", "/data"]
