/** `weir rules list|show|check|apply`: the catalogue as the engine would load it. */
import { type Command, Option } from 'commander';
import type { SentenceLanguage } from '../../schemas/sentence.js';
import { addRulesApplyCommands } from './rules-apply.js';

const help = `
Examples:
  weir rules list                        the shipped rules and typologies, one a line
  weir rules list --json                 the same for a script
  weir rules show activity-drop          one in full: features, gates, bands, score, references
  weir rules show activity-drop --lang zh
  weir rules check my-rules.yaml         every mistake, with its line and how to mend it`;

const checkHelp = `
Reads the files as the engine would, and runs every example of every rule. Ends with 1 when there is
a problem. Name all files that belong together: a typology needs the rules that it weighs.

Examples:
  weir rules check                       the shipped rules
  weir rules check rules/ more.yaml      your own
  weir rules check rules/ --json | jq .problems`;

export interface RulesFlags {
  catalogue?: string;
  json?: boolean;
  lang?: SentenceLanguage;
}

export function addRulesCommand(program: Command): void {
  const rules = program
    .command('rules')
    .description('look at the rules, check your own')
    .addHelpText('after', help);
  const catalogueFlag = ['--catalogue <path>', 'a file or folder instead of the shipped'] as const;
  const langFlag = () => new Option('--lang <language>', 'of names').choices(['zh', 'en']);
  rules
    .command('list')
    .description('one line a rule')
    .option(...catalogueFlag)
    .addOption(langFlag())
    .option('--json', 'one JSON object a line')
    .addHelpText('after', help)
    .action(async (flags: RulesFlags) => {
      const { listRules } = await import('../rules-text.js');
      process.stdout.write(listRules(flags));
    });
  rules
    .command('show')
    .description('one rule or typology in full')
    .argument('<rule>', 'its id')
    .option(...catalogueFlag)
    .addOption(langFlag().default('en'))
    .option('--json', 'as JSON')
    .addHelpText('after', help)
    .action(async (id: string, flags: RulesFlags) => {
      const { showRule } = await import('../rules-text.js');
      process.stdout.write(showRule(id, flags));
    });
  rules
    .command('check')
    .description('tell what is wrong in rule files, and run their examples')
    .argument('[paths...]', 'files or folders; none = the shipped rules')
    .option('--json', 'as one JSON object')
    .addHelpText('after', checkHelp)
    .action(async (paths: string[], flags: { json?: boolean }) => {
      const { checkRules } = await import('../rules-check.js');
      const isColoured = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
      const { text, exitCode } = checkRules(paths, flags, isColoured);
      process.stdout.write(text);
      process.exitCode = exitCode;
    });
  addRulesApplyCommands(rules);
}
