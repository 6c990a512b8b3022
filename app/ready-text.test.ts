import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configurationSchema } from '../schemas/configuration.js';
import { transactionFromJson } from '../schemas/transaction-codec.js';
import { readyText } from './ready-text.js';

const facts = {
  dir: resolve('weir-data'),
  configuration: configurationSchema.parse({}),
  dashboardUrl: undefined,
  signInLink: 'http://127.0.0.1:8480/#token=abc',
  ingestUrl: undefined,
  ingestKey: 'the-key',
  bank: false,
  operationsUrls: { engine: 'http://127.0.0.1:9001', dashboard: undefined },
};

describe('ready text', () => {
  it('says where to look, how to send, how to stop', () => {
    const text = readyText(facts);
    expect(text).toContain('http://127.0.0.1:8480/#token=abc   (signs you in, works once)');
    expect(text).toContain('./weir-data');
    expect(text).toContain('Ctrl-C');
  });

  it('names the command for a new link where none was made', () => {
    expect(readyText({ ...facts, signInLink: undefined })).toContain('weir sign-in-link');
  });

  it('shows a curl line that a shell takes, with a transaction that Weir takes', () => {
    const line = /curl [\s\S]*?\n(?= {2}Health)/.exec(readyText(facts))?.[0] ?? '';
    const shown = line.replace(/^curl/, "printf '%s\\n'");
    const words = execFileSync('sh', ['-c', shown], { encoding: 'utf8' }).trim().split('\n');
    expect(words).toContain('http://127.0.0.1:8481/v1/transactions');
    expect(words).toContain('Authorization: Bearer the-key');
    const body = JSON.parse(words.at(-1) ?? '') as { eventTime: number };
    expect(Math.abs(body.eventTime - Date.now())).toBeLessThan(60_000);
    expect(transactionFromJson(body)).toMatchObject({ ok: true });
  });
});
