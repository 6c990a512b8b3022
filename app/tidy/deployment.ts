/**
 * Checks of the files that deploy Weir where no engine runs: Dockerfile and compose file by rules
 * of our own, as strict as we want them; what they say of Weir against its configuration.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { configurationSchema } from '../../schemas/configuration.js';

interface Instruction {
  word: string;
  rest: string;
}

function instructionsOf(text: string): Instruction[] {
  return text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, word = '', rest = ''] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
      return { word: word.toUpperCase(), rest };
    });
}

/** The stages of a Dockerfile, each from its FROM on. */
function stagesOf(text: string): Instruction[][] {
  const stages: Instruction[][] = [];
  for (const instruction of instructionsOf(text)) {
    if (instruction.word === 'FROM') stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

export function lintDockerfile(text: string): string[] {
  const stages = stagesOf(text);
  const last = stages.at(-1) ?? [];
  const find = (stage: Instruction[], word: string) => stage.filter((i) => i.word === word);
  const problems: string[] = [];
  if (stages.length < 2) problems.push('one stage: build tools stay in the image');
  for (const stage of stages) {
    const image = find(stage, 'FROM')[0]?.rest.split(' ')[0] ?? '';
    if (!isPinned(image)) problems.push(`${image}: not a pinned tag`);
    const install = stage.findIndex((i) => i.word === 'RUN' && /\bnpm (ci|install)\b/.test(i.rest));
    if (install < 0) continue;
    const run = stage[install]?.rest ?? '';
    if (!/\bnpm ci\b.*--ignore-scripts/.test(run)) problems.push(`${run}: npm ci --ignore-scripts`);
    const before = stage.slice(0, install).filter((i) => i.word === 'COPY');
    if (
      before.length === 0 ||
      before.some((i) => !/^package\.json package-lock\.json /.test(i.rest))
    )
      problems.push('copy package.json and its lock alone before npm ci: its layer is kept');
  }
  for (const { word, rest } of stages.flat()) {
    if (word === 'ADD') problems.push(`ADD ${rest}: use COPY`);
    if ((word === 'ENV' || word === 'ARG') && /PASSWORD|SECRET|TOKEN|KEY/i.test(rest)) {
      problems.push(`${word} ${rest}: a secret stays in the image`);
    }
  }
  for (const { rest } of find(last, 'COPY').filter((i) => /node_modules/.test(i.rest))) {
    const from = /--from=(\S+)/.exec(rest)?.[1];
    const source = stages.find((s) => new RegExp(` AS ${from}$`, 'i').test(s[0]?.rest ?? ''));
    if (!source?.some((i) => i.word === 'RUN' && /npm ci.*--omit=dev/.test(i.rest))) {
      problems.push('node_modules of the image must be installed with --omit=dev');
    }
  }
  const user = find(last, 'USER').at(-1)?.rest;
  if (user === undefined || /^(root|0)\b/.test(user)) problems.push('runs as root');
  if (!/readyz/.test(find(last, 'HEALTHCHECK')[0]?.rest ?? '')) {
    problems.push('no HEALTHCHECK that asks /readyz');
  }
  if (!/^\[/.test(find(last, 'ENTRYPOINT')[0]?.rest ?? '')) {
    problems.push('ENTRYPOINT must be a list, so that signals reach the program');
  }
  return problems;
}

/** A tag that names a version; our own builds too. */
function isPinned(image: string): boolean {
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag !== undefined && tag !== 'latest' && /\d/.test(tag);
}

const service = z.strictObject({
  image: z.string(),
  build: z.literal('.').optional(),
  init: z.boolean().optional(),
  restart: z.literal('unless-stopped'),
  profiles: z.array(z.string()).optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({ condition: z.enum(['service_healthy', 'service_started']) }),
    )
    .optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  user: z.string(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  mem_limit: z.string().regex(/^\d+[mg]$/),
  pids_limit: z.number().int(),
  ulimits: z.strictObject({ nofile: z.number().int() }).optional(),
  stop_grace_period: z.string().optional(),
  ports: z.array(z.string()),
  volumes: z.array(z.string()),
  healthcheck: z.strictObject({
    test: z.array(z.string()).min(2),
    interval: z.string(),
    timeout: z.string(),
    retries: z.number().int(),
    start_period: z.string().optional(),
  }),
});
const compose = z.strictObject({
  name: z.literal('weir'),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

export function lintCompose(text: string): string[] {
  const parsed = compose.safeParse(parse(text));
  if (!parsed.success) {
    return parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
  }
  const { services, volumes } = parsed.data;
  return Object.entries(services).flatMap(([name, s]) => {
    const problems: string[] = [];
    if (!isPinned(s.image)) problems.push(`${s.image}: not a pinned tag`);
    if (/^(root|0)(:|$)/.test(s.user)) problems.push('runs as root');
    for (const port of s.ports) {
      if (!/^127\.0\.0\.1:\d+:\d+$/.test(port)) problems.push(`port ${port} is not on loopback`);
    }
    for (const volume of s.volumes) {
      const source = volume.split(':')[0] ?? '';
      if (source.startsWith('./') && volume.endsWith(':ro')) continue;
      if (!(source in volumes)) problems.push(`volume ${volume} is not declared`);
    }
    for (const [key, value] of Object.entries(s.environment ?? {})) {
      if (!/PASSWORD|SECRET|TOKEN/.test(key) || value.startsWith('${')) continue;
      problems.push(`${key} is written out`);
    }
    for (const other of Object.keys(s.depends_on ?? {})) {
      if (!(other in services)) problems.push(`depends on ${other}, which is no service`);
    }
    if (name === 'weir') problems.push(...lintSettings(s.command ?? []));
    return problems.map((problem) => `${name}: ${problem}`);
  });
}

/** `--set name=value` against the configuration that Weir takes. */
function lintSettings(command: readonly string[]): string[] {
  const settings = command.flatMap((word, i) => (command[i - 1] === '--set' ? [word] : []));
  const values = Object.fromEntries(
    settings.map((text) => {
      const at = text.indexOf('=');
      return [text.slice(0, at), parse(text.slice(at + 1))];
    }),
  );
  const parsed = configurationSchema.safeParse(values);
  return parsed.success ? [] : parsed.error.issues.map((i) => `--set ${i.message}`);
}

const alarms = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string().regex(/^weir-[a-z-]+$/),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^[A-Z]\w+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.strictObject({ summary: z.string().min(10), action: z.string().min(10) }),
        }),
      ),
    }),
  ),
});

/** Shape, and parentheses, quotes and braces that close. */
export function lintAlarms(text: string): string[] {
  const parsed = alarms.safeParse(parse(text));
  if (!parsed.success) {
    return parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
  }
  const rules = parsed.data.groups.flatMap((g) => g.rules);
  const names = rules.map((r) => r.alert);
  return rules.flatMap(({ alert, expr }, i) => {
    const problems: string[] = [];
    if (names.indexOf(alert) !== i) problems.push(`${alert}: twice`);
    if (!closes(expr)) problems.push(`${alert}: brackets or quotes do not close: ${expr}`);
    const counter = /weir_\w+_(total|bucket|sum|count)\b(?!.*\[\d+[smh]\])/.exec(expr);
    if (counter !== null) problems.push(`${alert}: a counter needs rate or increase: ${expr}`);
    return problems;
  });
}

function closes(expr: string): boolean {
  const bare = expr.replace(/"[^"]*"/g, '');
  if (bare.includes('"')) return false;
  const open: string[] = [];
  const pairs: Record<string, string> = { ')': '(', '}': '{', ']': '[' };
  for (const c of bare) {
    if ('({['.includes(c)) open.push(c);
    else if (c in pairs && open.pop() !== pairs[c]) return false;
  }
  return open.length === 0;
}
