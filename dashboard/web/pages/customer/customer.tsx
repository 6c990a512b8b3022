/** One customer, whole: who it is, what it has, what it does, what was raised about it. */
import { signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { CustomerPage } from '../../../../schemas/protocol.js';
import '../../styles/pages.css';
import { zoneName } from '../../format.js';
import { failure } from '../../state/api.js';
import { bank } from '../../state/session.js';
import { fill, text, word } from '../../text/index.js';
import { pagesApi } from '../api.js';
import { Heading } from '../heading.js';
import { type Polled, usePolled } from '../poll.js';
import { route } from '../router.js';
import { Accounts, Alerts, Counterparties } from './blocks.js';
import { Flows } from './flows.js';
import { Skeleton } from './panel.js';
import { customerText } from './text.js';
import { Transactions } from './transactions.js';

const REFRESH_MS = 30_000;
/** The span is the reader's, so it stays from one customer to the next. */
const days = signal<number>(90);

export function Customer() {
  const here = route.value;
  // Leaving draws once more with the next page's address.
  const subject = useRef('');
  if (here.page === 'customer') subject.current = here.subject;
  return <CustomerOf subject={subject.current} key={subject.current} />;
}

function CustomerOf({ subject }: { subject: string }) {
  const c = customerText.value;
  const span = days.value;
  const page = usePolled(subject, REFRESH_MS, () => pagesApi.customer(subject));
  const history = usePolled(`${subject} ${span}`, REFRESH_MS, () =>
    pagesApi.history(subject, span),
  );
  if (page.refusal?.status === 404) {
    return (
      <div class="page">
        <BackLink />
        <Heading>{c.unknownTitle}</Heading>
        <p>{fill(c.unknownText, { id: subject })}</p>
      </div>
    );
  }
  return (
    <div class="page customer-page">
      <BackLink />
      <Head subject={subject} page={page} />
      <div class="customer-grid">
        <div class="customer-column">
          <Flows history={history} days={days} />
          <Counterparties history={history} days={span} />
        </div>
        <div class="customer-column customer-side">
          <Alerts page={page} />
          <Accounts page={page} history={history} />
        </div>
        <Transactions history={history} subject={subject} />
      </div>
    </div>
  );
}

function BackLink() {
  return (
    <a class="back-link" href="/customers">
      <span aria-hidden="true">←</span> {customerText.value.back}
    </a>
  );
}

function Head({ subject, page }: { subject: string; page: Polled<CustomerPage> }) {
  const t = text.value;
  const c = customerText.value;
  const { value, refusal } = page;
  return (
    <div class="customer-head">
      <Heading>{value?.name ?? subject}</Heading>
      {value === null && refusal === null ? <Skeleton lines={2} /> : null}
      {value === null && refusal !== null ? (
        <p class="notice bad">
          {fill(c.notRead, { reason: failure(refusal, t) })}{' '}
          <button type="button" class="button" onClick={page.again}>
            {t.common.retry}
          </button>
        </p>
      ) : null}
      {value === null ? null : <Profile subject={subject} block={value.profile} />}
      <p class="muted small">
        {fill(c.zone, { zone: bank.value.zone, name: zoneName(bank.value) })}
      </p>
    </div>
  );
}

function Profile({ subject, block }: { subject: string; block: CustomerPage['profile'] }) {
  const t = text.value;
  const c = customerText.value;
  const known = block.state === 'ok' ? block.value : null;
  const facts: [string, string][] = [[c.id, subject]];
  if (known !== null) {
    facts.push([c.manager, known.manager === '' ? c.noManager : known.manager]);
    facts.push([c.branch, known.branch]);
    facts.push([c.since, known.since ?? c.sinceUnknown]);
  }
  return (
    <>
      {known === null ? (
        <p class="muted">{c.whyReference}</p>
      ) : (
        <ul class="tags">
          <li>{word(c.kind, known.kind)}</li>
          <li>{word(t.domain.tier, known.tier)}</li>
          <li class={known.riskClass >= 4 ? 'tag-bad' : ''}>
            {word(c.risk, String(known.riskClass))}
          </li>
          {known.watch.map((name) => (
            <li class="tag-watch" key={name}>
              {word({ ...c.watch, ...t.domain.watch }, name)}
            </li>
          ))}
          {known.lists.map((name) => (
            <li class="tag-bad" key={name}>
              {word(c.list, name)}
            </li>
          ))}
        </ul>
      )}
      <dl class="head-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
