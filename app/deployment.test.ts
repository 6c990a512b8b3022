/** Files that deploy Weir. Each rule is first shown a planted fault. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configurationSchema } from '../schemas/configuration.js';
import { packageRoot } from './package.js';
import { lintAlarms, lintCompose, lintDockerfile } from './tidy/deployment.js';

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8');
const dockerfile = read('Dockerfile');
const compose = read('docker-compose.yml');
const alarms = read('ops/prometheus/alarms.yml');

/** The text with something in it replaced; it must be there. */
function changed(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  expect(result).not.toBe(text);
  return result;
}

describe('Dockerfile', () => {
  it.each([
    [/^USER node$/m, '', 'root'],
    [/^USER node$/m, 'USER 0:0', 'root'],
    [/^HEALTHCHECK.*\\\n.*$/m, '', '/readyz'],
    ['FROM node:20-bookworm-slim AS build', 'FROM node:latest AS build', 'pinned'],
    ['npm ci --ignore-scripts --no-audit', 'npm ci --no-audit', '--ignore-scripts'],
    ['npm ci --ignore-scripts --omit=dev', 'npm ci --ignore-scripts', '--omit=dev'],
    ['COPY package.json package-lock.json ./', 'COPY . .', 'before npm ci'],
    ['COPY --from=modules', 'COPY --from=build', '--omit=dev'],
    ['ENV NODE_ENV=production', 'ENV CLICKHOUSE_PASSWORD=x', 'secret'],
    ['ENTRYPOINT ["node", "dist/app/main.js"]', 'ENTRYPOINT node dist/app/main.js', 'signals'],
    ['COPY . .', 'ADD . .', 'use COPY'],
  ])('finds %s', (from, to, problem) => {
    expect(lintDockerfile(changed(dockerfile, from, to)).join('\n')).toContain(problem);
  });

  it('is as it should be', () => {
    expect(lintDockerfile(dockerfile)).toEqual([]);
  });

  it('copies only what is there, and leaves out what does not belong', () => {
    for (const path of [
      'package.json',
      'package-lock.json',
      'LICENSE',
      'app/bootstrap/build.mjs',
    ]) {
      expect(existsSync(join(packageRoot(), path)), path).toBe(true);
    }
    const ignored = read('.dockerignore').split('\n');
    for (const path of ['.git', 'node_modules', 'dist', 'weir-data']) {
      expect(ignored).toContain(path);
    }
  });

  it('brings along what the program reads outside dist', () => {
    for (const path of ['scoring/catalogue/rules', 'app/demo/data', 'app/demo/reference']) {
      expect(readdirSync(join(packageRoot(), path)).length).toBeGreaterThan(0);
      expect(dockerfile).toContain(`COPY --from=build /weir/${path} ./${path}\n`);
    }
  });

  it('opens the ports that Weir listens on', () => {
    const c = configurationSchema.parse({});
    const ports = [c.dashboardPort, c.ingestPort, c.engineOperationsPort];
    ports.push(c.dashboardOperationsPort, c.storageOperationsPort);
    expect(dockerfile).toContain(`EXPOSE ${ports.join(' ')}`);
    expect(dockerfile).toContain(`127.0.0.1:${c.engineOperationsPort}/readyz`);
    for (const port of ports) expect(compose).toContain(`- 127.0.0.1:${port}:${port}`);
  });
});

describe('docker-compose.yml', () => {
  it.each([
    ['127.0.0.1:8480:8480', '8480:8480', 'not on loopback'],
    ['clickhouse-server:25.8', 'clickhouse-server:latest', 'pinned'],
    ['clickhouse-server:25.8', 'clickhouse-server', 'pinned'],
    ['user: node', 'user: root', 'root'],
    [/ {4}user: appuser\n/, '', 'kafka.user'],
    [/ {4}mem_limit: 512m\n/, '', 'prometheus.mem_limit'],
    [
      / {4}healthcheck:\n {6}test: \[CMD, wget[\s\S]*?start_period: 10s\n/,
      '',
      'clickhouse.healthcheck',
    ],
    ['weir-data:/data', 'other-data:/data', 'not declared'],
    [/CLICKHOUSE_PASSWORD: \$\{WEIR.*\}/, 'CLICKHOUSE_PASSWORD: secret', 'written out'],
    ['dashboardHost=0.0.0.0', 'dashbordHost=0.0.0.0', 'dashbordHost'],
    ['restart: unless-stopped', 'privileged: true', 'privileged'],
  ])('finds %s', (from, to, problem) => {
    expect(lintCompose(changed(compose, from, to)).join('\n')).toContain(problem);
  });

  it('is as it should be', () => {
    expect(lintCompose(compose)).toEqual([]);
  });

  it('starts Weir and ClickHouse; Kafka and Prometheus only when asked for', () => {
    const { services } = parse(compose) as { services: Record<string, { profiles?: string[] }> };
    const always = Object.keys(services).filter((name) => services[name]?.profiles === undefined);
    expect(always.sort()).toEqual(['clickhouse', 'weir']);
    expect(Object.keys(services).sort()).toEqual(['clickhouse', 'kafka', 'prometheus', 'weir']);
  });
});

describe('alarms', () => {
  it.each([
    ['sum by (role) (', 'sum by (role) ((', 'do not close'],
    ['rate(weir_ingest_transactions_total[10m])', 'weir_ingest_transactions_total', 'rate'],
    ['alert: RoleAway', 'alert: NothingComesIn', 'twice'],
    ['severity: page', 'severity: loud', 'severity'],
    [/ {10}action: Ask its .*\n/, '', 'action'],
  ])('finds %s', (from, to, problem) => {
    expect(lintAlarms(changed(alarms, from, to)).join('\n')).toContain(problem);
  });

  it('are as they should be', () => {
    expect(lintAlarms(alarms)).toEqual([]);
  });

  it('are loaded by a Prometheus that asks every role', () => {
    const { rule_files, scrape_configs } = parse(read('ops/prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    expect(rule_files).toEqual(['/etc/prometheus/alarms.yml']);
    const { engineOperationsPort, dashboardOperationsPort, storageOperationsPort } =
      configurationSchema.parse({});
    expect(scrape_configs.flatMap((s) => s.static_configs.flatMap((c) => c.targets))).toEqual(
      [engineOperationsPort, dashboardOperationsPort, storageOperationsPort].map(
        (port) => `weir:${port}`,
      ),
    );
  });
});
