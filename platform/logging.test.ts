import { describe, expect, it } from 'vitest';
import { createLogger, humanLine } from './logging.js';

function logged(work: (log: ReturnType<typeof createLogger>) => void, level?: 'debug' | 'warn') {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  work(createLogger(level ? { role: 'engine', write, level } : { role: 'engine', write }));
  return lines.map((l) => JSON.parse(l) as Record<string, unknown>);
}

describe('logging', () => {
  it('names role, level and time', () => {
    const [line] = logged((log) => log.info({ port: 8480 }, 'listening'));
    expect(line).toMatchObject({ role: 'engine', level: 'info', msg: 'listening', port: 8480 });
    expect(Date.parse(String(line?.['time']))).not.toBeNaN();
  });

  it('removes secrets by key name, nested ones too', () => {
    const text = JSON.stringify(
      logged((log) =>
        log.info({ key: 's3cret', headers: { cookie: 's3cret' }, a: { b: { token: 's3cret' } } }),
      ),
    );
    expect(text).not.toContain('s3cret');
  });

  it('keeps to its level', () => {
    expect(logged((log) => log.info('quiet'), 'warn')).toEqual([]);
  });

  it('writes short lines for people and leaves foreign lines alone', () => {
    const line = humanLine(
      '{"time":"2026-03-02T01:02:03.004Z","level":"warn","role":"engine","msg":"slow","ms":12}',
    );
    expect(line).toBe('01:02:03.004 WARN  engine     slow ms=12\n');
    expect(humanLine('not json')).toBe('not json');
  });
});
