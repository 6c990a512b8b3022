/** Activity and money by bank day: two pictures of the same days, one below the other. */
import type { Signal } from '@preact/signals';
import type { CustomerDay } from '../../../../schemas/history.js';
import type { CustomerHistory } from '../../../../schemas/protocol.js';
import { DaysBars } from '../../chart/days-bars.js';
import { money, plain } from '../../format.js';
import { bank } from '../../state/session.js';
import { fill } from '../../text/index.js';
import type { Polled } from '../poll.js';
import { Panel } from './panel.js';
import { customerText } from './text.js';

const SPANS = [30, 90, 130] as const;

interface Props {
  history: Polled<CustomerHistory>;
  days: Signal<number>;
}

export function Flows({ history, days }: Props) {
  const c = customerText.value;
  const value = history.value;
  const from = value?.fromDay ?? '';
  const to = value?.toDay ?? '';
  return (
    <Panel
      id="flows"
      title={c.flows}
      polled={history}
      block={value?.days ?? null}
      holdKey={`${from} ${to}`}
      lines={9}
      actions={<Spans days={days} />}
      empty={(list) => (list.length === 0 ? fill(c.flowsEmpty, { from, to }) : null)}
    >
      {(list) => (
        <>
          <Sums days={list} />
          <h3>{c.activity}</h3>
          <DaysBars days={list} fromDay={from} toDay={to} measure="activity" />
          <h3>{c.money}</h3>
          <DaysBars days={list} fromDay={from} toDay={to} measure="amounts" />
        </>
      )}
    </Panel>
  );
}

function Spans({ days }: { days: Signal<number> }) {
  const c = customerText.value;
  return (
    <fieldset class="spans">
      <legend class="hidden-text">{c.span}</legend>
      {SPANS.map((n) => (
        <button
          type="button"
          key={n}
          class="button"
          aria-pressed={days.value === n}
          onClick={() => {
            days.value = n;
          }}
        >
          {fill(c.spanDays, { n })}
        </button>
      ))}
    </fieldset>
  );
}

function Sums({ days }: { days: readonly CustomerDay[] }) {
  const c = customerText.value;
  let [inMinor, outMinor, inCount, outCount, made] = [0, 0, 0, 0, 0];
  for (const day of days) {
    inMinor += day.inMinor;
    outMinor += day.outMinor;
    inCount += day.inCount;
    outCount += day.outCount;
    made += day.customerMade;
  }
  const count = (n: number): string => fill(c.counted, { n: plain(n) });
  const sums: [string, string, string][] = [
    [c.sumIn, money(inMinor, bank.value), count(inCount)],
    [c.sumOut, money(outMinor, bank.value), count(outCount)],
    [c.net, money(inMinor - outMinor, bank.value), ''],
    [c.made, count(made), ''],
  ];
  return (
    <dl class="sums">
      {sums.map(([name, value, aside]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value} <span class="muted">{aside}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
