/**
 * The program from outside, as those see it who use it: a bank's system that posts transactions
 * with the ingest key, and an officer who signs in by the one-time link and reads the queue.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DemoCommand } from '../../schemas/demo.js';
import type { TransactionJson } from '../../schemas/json-transaction.js';
import type { AlertCommand, AlertDetail, AlertList, AlertRow } from '../../schemas/protocol.js';
import type { Ports, Program } from './program.js';

/** As the ingest port answers for one transaction. */
export interface Posted {
  id: string | null;
  ack: string;
  position?: number;
  reason?: string;
  detail?: string;
  decision: { state: string; recommendation: string; rules: string[] };
}

/** The key of a folder in which Weir has started once. */
export function ingestKey(dir: string): string {
  const text = readFileSync(join(dir, 'secrets.json'), 'utf8');
  return (JSON.parse(text) as { ingestKey: string }).ingestKey;
}

export class Sender {
  constructor(
    private readonly dir: string,
    private readonly port: number,
  ) {}

  private async request(path: string, type: string, body: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ingestKey(this.dir)}`, 'content-type': type },
      body,
    });
    const text = await response.text();
    if (!response.ok && response.status !== 422) throw new Error(`${response.status}: ${text}`);
    return JSON.parse(text);
  }

  /** One transaction; answers after it was scored. */
  async post(transaction: TransactionJson): Promise<Posted> {
    const path = '/v1/transactions?decision=wait';
    return (await this.request(path, 'application/json', JSON.stringify(transaction))) as Posted;
  }

  /** A batch; throws unless all were accepted. */
  async postAll(transactions: readonly TransactionJson[], history?: string): Promise<void> {
    const path = `/v1/transactions${history === undefined ? '' : `?history=${history}`}`;
    const lines = transactions.map((t) => JSON.stringify(t)).join('\n');
    const replies = (await this.request(path, 'application/x-ndjson', lines)) as Posted[];
    const refused = replies.find((reply) => reply.ack !== 'accepted');
    if (refused !== undefined) throw new Error(`not accepted: ${JSON.stringify(refused)}`);
  }

  async endHistory(name: string): Promise<void> {
    await this.request(`/v1/sources/${name}/end`, 'application/json', '');
  }
}

/** The link that a starting program shows. */
export function signInLink(program: Program): string {
  const link = /http:\/\/\S+\/#token=\S+/.exec(program.out())?.[0];
  if (link === undefined) throw new Error('the program has shown no sign-in link');
  return link;
}

export class Officer {
  private constructor(
    private readonly base: string,
    private readonly cookie: string,
  ) {}

  static async signIn(program: Program, ports: Ports): Promise<Officer> {
    const base = `http://127.0.0.1:${ports.dashboard}`;
    const response = await fetch(`${base}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: base },
      body: JSON.stringify({ token: signInLink(program).split('#token=')[1] }),
    });
    if (response.status !== 200) throw new Error(`sign-in: ${response.status}`);
    const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
    return new Officer(base, cookie);
  }

  private async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.base}${path}`, { headers: { cookie: this.cookie } });
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status}`);
    return response.json();
  }

  /** The queue, most urgent first. */
  async alerts(query = ''): Promise<AlertRow[]> {
    return ((await this.get(`/api/alerts${query}`)) as AlertList).rows;
  }

  async alertsOf(subject: string): Promise<AlertRow[]> {
    return (await this.alerts()).filter((row) => row.subject === subject);
  }

  async detail(id: string): Promise<AlertDetail> {
    return (await this.get(`/api/alerts/${id}`)) as AlertDetail;
  }

  command(id: string, command: AlertCommand): Promise<number> {
    return this.post(`/api/alerts/${id}/commands`, command);
  }

  /** To the demonstration bank. */
  demo(command: DemoCommand): Promise<number> {
    return this.post('/api/demo/commands', command);
  }

  private async post(path: string, body: object): Promise<number> {
    const response = await fetch(`${this.base}${path}`, {
      method: 'POST',
      headers: { cookie: this.cookie, origin: this.base, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.status;
  }
}
