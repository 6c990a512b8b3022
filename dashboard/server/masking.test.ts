import { describe, expect, it } from 'vitest';
import { maskDetail, maskMessage } from './masking.js';

const mask = (text: string): string => maskMessage(Buffer.from(text));

describe('a refused message', () => {
  it('keeps keys and what names nobody', () => {
    const message = {
      id: 'tx-陈玉兰-6222000011112345',
      eventTime: '2026-03-02T20:05:00+08:00',
      debtor: { account: '6222000011112345', party: 'C1', bank: 'our_bank', country: 'CN' },
      creditor: { account: 'DE89370400440532013000', name: '陈玉兰' },
      amount: '120.5',
      currency: 'RMB',
      type: 'wire-transfer',
      channel: 'mobile',
      purpose: 'rent for Chen Yulan',
      陈玉兰6222000011112345: 1,
      loan: 6222000011112345,
      '6222C1': 'x',
    };
    const shown = JSON.parse(mask(JSON.stringify(message)));
    expect(shown).toEqual({
      id: '(23 characters)',
      eventTime: '2026-03-02T20:05:00+08:00',
      debtor: {
        account: '62...2345',
        party: '(2 characters)',
        bank: '(8 characters)',
        country: 'CN',
      },
      creditor: { account: '(22 characters)', name: '(3 characters)' },
      amount: '120.5',
      currency: 'RMB',
      type: '(13 characters)',
      channel: 'mobile',
      purpose: '(19 characters)',
      '(19 characters)': 1,
      loan: '62...2345',
      '(6 characters)': '(1 characters)',
    });
  });

  it('shows a field that names nobody only while it holds what it should', () => {
    const wrong = { amount: 'Chen Yulan', currency: '陈玉兰', eventTime: { name: '陈玉兰' } };
    expect(mask(JSON.stringify(wrong))).not.toMatch(/Chen|陈/);
    const account = { amount: '6222000011112345', eventTime: 6222000011112345, currency: 1e300 };
    expect(mask(JSON.stringify(account))).not.toMatch(/\d{6}/);
  });

  it('that is no JSON keeps its shape', () => {
    const text = '{"id":"t1","debtor":{"account":"6222000011112345"},"name":"陈玉兰","amount":12,';
    expect(mask(text)).toBe(
      '{"id":"x1","debtor":{"account":"62...2345"},"xxxx":"xxx","amount":12,',
    );
    expect(mask('陈玉兰;1234567;CNY')).toBe('xxx;...67;CNY');
  });

  it('that is no text shows its length alone; a long one its beginning', () => {
    expect(maskMessage(Uint8Array.of(0, 1, 255, 65))).toBe('(4 bytes that are no text)');
    // Cut in the middle of a character.
    expect(maskMessage(Buffer.from('{"名').subarray(0, 4))).toBe('{"');
    expect(mask('ab '.repeat(20_000)).length).toBeLessThan(20_000);
    expect(mask(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)).toContain('...');
    const unknown = (key: string) => maskDetail(`message: unknown key ${key}; remove it`);
    expect(unknown('note')).toBe('message: unknown key note; remove it');
    expect(unknown('6222C1; 陈')).toBe('message: unknown key (9 characters); remove it');
    expect(maskDetail('key "6222000011112345" \u001b[31m')).toBe('key "62...2345" \ufffd[31m');
  });
});
