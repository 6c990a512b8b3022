import { describe, expect, it } from 'vitest';
import { CustomerBook } from './customers.js';
import { sampleReference } from './testing/sample.js';

const book = new CustomerBook(sampleReference, 7);
const found = (q: string, limit = 10, of = book): string[] =>
  of.search(q, limit).map(({ party }) => party);

describe('customers', () => {
  it('are found by name, party id and account: whole, or by its last four digits and more', () => {
    expect(found('玉')).toEqual(['G']);
    expect(found('harbour TRADING')).toEqual(['P-2']);
    expect(found('p-2')).toEqual(['P-2']);
    expect(found('6222000022229876')).toEqual(['P-2']);
    // The ends of two accounts of two parties.
    expect(found('9876')).toEqual(['G', 'P-2']);
    expect(found('19876')).toEqual(['G']);
    expect(found('2345', 1)).toEqual(['G']);
    // Fewer digits, and pieces from the middle or the beginning, find nobody.
    for (const q of ['876', '6222', '0000', '1111', 'x', '', '\n', '\u00016222000011112345']) {
      expect(found(q), q).toEqual([]);
    }
  });

  it('know accounts, and lists that name a party or an account of it', () => {
    expect(book.get('G')).toMatchObject({ lists: [], accounts: [{}, {}] });
    expect(book.get('P-2')).toMatchObject({
      lists: ['fraud'],
      accounts: [{ account: '6222000022229876', opened: null }],
    });
    expect(book.get('nobody')).toBeUndefined();
  });

  it('finds what a plain look through all finds, whatever the names are made of', () => {
    const names = ['a\nb', 'ab', 'AB c', '甲乙', '=cmd()', '<b>', 'a'.repeat(300), '12', '9876'];
    const parties = names.map((name, i) => ({
      ...{ party: `p${i}`, name, kind: 'person' as const, tier: 'base' as const },
      ...{ riskClass: 0, watch: [], manager: '', branch: '' },
    }));
    const accounts = parties.map(({ party }, i) => ({ account: `62220000${1000 + i}`, party }));
    const many = new CustomerBook({ parties, accounts, lists: [] }, 0);
    for (const q of [...names, 'b', 'p1', '1003', '00001003', '甲', 'zz']) {
      const words = q.toLowerCase();
      const plain = parties
        .filter(({ party, name }, i) => {
          const texts = [name.toLowerCase(), party];
          const account = accounts[i]?.account ?? '';
          return (
            (!q.includes('\n') && texts.some((t) => t.replace('\n', ' ').includes(words))) ||
            (q.length >= 4 && account.endsWith(q)) ||
            account === q
          );
        })
        .map(({ party }) => party);
      expect(found(q, 100, many).sort(), q).toEqual(plain.sort());
    }
  });
});
