/** What the terminal shows once everything is ready: where to look, how to send, how to stop. */
import { relative } from 'node:path';
import type { Configuration } from '../schemas/configuration.js';

export interface ReadyFacts {
  dir: string;
  configuration: Configuration;
  dashboardUrl: string | undefined;
  signInLink: string | undefined;
  ingestUrl: string | undefined;
  ingestKey: string;
}

export function readyText(facts: ReadyFacts): string {
  const c = facts.configuration;
  const dashboard = facts.dashboardUrl ?? `http://${c.dashboardHost}:${c.dashboardPort}`;
  const ingest = facts.ingestUrl ?? `http://${c.ingestHost}:${c.ingestPort}`;
  const dir = shortPath(facts.dir);
  const example = {
    id: 'example-1',
    eventTime: 'NOW',
    debtor: { account: '6222020000000001' },
    creditor: { account: '6222020000000002' },
    amount: '120.00',
    currency: c.baseCurrency,
  };
  const body = JSON.stringify(example).replace('"NOW"', `'"$(date +%s)000"'`);
  const signIn = facts.signInLink ?? 'the accounts that exist (new link: weir sign-in-link)';
  return `
Weir is ready.

  Page      ${dashboard}
  Sign in   ${signIn}${facts.signInLink === undefined ? '' : '   (works once)'}
  Send      curl -X POST ${ingest}/v1/transactions \\
              -H 'Authorization: Bearer ${facts.ingestKey}' \\
              -H 'Content-Type: application/json' \\
              -d '${body}'
  Health    http://${c.operationsHost}:${c.engineOperationsPort}/readyz (engine)
            http://${c.operationsHost}:${c.dashboardOperationsPort}/readyz (dashboard)
  Data      ${dir}
  Stop      Ctrl-C here; the next start with the same --dir goes on where this one stopped

`;
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : `./${short}`;
}
