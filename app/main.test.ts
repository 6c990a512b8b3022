import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildProgram, main } from './main.js';

let out = '';
let dir = '';
beforeEach(() => {
  out = '';
  dir = mkdtempSync(join(tmpdir(), 'weir-main-'));
  const take = (text: string | Uint8Array): boolean => {
    out += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(take);
  vi.spyOn(process.stderr, 'write').mockImplementation(take);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  rmSync(dir, { recursive: true });
});

const commands = buildProgram().commands.map((c) => c.name());

describe('weir --help', () => {
  it('names every command', async () => {
    expect(await main(['--help'])).toBe(0);
    for (const name of commands) expect(out).toContain(`  ${name}`);
    expect(out).toContain('Exit codes');
  });

  it.each(commands)('%s --help shows examples', async (name) => {
    expect(await main([name, '--help'])).toBe(0);
    expect(out).toMatch(new RegExp(`Examples?:\\s+weir ${name}`));
  });

  it.each([
    ['rules', 'list'],
    ['rules', 'show'],
    ['dead-letters', 'list'],
    ['dead-letters', 'show'],
  ])('%s %s --help shows examples', async (...words) => {
    expect(await main([...words, '--help'])).toBe(0);
    expect(out).toContain('Examples:');
  });

  it('does not show the flags of tests', async () => {
    await main(['run', '--help']);
    expect(out).not.toContain('clock');
  });
});

describe('exit codes', () => {
  it('0 for the version', async () => {
    expect(await main(['--version'])).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['nonsense'], 'unknown command'],
    [['runn'], 'Did you mean run?'],
    [['run', '--nonsense'], 'unknown option'],
    [['run', '--threads', 'many'], 'whole number'],
    [['run', '--demo', 'everything'], 'bank, sample, none'],
    [['replay'], 'missing required argument'],
    [['dead-letters', 'list', '--limit', '-3'], 'above 0'],
    [['replay', 'x', '--threads', '0'], 'above 0'],
  ])('2 for a wrong call: %j', async (argv, message) => {
    expect(await main(argv)).toBe(2);
    expect(out).toContain(message);
  });

  it.each([
    ['threads: 0', /weir\.yaml:1: threads: /],
    ['nonsense: 1', /weir\.yaml:1: nonsense: there is no such setting/],
  ])('2 for a wrong configuration: %s', async (yaml, message) => {
    writeFileSync(join(dir, 'weir.yaml'), yaml);
    expect(await main(['run', '--dir', dir])).toBe(2);
    expect(out).toMatch(message);
  });

  it('2 for a wrong --set and a wrong --clock-start', async () => {
    expect(await main(['run', '--dir', dir, '--set', 'threads'])).toBe(2);
    expect(out).toContain('write name=value');
    expect(await main(['run', '--dir', dir, '--clock-start', 'yesterday'])).toBe(2);
    expect(out).toContain('2026-03-02T09:00:00+08:00');
  });

  it('2 where there is no Weir', async () => {
    expect(await main(['dead-letters', 'list', '--dir', dir])).toBe(2);
    expect(out).toContain('--dir');
    expect(await main(['sign-in-link', '--dir', dir])).toBe(2);
  });
});

describe('weir rules', () => {
  it('lists the shipped rules', async () => {
    expect(await main(['rules', 'list'])).toBe(0);
    expect(out).toContain('activity-drop');
    expect(out).toMatch(/catalogue [0-9a-f]{12}, \d+ rules, \d+ typologies\n$/);
  });

  it('prints one JSON object a line', async () => {
    await main(['rules', 'list', '--json']);
    const ids = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(ids).toContain('activity-drop');
  });

  it('shows the one of its help', async () => {
    await main(['rules', 'show', '--help']);
    const id = /weir rules show ([a-z]\S+)/.exec(out)?.[1] ?? 'none';
    expect(await main(['rules', 'show', id])).toBe(0);
  });

  it('shows one, and names those that there are', async () => {
    expect(await main(['rules', 'show', 'activity-drop'])).toBe(0);
    expect(out).toMatch(/^activity-drop {2}Churn/);
    expect(await main(['rules', 'show', 'activity'])).toBe(2);
    expect(out).toMatch(/known are: .*activity-drop/);
  });

  it('says where a catalogue is wrong', async () => {
    writeFileSync(join(dir, 'mine.yaml'), 'id: mine\nnonsense: 1\n');
    expect(await main(['rules', 'list', '--catalogue', join(dir, 'mine.yaml')])).toBe(2);
    expect(out).toMatch(/mine\.yaml:\d+: /);
    expect(await main(['rules', 'list', '--catalogue', join(dir, 'none.yaml')])).toBe(2);
    expect(await main(['rules', 'list', '--catalogue', dir])).toBe(2);
  });
});
