/**
 * Parser of the part of the FlatBuffers schema language that our contracts use: enums, structs,
 * tables with scalars (default 0 or null), strings, nested tables and vectors of tables. Anything
 * else is refused with its line, so that a schema never means more than the generated code checks.
 */

export type ScalarName = 'ubyte' | 'ushort' | 'uint' | 'int' | 'int64' | 'double';
export const SCALAR_WIDTH: Record<ScalarName, number> = {
  ubyte: 1,
  ushort: 2,
  uint: 4,
  int: 4,
  int64: 8,
  double: 8,
};

export interface EnumType {
  name: string;
  values: string[];
}

export interface StructType {
  name: string;
  fields: { name: string; type: ScalarName }[];
}

export type FieldKind =
  | { kind: 'scalar'; type: ScalarName; optional: boolean }
  | { kind: 'enum'; type: EnumType }
  | { kind: 'string'; required: boolean }
  | { kind: 'table'; type: string; required: boolean }
  | { kind: 'tables'; type: string; required: boolean };

export type TableField = { name: string } & FieldKind;

export interface TableType {
  name: string;
  fields: TableField[];
}

export interface Schema {
  enums: EnumType[];
  structs: StructType[];
  tables: TableType[];
  root: string;
}

interface Token {
  text: string;
  line: number;
}

/** Parses `text`; errors read `file:line: what`. */
export function parseFbs(text: string, file: string): Schema {
  return new Parser(tokens(text, file), file).parse();
}

function tokens(text: string, file: string): Token[] {
  const out: Token[] = [];
  text.split('\n').forEach((source, index) => {
    const bare = source.replace(/\/\/.*$/, '');
    for (const [word] of bare.matchAll(/\w+|[^\s\w]/g)) {
      if (!/^(\w+|[{}()[\]:;,=])$/.test(word)) {
        throw new Error(`${file}:${index + 1}: unexpected ${word}`);
      }
      out.push({ text: word, line: index + 1 });
    }
  });
  return out;
}

class Parser {
  private at = 0;
  private readonly schema: Schema = { enums: [], structs: [], tables: [], root: '' };

  constructor(
    private readonly list: Token[],
    private readonly file: string,
  ) {}

  parse(): Schema {
    while (this.at < this.list.length) this.declaration();
    this.checkReferences();
    return this.schema;
  }

  private declaration(): void {
    const word = this.next();
    if (word === 'namespace') {
      this.next();
      this.expect(';');
    } else if (word === 'root_type') {
      this.schema.root = this.next();
      this.expect(';');
    } else if (word === 'enum') this.schema.enums.push(this.enumType());
    else if (word === 'struct') this.schema.structs.push(this.structType());
    else if (word === 'table') this.schema.tables.push(this.tableType());
    else this.fail(`expected a declaration, found ${word}`);
  }

  private enumType(): EnumType {
    const name = this.next();
    this.expect(':');
    if (this.next() !== 'ubyte') this.fail(`enum ${name}: only ubyte is supported`);
    this.expect('{');
    const values: string[] = [];
    while (!this.accept('}')) {
      values.push(this.next());
      if (!this.accept(',')) {
        this.expect('}');
        break;
      }
    }
    return { name, values };
  }

  private structType(): StructType {
    const name = this.next();
    const fields: StructType['fields'] = [];
    this.expect('{');
    while (!this.accept('}')) {
      const field = this.next();
      this.expect(':');
      const type = this.next();
      if (!isScalar(type)) this.fail(`${name}.${field}: type ${type} is not supported`);
      else fields.push({ name: field, type });
      this.expect(';');
    }
    return { name, fields };
  }

  private tableType(): TableType {
    const name = this.next();
    const fields: TableField[] = [];
    this.expect('{');
    while (!this.accept('}')) fields.push(this.tableField(name));
    return { name, fields };
  }

  private tableField(table: string): TableField {
    const name = this.next();
    const where = `${table}.${name}`;
    this.expect(':');
    const vector = this.accept('[');
    const type = this.next();
    if (vector) this.expect(']');
    const standard = this.accept('=') ? this.next() : undefined;
    const required = this.accept('(');
    if (required) {
      if (this.next() !== 'required') this.fail(`${where}: only (required) is supported`);
      this.expect(')');
    }
    this.expect(';');
    const enumType = this.schema.enums.find((e) => e.name === type);
    if (!vector && isScalar(type)) {
      if (required) this.fail(`${where}: a scalar cannot be required, give it the default null`);
      if (standard !== 'null' && standard !== '0') this.fail(`${where}: default must be 0 or null`);
      return { name, kind: 'scalar', type, optional: standard === 'null' };
    }
    if (!vector && enumType !== undefined) {
      if (standard !== enumType.values[0]) this.fail(`${where}: default must be the first value`);
      return { name, kind: 'enum', type: enumType };
    }
    if (standard !== undefined) this.fail(`${where}: ${type} has no default`);
    if (type === 'string' && !vector) return { name, kind: 'string', required };
    return { name, kind: vector ? 'tables' : 'table', type, required };
  }

  /** Tables may only name tables that stand above them: so no recursion, and depth is bounded. */
  private checkReferences(): void {
    const known = new Set<string>();
    for (const table of this.schema.tables) {
      for (const field of table.fields) {
        if ((field.kind === 'table' || field.kind === 'tables') && !known.has(field.type)) {
          throw new Error(
            `${this.file}: ${table.name}.${field.name}: ${field.type} must be a table above it`,
          );
        }
      }
      known.add(table.name);
    }
  }

  private next(): string {
    if (this.at >= this.list.length) this.fail('unexpected end of file');
    return this.list[this.at++].text;
  }

  private accept(text: string): boolean {
    if (this.list[this.at]?.text !== text) return false;
    this.at++;
    return true;
  }

  private expect(text: string): void {
    const found = this.next();
    if (found !== text) this.fail(`expected ${text}, found ${found}`);
  }

  private fail(what: string): never {
    const token = this.list[Math.min(this.at, this.list.length) - 1];
    throw new Error(`${this.file}:${token?.line ?? 1}: ${what}`);
  }
}

function isScalar(type: string): type is ScalarName {
  return Object.hasOwn(SCALAR_WIDTH, type);
}
