import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOf, type Route, readRoute } from './router.js';

describe('addresses of pages', () => {
  it('read back as they were written, whatever the id of a customer', () => {
    const subject = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(subject, (id) => {
        const route: Route = { page: 'customer', subject: id };
        expect(readRoute(pathOf(route))).toEqual(route);
      }),
    );
    for (const page of ['live', 'customers', 'system'] as const) {
      expect(readRoute(pathOf({ page }))).toEqual({ page });
    }
  });

  it('may end with a stroke', () => {
    expect(readRoute('/customers/')).toEqual({ page: 'customers' });
    expect(readRoute('/customers/P1/')).toEqual({ page: 'customer', subject: 'P1' });
  });

  it('that name no page are unknown, not the queue', () => {
    const odd = [
      '/x',
      '/system/x',
      '/customers/a/b',
      '/customers/%E0%A4%A',
      '//customers',
      `/customers/${'P'.repeat(501)}`,
    ];
    for (const path of odd) expect(readRoute(path), path).toEqual({ page: 'unknown' });
  });
});
