import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AMOUNT_MINOR_MAX,
  currencyExponent,
  formatAmount,
  packCountry,
  packCountryBytes,
  packCurrency,
  packCurrencyBytes,
  packedCurrencyExponent,
  parseAmount,
  unpackCountry,
  unpackCurrency,
} from './money.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('currencies', () => {
  it('knows the exponents of ISO 4217', () => {
    expect(currencyExponent('CNY')).toBe(2);
    expect(currencyExponent('JPY')).toBe(0);
    expect(currencyExponent('KWD')).toBe(3);
    expect(currencyExponent('CLF')).toBe(4);
    for (const bad of ['XXX', 'cny', 'RMB', '', 'CNYX', '__proto__', 'constructor']) {
      expect(currencyExponent(bad), bad).toBeUndefined();
      expect(packedCurrencyExponent(packCurrency(bad)), bad).toBeUndefined();
    }
    expect(packedCurrencyExponent(packCurrency('BHD'))).toBe(3);
  });

  it('packs codes and gives them back', () => {
    expect(packCurrency('CNY')).toBe(0x594e43);
    expect(unpackCurrency(packCurrency('CNY'))).toBe('CNY');
    expect(packCurrencyBytes(bytesOf('-USD-'), 1, 4)).toBe(packCurrency('USD'));
    expect(packCurrencyBytes(bytesOf('US'), 0, 2)).toBe(0);
    expect(packCountry('CN')).toBe(0x4e43);
    expect(packCountryBytes(bytesOf('CN'), 0, 2)).toBe(packCountry('CN'));
    expect(unpackCountry(packCountry('HK'))).toBe('HK');
    expect([packCountry('cn'), packCountry('CHN'), packCountry('')]).toEqual([0, 0, 0]);
    expect([unpackCountry(0), unpackCurrency(0)]).toEqual(['', '']);
  });
});

describe('amounts', () => {
  it('reads exact decimals', () => {
    expect(parseAmount('1234.56', 2)).toBe(123456);
    expect(parseAmount('0.29', 2)).toBe(29);
    expect(parseAmount('5', 2)).toBe(500);
    expect(parseAmount('5.1', 2)).toBe(510);
    expect(parseAmount('5.100', 2)).toBe(510);
    expect(parseAmount('7.00', 0)).toBe(7);
    expect(parseAmount('0', 2)).toBe(0);
    expect(parseAmount('87960930222.08', 2)).toBe(AMOUNT_MINOR_MAX);
  });

  it('refuses everything else', () => {
    const bad = ['', '.', '.5', '5.', '-1', '+1', '1e3', '1,000', ' 1', '1 ', '1.2.3'];
    for (const text of [
      ...bad,
      '0x1',
      '１',
      'NaN',
      'Infinity',
      '1.005',
      '87960930222.09',
      '9'.repeat(39),
    ]) {
      expect(parseAmount(text, 2), text).toBeNull();
    }
    expect(parseAmount('1.5', 0)).toBeNull();
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: AMOUNT_MINOR_MAX }), fc.nat(4), (minor, exponent) => {
        expect(parseAmount(formatAmount(minor, exponent), exponent)).toBe(minor);
      }),
    );
    expect(formatAmount(-5, 2)).toBe('-0.05');
    expect(formatAmount(5, 0)).toBe('5');
  });
});
