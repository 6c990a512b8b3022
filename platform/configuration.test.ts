import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  type ConfigurationOverrides,
  loadConfiguration,
} from './configuration.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-configuration-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function problemsOf(yaml: string, overrides: ConfigurationOverrides = {}): readonly string[] {
  writeFileSync(join(dir, 'weir.yaml'), yaml);
  try {
    loadConfiguration(dir, overrides);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  }
  return [];
}

describe('configuration', () => {
  it('has defaults without a file', () => {
    expect(loadConfiguration(dir)).toMatchObject({ dashboardPort: 8480, shards: 256, threads: 1 });
  });

  it('takes the file over the defaults and flags over the file', () => {
    writeFileSync(join(dir, 'weir.yaml'), 'threads: 2\nshards: 64\n');
    const loaded = loadConfiguration(dir, { threads: 4, ingestPort: undefined });
    expect(loaded).toMatchObject({ threads: 4, shards: 64, ingestPort: 8481 });
  });

  it('accepts an empty file', () => {
    expect(problemsOf('# nothing set\n')).toEqual([]);
  });

  it('names line, key and the near name of an unknown key', () => {
    expect(problemsOf('shards: 64\ntreads: 2\n')).toEqual([
      'weir.yaml:2: treads: there is no such setting; did you mean "threads"?',
    ]);
    expect(problemsOf('nonsenseSetting: 2\n')[0]).toMatch(/take it out/);
  });

  it('names line, key and default of a wrong value', () => {
    const [problem] = problemsOf('\nthreads: many\n');
    expect(problem).toMatch(/^weir\.yaml:2: threads: .*number.*; the default is 1$/);
  });

  it('names the flag when the flag is wrong', () => {
    expect(problemsOf('threads: 2', { threads: 0 })[0]).toMatch(/^flag --threads: /);
    expect(problemsOf('', { dashboardPort: 8481 })[0]).toMatch(/ingestPort.*8481.*own number/);
  });

  it('says where YAML is broken', () => {
    expect(problemsOf('threads: [1\n')[0]).toMatch(/^weir\.yaml:\d+: .*mend the YAML/);
    expect(problemsOf('threads: [1\n')[0]).not.toContain('column');
    expect(problemsOf('threads: 1\nthreads: 2\n')[0]).toMatch(/^weir\.yaml:2: /);
    expect(problemsOf('- a\n- b\n')[0]).toMatch(/not a list of settings/);
  });

  it('checks what types cannot say', () => {
    expect(problemsOf('shards: 100')[0]).toMatch(/power of two/);
    expect(problemsOf('zone: Asia/Nowhere')[0]).toMatch(/no time zone/);
    expect(problemsOf('ingestPort: 70000')[0]).toMatch(/no port/);
    expect(problemsOf('stopDeadlineMs: 0')[0]).toMatch(/too small/);
    for (const origin of ['weir.bank.example', 'https://weir.bank.example/page', '*']) {
      expect(problemsOf(`allowedOrigins: ["${origin}"]`)[0]).toMatch(
        /^weir\.yaml:1: .*is no origin/,
      );
    }
    expect(problemsOf('allowedOrigins: ["https://weir.bank.example:8443/"]')).toEqual([]);
  });

  it('knows where history may be kept', () => {
    expect(problemsOf('clickhouse: embeded')[0]).toMatch(/^weir\.yaml:1: .*neither embedded/);
    for (const place of ['embedded', 'none', 'http://clickhouse:8123']) {
      expect(problemsOf(`clickhouse: ${place}`)).toEqual([]);
    }
  });

  it('reports every problem at once', () => {
    expect(problemsOf('shards: 100\nzone: X/Y\n')).toHaveLength(2);
  });
});
