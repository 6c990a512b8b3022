/** Fixed layouts of records.fbs -> offset constants. FlatBuffers' own rules: natural alignment. */
import { parseFbs, SCALAR_WIDTH } from './fbs.js';

/** Source text of `schemas/generated/records.ts` for every `struct` in `fbs`. */
export function generateStructOffsets(fbs: string): string {
  const out = [
    '// Generated from schemas/records.fbs by schemas/codegen/generate.ts. Do not edit.',
  ];
  for (const { name, fields } of parseFbs(fbs, 'schemas/records.fbs').structs) {
    const prefix = constantCase(name);
    let offset = 0;
    let alignment = 1;
    out.push('');
    for (const field of fields) {
      const width = SCALAR_WIDTH[field.type];
      offset = Math.ceil(offset / width) * width;
      alignment = Math.max(alignment, width);
      out.push(`export const ${prefix}_${constantCase(field.name)} = ${offset}; // ${field.type}`);
      offset += width;
    }
    const bytes = Math.ceil(offset / Math.max(alignment, 8)) * Math.max(alignment, 8);
    out.push(`export const ${prefix}_BYTES = ${bytes};`);
  }
  return `${out.join('\n')}\n`;
}

/** `RecordHeader` and `origin_offset` -> `RECORD_HEADER`, `ORIGIN_OFFSET`. */
export function constantCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}
