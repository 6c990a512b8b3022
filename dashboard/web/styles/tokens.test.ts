import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');

function theme(selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf('}', start));
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((m) => [
      m[1] as string,
      m[2] as string,
    ]),
  );
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(hex: string): number {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const TEXT = [
  ['text', 4.5],
  ['text-2', 4.5],
  ['text-3', 4.5],
  ['accent', 4.5],
  ['critical', 4.5],
  ['high', 4.5],
  ['medium', 4.5],
  ['low', 4.5],
  ['info', 4.5],
  ['good', 4.5],
  ['line-strong', 3],
  ['bar-out', 3],
] as const;
const GROUNDS = ['ground', 'surface', 'surface-2', 'hover', 'selected'];

describe.each([':root', ':root[data-theme="dark"]'])('colours of %s', (selector) => {
  const colours = theme(selector);
  const colour = (name: string): string => {
    const found = colours.get(name);
    if (found === undefined) throw new Error(`tokens.css has no --${name} in ${selector}`);
    return found;
  };
  it.each(TEXT)('--%s stands out at least %d to 1 on every ground', (name, least) => {
    for (const ground of GROUNDS) {
      const text = `${name} on ${ground}`;
      expect(contrast(colour(name), colour(ground)), text).toBeGreaterThanOrEqual(least);
    }
  });
  it('text on the accent and on a flash can be read', () => {
    expect(contrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('on-accent'), colour('accent-strong'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('text'), colour('flash'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('accent'), colour('flash'))).toBeGreaterThanOrEqual(4.5);
  });
});
