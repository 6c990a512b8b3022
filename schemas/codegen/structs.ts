/** Fixed layouts of records.fbs -> offset constants. FlatBuffers' own rules: natural alignment. */
const WIDTH: Record<string, number> = { ubyte: 1, ushort: 2, uint: 4, int: 4, double: 8 };

/** Source text of `schemas/generated/records.ts` for every `struct` in `fbs`. */
export function generateStructOffsets(fbs: string): string {
  const out = ['// Generated from schemas/records.fbs by `npm run build`. Do not edit.'];
  const text = fbs.replace(/\/\/[^\n]*/g, '');
  for (const [, name, body] of text.matchAll(/struct\s+(\w+)\s*\{([^}]*)\}/g)) {
    const prefix = constantCase(name);
    let offset = 0;
    let alignment = 1;
    out.push('');
    for (const [, field, type] of body.matchAll(/(\w+)\s*:\s*(\w+)\s*;/g)) {
      const width = WIDTH[type];
      if (width === undefined) throw new Error(`records.fbs: ${name}.${field}: type ${type}`);
      offset = Math.ceil(offset / width) * width;
      alignment = Math.max(alignment, width);
      out.push(`export const ${prefix}_${constantCase(field)} = ${offset}; // ${type}`);
      offset += width;
    }
    const bytes = Math.ceil(offset / Math.max(alignment, 8)) * Math.max(alignment, 8);
    out.push(`export const ${prefix}_BYTES = ${bytes};`);
  }
  return `${out.join('\n')}\n`;
}

function constantCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}
