/**
 * The line that a newcomer copies to raise an alert: three remittances abroad within a day, of a
 * customer who is new each time (the second and a process id, which every shell has), so that
 * every run raises an alert of its own.
 */
export interface CurlAddress {
  ingestUrl: string;
  ingestKey: string;
}

export function demoCurl({ ingestUrl, ingestKey }: CurlAddress): string {
  const fields = [
    `"id":"curl-'$u-$n'"`,
    `"eventTime":'$t'000`,
    `"debtor":{"account":"6222'$u'"}`,
    `"creditor":{"account":"US-'$u-$n'","bank":"us_bank","country":"US"}`,
    `"amount":"'$n'0000","currency":"CNY","type":"transfer","channel":"mobile"`,
  ];
  return [
    "t=$(date +%s); u=$t$(sh -c 'echo $$'); for n in 6 7 8; do",
    `  curl -X POST ${ingestUrl}/v1/transactions`,
    `  -H 'Authorization: Bearer ${ingestKey}' -H 'Content-Type: application/json'`,
    `  -d '{${fields.join(',')}}'; echo; done`,
  ].join(' \\\n');
}
