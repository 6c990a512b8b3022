import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SupervisorOptions, startSupervisor } from './supervisor.js';

/** Children in a few lines: what the supervisor needs of a role and nothing else. */
const roles = {
  good: `process.send({ type: 'ready' });
    process.on('message', (m) => m.type === 'stop' && process.exit(0));
    process.on('disconnect', () => process.exit(1));`,
  deaf: `process.send({ type: 'ready' });
    process.on('SIGTERM', () => {}); setInterval(() => {}, 1e3);`,
  busyPort: `process.exit(3);`,
  dying: `process.exit(7);`,
};

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-supervisor-'));
  for (const [name, code] of Object.entries(roles)) writeFileSync(join(dir, `${name}.mjs`), code);
});
afterAll(() => rmSync(dir, { recursive: true }));

type RoleName = keyof typeof roles;

function supervise(names: RoleName[], options: Partial<SupervisorOptions> = {}) {
  const logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields: fields as Record<string, unknown>, message });
  let ready: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const supervisor = startSupervisor({
    children: names.map((name) => ({ name, module: join(dir, `${name}.mjs`), args: [] })),
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    stopDeadlineMs: 5_000,
    onReady: () => ready(),
    ...options,
  });
  return { supervisor, logged, isReady };
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !what(); i++) await new Promise((done) => setTimeout(done, 10));
  expect(what()).toBe(true);
}

describe('supervisor', () => {
  it('starts, and stops everything with exit code 0', async () => {
    const { supervisor, isReady } = supervise(['good']);
    await isReady;
    expect(await supervisor.stop()).toBe(0);
    expect(supervisor.pids()).toEqual({});
  });

  it('restarts a child that was killed', async () => {
    const { supervisor, logged, isReady } = supervise(['good']);
    await isReady;
    const first = supervisor.pids()['good'] as number;
    process.kill(first, 'SIGKILL');
    await until(() => (supervisor.pids()['good'] ?? first) !== first);
    expect(logged[0]?.fields).toMatchObject({ child: 'good', how: 'SIGKILL', waitMs: 100 });
    expect(await supervisor.stop()).toBe(0);
  });

  it('backs off and says loudly that a child dies again and again', async () => {
    const backOff = { firstMs: 1, maxMs: 8, crashLoopDeaths: 3 };
    const { supervisor, logged } = supervise(['dying'], { backOff });
    await until(() => logged.length >= 6);
    await supervisor.stop();
    expect(logged.slice(0, 6).map((l) => l.fields['waitMs'])).toEqual([1, 2, 4, 8, 8, 8]);
    expect(logged.slice(0, 4).map((l) => l.level)).toEqual(['warn', 'warn', 'error', 'error']);
    expect(logged[2]?.message).toContain('CRASH LOOP');
  });

  it('gives up when a child says that its port is busy, and stops the others', async () => {
    const { supervisor } = supervise(['good', 'busyPort']);
    expect(await supervisor.done).toBe(3);
    expect(supervisor.pids()).toEqual({});
  });

  it('kills a child that does not stop within the deadline', async () => {
    const { supervisor, logged, isReady } = supervise(['deaf'], { stopDeadlineMs: 50 });
    await isReady;
    expect(await supervisor.stop()).toBe(1);
    expect(logged.at(-1)?.message).toContain('not stopped within 50 ms');
  });

  it('kills at once when it is told to stop twice', async () => {
    const { supervisor, isReady } = supervise(['deaf'], { stopDeadlineMs: 600_000 });
    await isReady;
    void supervisor.stop();
    expect(await supervisor.stop()).toBe(1);
  });
});
