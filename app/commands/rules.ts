/** `weir rules list|show`: the catalogue as the engine would load it. */
import type { Command } from 'commander';
import { addRulesApplyCommands } from './rules-apply.js';

const help = `
Examples:
  weir rules list                        the shipped rules, one a line
  weir rules list --json                 the same for a script
  weir rules show activity-drop          one rule with gates, bands and references
  weir rules list --catalogue rules.yaml checks and lists your own`;

export interface RulesFlags {
  catalogue?: string;
  json?: boolean;
}

export function addRulesCommand(program: Command): void {
  const rules = program
    .command('rules')
    .description('look at the rules')
    .addHelpText('after', help);
  const catalogueFlag = ['--catalogue <path>', 'a file or folder instead of the shipped'] as const;
  rules
    .command('list')
    .description('one line a rule')
    .option(...catalogueFlag)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', help)
    .action(async (flags: RulesFlags) => {
      const { listRules } = await import('../rules-text.js');
      process.stdout.write(listRules(flags));
    });
  rules
    .command('show')
    .description('one rule in full')
    .argument('<rule>', 'its id')
    .option(...catalogueFlag)
    .option('--json', 'as JSON')
    .addHelpText('after', help)
    .action(async (id: string, flags: RulesFlags) => {
      const { showRule } = await import('../rules-text.js');
      process.stdout.write(showRule(id, flags));
    });
  addRulesApplyCommands(rules);
}
