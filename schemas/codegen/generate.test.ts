import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SUBJECT_KINDS } from '../classes.js';
import { PARTY_KIND_NAMES } from '../generated/transaction.js';
import { parseFbs } from './fbs.js';
import { generateFiles, schemasFolder } from './generate.js';

describe('generated code', () => {
  it('is what the schemas give today', () => {
    const schemas = schemasFolder();
    for (const [name, text] of generateFiles(schemas)) {
      const committed = readFileSync(join(schemas, 'generated', name), 'utf8');
      expect(committed, `${name}: run node dist/schemas/codegen/generate.js`).toBe(text);
    }
  });

  it('agrees with the kinds that profiles are packed with', () => {
    expect(PARTY_KIND_NAMES).toEqual(SUBJECT_KINDS);
  });
});

describe('the schema parser', () => {
  it('reads enums, structs, tables and where they nest', () => {
    const schema = parseFbs(
      `namespace n; // words
       enum E : ubyte { a, b, }
       struct S { x: ubyte; y: double; }
       table In { s: string; }
       table Out { e: E = a; n: int64 = null; z: ubyte = 0; i: In (required); v: [In]; }
       root_type Out;`,
      'x.fbs',
    );
    expect(schema.root).toBe('Out');
    expect(schema.enums).toEqual([{ name: 'E', values: ['a', 'b'] }]);
    expect(schema.structs[0].fields[1]).toEqual({ name: 'y', type: 'double' });
    expect(schema.tables[1].fields.map((field) => field.kind)).toEqual([
      'enum',
      'scalar',
      'scalar',
      'table',
      'tables',
    ]);
  });

  it.each([
    ['table T { x: int64; }', 'x.fbs:1: T.x: default must be 0 or null'],
    ['table T { x: int64 (required); }', 'x.fbs:1: T.x: a scalar cannot be required'],
    ['table T {\n x: float = 0; }', 'x.fbs:2: T.x: float has no default'],
    ['table T { x: U; }', 'x.fbs: T.x: U must be a table above it'],
    ['table T { x: T; }', 'x.fbs: T.x: T must be a table above it'],
    ['table T { x: string (deprecated); }', 'x.fbs:1: T.x: only (required) is supported'],
    ['enum E : int { a }', 'x.fbs:1: enum E: only ubyte is supported'],
    ['union U { a }', 'x.fbs:1: expected a declaration, found union'],
    ['struct S { x: string; }', 'x.fbs:1: S.x: type string is not supported'],
    ['table T { x: string', 'x.fbs:1: unexpected end of file'],
    ['table T { x! }', 'x.fbs:1: unexpected !'],
  ])('refuses %j', (text, message) => {
    expect(() => parseFbs(text, 'x.fbs')).toThrow(message);
  });
});
