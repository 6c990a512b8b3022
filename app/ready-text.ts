/** What the terminal shows once everything is ready: where to look, how to send, how to stop. */
import { relative } from 'node:path';
import type { Configuration } from '../schemas/configuration.js';
import { demoCurl } from './demo/curl.js';

export interface ReadyFacts {
  dir: string;
  configuration: Configuration;
  /** The demonstration bank is played: then there is an alert to raise by hand. */
  bank: boolean;
  dashboardUrl: string | undefined;
  signInLink: string | undefined;
  ingestUrl: string | undefined;
  ingestKey: string;
  /** Where each role answers for its health; a role that did not say is left out. */
  operationsUrls: Record<string, string | undefined>;
}

export function readyText(facts: ReadyFacts): string {
  const c = facts.configuration;
  const dashboard = facts.dashboardUrl ?? `http://${c.dashboardHost}:${c.dashboardPort}`;
  const ingestUrl = facts.ingestUrl ?? `http://${c.ingestHost}:${c.ingestPort}`;
  const { signInLink, ingestKey } = facts;
  const open =
    signInLink === undefined
      ? `${dashboard}   (new sign-in link: weir sign-in-link)`
      : `${signInLink}   (signs you in, works once)`;
  const lines = [['Open', open]];
  if (facts.bank) lines.push(['Alert', demoCurl({ ingestUrl, ingestKey })]);
  else lines.push(['Send', sendLine(ingestUrl, ingestKey, c.baseCurrency)]);
  const health = Object.entries(facts.operationsUrls).flatMap(([role, url]) =>
    url === undefined ? [] : [`${url}/readyz (${role})`],
  );
  if (health.length > 0) lines.push(['Health', health.join('\n')]);
  lines.push(['Data', shortPath(facts.dir)]);
  const again = facts.bank ? '; begin afresh with --reset' : '';
  lines.push(['Stop', `Ctrl-C; the next start with the same --dir goes on from here${again}`]);
  const shown = lines.map(([name, text]) => `  ${name?.padEnd(8)}${indent(text ?? '')}\n`);
  return `\nWeir is ready.\n\n${shown.join('')}\n`;
}

function sendLine(ingestUrl: string, ingestKey: string, currency: string): string {
  const example = {
    id: 'example-1',
    eventTime: 'NOW',
    debtor: { account: '6222020000000001' },
    creditor: { account: '6222020000000002' },
    amount: '120.00',
    currency,
  };
  const body = JSON.stringify(example).replace('"NOW"', `'"$(date +%s)000"'`);
  return [
    `curl -X POST ${ingestUrl}/v1/transactions`,
    `  -H 'Authorization: Bearer ${ingestKey}'`,
    `  -H 'Content-Type: application/json'`,
    `  -d '${body}'`,
  ].join(' \\\n');
}

function indent(text: string): string {
  return text.replaceAll('\n', `\n${' '.repeat(10)}`);
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : `./${short}`;
}
