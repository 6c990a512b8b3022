/**
 * Run by the build, behind the compiler. Rules that the loader refuses stop no build: they are told
 * of when somebody starts, with their lines, as rules from elsewhere are.
 */
import { prepareCatalogue } from './catalogue-files.js';
import { isForOperators } from './exit-codes.js';

try {
  prepareCatalogue();
} catch (error) {
  if (!isForOperators(error)) throw error;
}
