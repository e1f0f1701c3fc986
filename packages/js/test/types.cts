// Compiled, never run: what require() gives has types, too.
import winnow = require('winnow');
import rules = require('winnow/rules');

export async function classify(text: string): Promise<string[]> {
  const spam: winnow.Classifier = await winnow.Classifier.load('spam');
  const symbols = rules.RuleSet.parse(rules.builtInRules).evaluate({text}).symbols;
  return [(await spam.classify(text)).label, ...symbols.map(({name}) => name)];
}
