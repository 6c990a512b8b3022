/**
 * Tables of transaction.fbs -> structural verifier, slots of the zero-copy reader, enum names and
 * vtable places for the encoder. The code it writes is straight-line: one block per field.
 */
import { type EnumType, parseFbs, SCALAR_WIDTH, type TableField, type TableType } from './fbs.js';
import { constantCase } from './structs.js';

/** Slots of the largest message, half of those that runtime.ts has. */
const SLOTS_MAX = 48;

/** Source text of `schemas/generated/transaction.ts`. */
export function generateTables(fbs: string): string {
  const schema = parseFbs(fbs, 'schemas/transaction.fbs');
  const sizes = new Map<string, number>();
  for (const table of schema.tables) {
    const size = slotCount(table, sizes);
    if (size > SLOTS_MAX)
      throw new Error(`${table.name}: ${size} slots; raise slots in runtime.ts`);
    sizes.set(table.name, size);
    // The slots of an element stand below those of its vector's table: room for one vector only.
    const vectors = table.fields.filter((field) => field.kind === 'tables').length;
    if (vectors > 0 && table.fields.length > 1) {
      throw new Error(`${table.name}: a table with a vector of tables has no other field`);
    }
  }
  const out = [
    '// Generated from schemas/transaction.fbs by schemas/codegen/generate.ts. Do not edit.',
    'import {',
    '  followOffset, isExactInt64, readI32, readU16, readU32, slots, VECTOR_ELEMENTS_MAX,',
    '  verifyString,',
    "} from '../codegen/runtime.js';",
    '',
  ];
  for (const type of schema.enums) out.push(...enumNames(type));
  for (const table of schema.tables) out.push('', ...tableConstants(table, sizes));
  for (const table of schema.tables) out.push('', ...tableVerifier(table, sizes));
  const nested = new Set(
    schema.tables.flatMap((t) => t.fields.flatMap((f) => (f.kind === 'table' ? [f.type] : []))),
  );
  for (const table of schema.tables) {
    if (!nested.has(table.name)) out.push('', ...rootVerifier(table));
  }
  for (const table of schema.tables) {
    for (const field of table.fields) {
      if (field.kind === 'tables') out.push('', ...itemVerifier(table, field.name, field.type));
    }
  }
  return `${out.join('\n')}\n`;
}

function enumNames(type: EnumType): string[] {
  const names = type.values.map((value) => `'${value.replaceAll('_', '-')}'`);
  return [
    `/** Names of ${type.name} by value, in the dashed form of JSON and rules. */`,
    `export const ${constantCase(type.name)}_NAMES = [${names.join(', ')}] as const;`,
  ];
}

function fieldSlots(field: TableField, sizes: Map<string, number>): number {
  if (field.kind === 'string' || field.kind === 'tables') return 2;
  return field.kind === 'table' ? 1 + (sizes.get(field.type) as number) : 1;
}

function slotCount(table: TableType, sizes: Map<string, number>): number {
  return table.fields.reduce((sum, field) => sum + fieldSlots(field, sizes), 0);
}

function tableConstants(table: TableType, sizes: Map<string, number>): string[] {
  const prefix = constantCase(table.name);
  const out = [`// ${table.name}: slots, and places in the vtable for the encoder.`];
  let slot = 0;
  table.fields.forEach((field, index) => {
    const name = `${prefix}_${constantCase(field.name)}`;
    out.push(`export const ${name} = ${slot}; // ${describe(field)}`);
    out.push(`export const ${name}_FIELD = ${index};`);
    slot += fieldSlots(field, sizes);
  });
  out.push(`export const ${prefix}_SLOTS = ${slot};`);
  out.push(`export const ${prefix}_FIELDS = ${table.fields.length};`);
  return out;
}

function describe(field: TableField): string {
  if (field.kind === 'scalar') return field.optional ? `${field.type} or absent` : field.type;
  if (field.kind === 'enum') return field.type.name;
  const name = field.kind === 'string' ? 'string' : field.type;
  return `${field.kind === 'tables' ? `[${name}]` : name}${field.required ? ', required' : ''}`;
}

const LOST_OFFSET = 'offset leads outside the message or is not aligned';

const VERIFIER_PARAMETERS = [
  '  b: Uint8Array,',
  '  start: number,',
  '  end: number,',
  '  t: number,',
  '  base: number,',
];

function tableVerifier(table: TableType, sizes: Map<string, number>): string[] {
  const out = [
    `function verify${table.name}At(`,
    ...VERIFIER_PARAMETERS,
    '): string | null {',
    '  const vt = t - readI32(b, t);',
    '  if (vt < start || ((vt - start) & 1) !== 0 || vt + 4 > end) {',
    `    return '${table.name}: vtable outside';`,
    '  }',
    '  const vtSize = readU16(b, vt);',
    '  const size = readU16(b, vt + 2);',
    '  if (vtSize < 4 || (vtSize & 1) !== 0 || vt + vtSize > end) {',
    `    return '${table.name}: vtable size';`,
    '  }',
    `  if (size < 4 || t + size > end) return '${table.name}: table size';`,
    '  let at = 0;',
  ];
  if (table.fields.some((f) => f.kind === 'string' || f.kind === 'table' || f.kind === 'tables')) {
    out.push('  let what: string | null = null;');
  }
  let slot = 0;
  table.fields.forEach((field, index) => {
    out.push(...fieldVerifier(table, field, index, slot, sizes));
    slot += fieldSlots(field, sizes);
  });
  out.push('  return null;', '}');
  return out;
}

function fieldVerifier(
  table: TableType,
  field: TableField,
  index: number,
  slot: number,
  sizes: Map<string, number>,
): string[] {
  const name = `${table.name}.${field.name}`;
  const place = 4 + index * 2;
  const slotAt = slot === 0 ? 'base' : `base + ${slot}`;
  const width = field.kind === 'scalar' ? SCALAR_WIDTH[field.type] : field.kind === 'enum' ? 1 : 4;
  const align = width === 1 ? '' : ` || ((t + at - start) & ${width - 1}) !== 0`;
  const required = 'required' in field && field.required;
  // A string that is absent has an empty range: start and end 0.
  const alsoEnd = field.kind === 'string' ? `slots[${slotAt} + 1] = ` : '';
  return [
    `  at = vtSize > ${place} ? readU16(b, vt + ${place}) : 0;`,
    ...(required ? [`  if (at === 0) return '${name}: required, absent';`] : []),
    ...(required ? ['  {'] : [`  if (at === 0) ${alsoEnd}slots[${slotAt}] = 0;`, '  else {']),
    `    if (at < 4 || at + ${width} > size${align}) {`,
    `      return '${name}: outside its table or not aligned';`,
    '    }',
    ...contentVerifier(field, name, slotAt, slot, sizes).map((line) => `    ${line}`),
    '  }',
  ];
}

function contentVerifier(
  field: TableField,
  name: string,
  slotAt: string,
  slot: number,
  sizes: Map<string, number>,
): string[] {
  const failed = `if (what !== null) return \`${name}: \${what}\`;`;
  switch (field.kind) {
    case 'scalar':
      return [
        ...(field.type === 'int64'
          ? [`if (!isExactInt64(b, t + at)) return '${name}: beyond 2^53';`]
          : []),
        `slots[${slotAt}] = t + at;`,
      ];
    case 'enum':
      return [
        `if (b[t + at] > ${field.type.values.length - 1}) return '${name}: unknown enum value';`,
        `slots[${slotAt}] = t + at;`,
      ];
    case 'string':
      return [`what = verifyString(b, start, end, t + at, ${slotAt});`, failed];
    case 'table':
      return [
        'at = followOffset(b, start, end, t + at);',
        `if (at < 0) return '${name}: ${LOST_OFFSET}';`,
        `slots[${slotAt}] = at;`,
        `what = verify${field.type}At(b, start, end, at, base + ${slot + 1});`,
        failed,
      ];
    case 'tables':
      return [
        'at = followOffset(b, start, end, t + at);',
        `if (at < 0) return '${name}: ${LOST_OFFSET}';`,
        'const count = readU32(b, at);',
        `if (count > VECTOR_ELEMENTS_MAX) return '${name}: too many elements';`,
        `if (at + 4 + count * 4 > end) return '${name}: elements lie outside the message';`,
        `slots[${slotAt}] = at + 4;`,
        `slots[${slotAt} + 1] = count;`,
        'for (let i = 0; i < count; i++) {',
        '  const item = followOffset(b, start, end, at + 4 + i * 4);',
        `  if (item < 0) return \`${name}[\${i}]: ${LOST_OFFSET}\`;`,
        `  what = verify${field.type}At(b, start, end, item, base - ${sizes.get(field.type)});`,
        `  if (what !== null) return \`${name}[\${i}]: \${what}\`;`,
        '}',
      ];
  }
}

/** A table with a vector of tables keeps its own slots behind those of one element. */
function rootBase(table: TableType): string {
  const vector = table.fields.find((f) => f.kind === 'tables');
  return vector === undefined ? '0' : `${constantCase((vector as { type: string }).type)}_SLOTS`;
}

function rootVerifier(table: TableType): string[] {
  return [
    '/**',
    ` * Checks that bytes[start, end) are a whole ${table.name} and notes its fields in \`slots\`.`,
    ' * Returns null, or what is wrong ("Table.field: what"). Never throws, never reads outside.',
    ' */',
    `export function verify${table.name}(`,
    '  b: Uint8Array,',
    '  start = 0,',
    '  end = b.length,',
    '): string | null {',
    '  if (!(start >= 0 && end <= b.length && end - start >= 8)) {',
    `    return '${table.name}: too short';`,
    '  }',
    '  const t = followOffset(b, start, end, start);',
    `  if (t < 0) return '${table.name}: root lies outside the message or is not aligned';`,
    `  return verify${table.name}At(b, start, end, t, ${rootBase(table)});`,
    '}',
  ];
}

function itemVerifier(table: TableType, field: string, type: string): string[] {
  const slot = `${constantCase(type)}_SLOTS + ${constantCase(table.name)}_${constantCase(field)}`;
  return [
    `/** Elements of the ${table.name} verified last. */`,
    `export function count${table.name}(): number {`,
    `  return slots[${slot} + 1];`,
    '}',
    '',
    `/** Notes the fields of element \`index\` of the ${table.name} verified last in \`slots\`. */`,
    `export function open${table.name}Item(`,
    '  b: Uint8Array,',
    '  start: number,',
    '  end: number,',
    '  index: number,',
    '): string | null {',
    `  const at = slots[${slot}] + index * 4;`,
    `  return verify${type}At(b, start, end, at + readU32(b, at), 0);`,
    '}',
  ];
}
