/**
 * Money: integer minor units by the exponents of ISO 4217, decimal text at the edges only, and
 * codes packed into integers. Its one trick: amounts never pass through a floating-point fraction.
 */

/** Largest amount of one transaction in minor units. */
export const AMOUNT_MINOR_MAX = 2 ** 43;
/** Largest balance: what a number holds exactly. */
export const BALANCE_MINOR_MAX = Number.MAX_SAFE_INTEGER;

// ISO 4217 active codes by exponent; whatever is not named here is unknown.
const CODES_BY_EXPONENT: [number, string][] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN ' +
      'BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP ' +
      'GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT ' +
      'LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN ' +
      'NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE ' +
      'SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES ' +
      'WST XCD XCG YER ZAR ZMW ZWG',
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

const exponents = new Map<string, number>();
const exponentsByPacked = new Map<number, number>();
for (const [exponent, codes] of CODES_BY_EXPONENT) {
  for (const code of codes.split(' ')) {
    exponents.set(code, exponent);
    exponentsByPacked.set(packCurrency(code), exponent);
  }
}

/** Digits behind the point, or undefined for a currency that ISO 4217 does not know. */
export function currencyExponent(code: string): number | undefined {
  return exponents.get(code);
}

/** The same for a packed code: admission asks once per transaction, without making a string. */
export function packedCurrencyExponent(packed: number): number | undefined {
  return exponentsByPacked.get(packed);
}

/**
 * Minor units of a decimal text such as "1234.56", or null: no sign, no exponent form, no more
 * digits behind the point than the currency has (zeros aside), at most `minorMax` minor units.
 */
export function parseAmount(
  text: string,
  exponent: number,
  minorMax = AMOUNT_MINOR_MAX,
): number | null {
  let minor = 0;
  let fractionDigits = -1;
  let wholeDigits = 0;
  if (text.length > 40) return null;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit === -2) {
      if (fractionDigits >= 0 || wholeDigits === 0) return null;
      fractionDigits = 0;
      continue;
    }
    if (digit < 0 || digit > 9) return null;
    if (fractionDigits < 0) wholeDigits++;
    else if (++fractionDigits > exponent) {
      if (digit !== 0) return null;
      continue;
    }
    minor = minor * 10 + digit;
    if (minor > minorMax) return null;
  }
  if (wholeDigits === 0 || fractionDigits === 0) return null;
  for (let i = Math.max(fractionDigits, 0); i < exponent; i++) minor *= 10;
  return minor <= minorMax ? minor : null;
}

/** Decimal text of minor units, with exactly the currency's digits behind the point. */
export function formatAmount(minor: number, exponent: number): string {
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0');
  const sign = minor < 0 ? '-' : '';
  if (exponent === 0) return sign + digits;
  const point = digits.length - exponent;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Three capital letters in 24 bits, first letter lowest; 0 for anything else. */
export function packCurrency(code: string): number {
  return code.length === 3
    ? packCurrencyCodes(code.charCodeAt(0), code.charCodeAt(1), code.charCodeAt(2))
    : 0;
}

/** The same from the bytes of a message. */
export function packCurrencyBytes(bytes: Uint8Array, start: number, end: number): number {
  return end - start === 3
    ? packCurrencyCodes(bytes[start], bytes[start + 1], bytes[start + 2])
    : 0;
}

function packCurrencyCodes(a: number, b: number, c: number): number {
  return isCapital(a) && isCapital(b) && isCapital(c) ? a | (b << 8) | (c << 16) : 0;
}

function isCapital(code: number): boolean {
  return code >= 65 && code <= 90;
}

export function unpackCurrency(packed: number): string {
  if (packed === 0) return '';
  return String.fromCharCode(packed & 255, (packed >>> 8) & 255, (packed >>> 16) & 255);
}

/** Two capital letters in 16 bits, first letter lowest; 0 = unknown or not a code. */
export function packCountry(code: string): number {
  if (code.length !== 2) return 0;
  const a = code.charCodeAt(0);
  const b = code.charCodeAt(1);
  return isCapital(a) && isCapital(b) ? a | (b << 8) : 0;
}

/** The same from the bytes of a message. */
export function packCountryBytes(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 2) return 0;
  const a = bytes[start];
  const b = bytes[start + 1];
  return isCapital(a) && isCapital(b) ? a | (b << 8) : 0;
}

export function unpackCountry(packed: number): string {
  return packed === 0 ? '' : String.fromCharCode(packed & 255, (packed >>> 8) & 255);
}
