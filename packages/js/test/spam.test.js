import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

import {Classifier, classifyTextBERT, initSpamModel, parseRules, releaseSpamModel, spamModelError} from 'winnow';
import {RuleSet, builtInRules, translateRe2} from 'winnow/rules';

import {documents, model, texts} from './models.js';

test('classifyTextBERT says what the program says', async () => {
  assert.equal(await initSpamModel(model('lr')), true);
  const expected = documents('lr.expected.jsonl');
  for (let i = 0; i < 100; ++i) {
    const found = await classifyTextBERT(texts[i]);
    assert.equal(found.isSpam, expected[i].label === 'spam');
    assert.ok(Math.abs(found.score - expected[i].score) < 1e-5);
    assert.ok(Math.abs(found.confidence - expected[i].confidence) < 1e-5);
    assert.deepEqual([found.modelVersion, found.source], ['1.0.0', 'classifier']);
  }
  for (const mode of ['severe', 'constructor']) await assert.rejects(classifyTextBERT('a', mode), {code: 'InvalidArgument'});
  // What is no text is a matter of the rules, and says nothing about the model.
  assert.equal((await classifyTextBERT(null)).source, 'fallback');
  assert.equal(spamModelError(), undefined);
});

test('of more than two labels, the score is the probability of spam', async () => {
  const languages = await Classifier.load(model('languages'));
  const labels = languages.labels.map((label, id) => id === 0 ? 'spam' : label);
  assert.equal(await initSpamModel({model: model('languages'), labels}), true);
  for (const text of texts.slice(0, 100)) {
    const {label, all} = await languages.classify(text);
    const score = all.find(one => one.label === languages.labels[0]).confidence;
    const isSpam = label === languages.labels[0];
    assert.deepEqual(await classifyTextBERT(text), {isSpam, confidence: isSpam ? score : 1 - score, score, modelVersion: '1.0.0', source: 'classifier'});
  }
  languages.release();
});

test('rules decide without a model', async () => {
  releaseSpamModel();
  assert.equal(await initSpamModel({model: model('nothing')}), false);
  assert.equal(spamModelError().code, 'NotFound');
  const spam = await classifyTextBERT("Congratulations! You've won a $1000 gift card. Click here to claim");
  assert.ok(spam.isSpam && spam.score > .9 && spam.confidence === spam.score);
  assert.deepEqual([spam.modelVersion, spam.source], [null, 'fallback']);
  const ham = await classifyTextBERT('See you at six');
  assert.ok(!ham.isSpam && ham.confidence === 1 - ham.score);
  await initSpamModel({model: model('nothing'), rules: '[[rule]]\nname = "SIX"\nscore = 9\npattern = "six"'});
  assert.ok((await classifyTextBERT('See you at six')).isSpam);
  assert.equal(await initSpamModel(model('lr')), true);
  assert.equal((await classifyTextBERT('See you at six')).source, 'classifier');
  releaseSpamModel();
});

test('the built-in rules hit what they hit in the program', () => {
  const rules = parseRules();
  assert.deepEqual(rules.warnings.filter(warning => !/^rule LINK_[A-Z_]+: a repetition within/.test(warning)), []);
  const messages = documents('messages.jsonl');
  const expected = documents('rules.jsonl');
  let hits = 0;
  expected.forEach((one, i) => {
    const found = rules.evaluate(messages[i]);
    assert.deepEqual(found.symbols.map(({name}) => name), one.symbols.map(({name}) => name), messages[i].text);
    assert.ok(Math.abs(found.score - one.score) < 1e-9, messages[i].text);
    hits += found.symbols.length;
  });
  assert.ok(hits > 100, `${hits} hits`);
});

const matches = (pattern, text) => translateRe2(pattern).pattern.test(text);

test('rules with fold say so where nothing undoes disguises', () => {
  assert.match(RuleSet.parse(builtInRules).warnings.join(), /PRIZE_WON: fold has no effect/);
});

test('rules with fold see white space as readers do', () => {
  const rules = RuleSet.parse(builtInRules, {fold: text => text});
  const names = message => rules.evaluate(message).symbols.map(({name}) => name);
  for (const text of ['You have won', 'You  have\u00A0won', 'You have\r\nwon']) assert.ok(names({text}).includes('PRIZE_WON'), text);
  for (const message of [{text: 'You have\n\nwon'}, {subject: 'You have', body: 'won'}]) assert.ok(!names(message).includes('PRIZE_WON'));
});

test('patterns of RE2 match in JavaScript what they match there', () => {
  for (const [pattern, yes, no] of [
    ['(?i)straße', ['STRAßE', 'straẞe'], ['strasse']],
    ['(?i)k', ['K', '\u212A'], ['x']],
    ['\\w', ['a'], ['\u017F', '\u212A']],
    ['^(?i)\\w$', ['a', '\u017F', '\u212A'], ['\u00E9']],
    ['^(?i)[[:alpha:]]$', ['a', '\u017F'], ['1', '\u00E9']],
    ['^(?i)[\\w-]$', ['-', '\u212A'], ['.']],
    ['^(?i)[\\W1]$', ['1', '\u00E9', '.', '^', '`'], ['a', '_', '\u017F', '\u212A']],
    ['^(?i)[^\\w]$', ['.'], ['\u017F', '\u212A']],
    ['^a.b$', ['a\rb', 'a\u2028b', 'a\u{1F389}b'], ['a\nb', 'a b\n']],
    ['^a[^x]b$', ['a\u{1F389}b'], ['axb']],
    ['^a\\Sb$', ['a\u{1F389}b'], ['a b']],
    ['^a[\\S]b$', ['a\u{1F389}b'], ['a b']],
    ['^(?s)a.b$', ['a\u{1F389}b', 'a\nb'], []],
    ['(?s)a.b', ['a\nb'], ['ab']],
    ['(?m)^b$', ['a\nb\nc', 'b'], ['a\rb\rc', 'a\u2028b']],
    ['a(?i)b|c', ['aB', 'C'], ['AB']],
    ['(?i:a)b', ['Ab'], ['AB']],
    ['\\bé', [' é'.replace(' ', 'a')], [' é', 'é']],
    ['[[:alpha:]]+\\z', ['abc'], ['1']],
    ['[^[:space:]x]', ['\u00A0'], [' ', 'x']],
    ['\\s', ['\t', '\f'], ['\u00A0', '\v']],
    ['\\p{Greek}\\pN', ['α1'], ['a1']],
    ['\\Qa.b\\E+', ['a.bb'], ['axb']],
    ['(?P<name>a){2}', ['aa'], ['a']],
    ['a{,2}', ['a{,2}'], ['aa']],
    ['[]a]', [']', 'a'], ['b']],
    ['[a-]', ['-', 'a'], ['b']],
    ['\\x{1F389}\\x41\\101', ['\u{1F389}AA'], ['AAA']],
    ['[\\S]', ['a', '\u00A0', '\v'], [' ', '\n']],
    ['x*?$', ['', 'y'], []],
    ['/', ['/'], ['\\']],
  ]) {
    for (const text of yes) assert.ok(matches(pattern, text), `${pattern} matches ${JSON.stringify(text)}: ${translateRe2(pattern).pattern}`);
    for (const text of no) assert.ok(!matches(pattern, text), `${pattern} does not match ${JSON.stringify(text)}: ${translateRe2(pattern).pattern}`);
  }
  for (const pattern of ['(?U)a', '(?=a)', '(a)\\1', 'a**', '\\C', '(', ')', '[b-a]', '*', '\\p{Nothing}', '[[:nothing:]]', '(?i)[\\x{100}-\\x{FFFF}]']) {
    assert.throws(() => translateRe2(pattern), {name: 'WinnowError', code: 'Unsupported'}, pattern);
  }
  assert.match(translateRe2('(a+)+b').warning, /repetition/);
  assert.equal(translateRe2('(a+b?)c').warning, '');
});

test('winnow rules check --target js names what is refused here', {skip: !process.env.WINNOW_PROGRAM}, () => {
  const directory = mkdtempSync(join(tmpdir(), 'winnow-js-'));
  const file = join(directory, 'rules.toml');
  const check = pattern => {
    writeFileSync(file, `[[rule]]\nname = "A"\nscore = 1\npattern = '${pattern}'\n`);
    return spawnSync(process.env.WINNOW_PROGRAM, ['rules', 'check', file, '--target', 'js'], {encoding: 'utf8'});
  };
  for (const pattern of ['(?U)a', 'a\\Cb', '[[:^alpha:]]', '(?i)\\p{Lu}', '(?i)[\\x{100}-\\x{FFFF}]']) {
    const {status, stderr} = check(pattern);
    assert.ok(status === 1 && /rule A: .* has no exact form in JavaScript/.test(stderr), `${pattern}: ${stderr}`);
    assert.throws(() => RuleSet.parse(readFileSync(file, 'utf8')), {code: 'Unsupported'}, pattern);
  }
  for (const pattern of ['(?i)[a-z]+', '(?i:a)[\\x{100}-\\x{FFFF}]', '(?m)^a$', '\\pN\\p{Lu}']) {
    assert.equal(check(pattern).status, 0, pattern);
    assert.equal(RuleSet.parse(readFileSync(file, 'utf8')).size, 1);
  }
  rmSync(directory, {recursive: true});
});

test('wrong files of rules are refused with the place', () => {
  const rule = '[[rule]]\nname = "A"\n';
  for (const [text, expected] of [
    [`${rule}patern = "a"`, /rule A: unknown key 'patern'/],
    [`${rule}pattern = "(?=a)"`, /rule A: .*\(\?=a\)/],
    [`${rule}score = "a"`, /'score' is not a number/],
    [rule, /no condition/],
    [`${rule}pattern = "a`, /my\.toml, line 3: unfinished string/],
    [`${rule}pattern = 'a'\n${rule}pattern = 'b'`, /'A' is there twice/],
    [`[[composite]]\nname = "B"\nexpression = "A & C"`, /there is no rule 'A'/],
    [`[[composite]]\nname = "B"\nexpression = "A & "`, /expected a name/],
    ['[other]', /unknown key 'other'/],
    ['actions = 1979-05-27', /'actions' is not a table/],
    ['group.A = 3', /group 'A' is not a table/],
    ['rule = [{name = "A"}, 3]', /'rule' is not a list of tables/],
    [`${rule}score = 1979-05-27\npattern = 'a'`, /'score' is not a number/],
  ]) assert.throws(() => RuleSet.parse(text, {file: 'my.toml'}), expected, text);
});

test('conditions, groups and composites', () => {
  const rules = RuleSet.parse(`
    [actions]
    spam = 3
    ham = -1 # a comment
    [group.money]
    max_score = 2.5
    [[rule]]
    name = "CASH"
    pattern = '(?i)cash'
    group = "money"
    score = 2
    [[rule]]
    name = "PRIZE"
    pattern = "pri\\u007Ae"
    group = "money"
    score = 2
    [[rule]]
    name = "LINK"
    min_links = 1
    [[rule]]
    name = "FRIEND"
    domains = [
      "example.org", # a friend
    ]
    score = -4
    [[rule]]
    name = "LIST"
    exists = "header:List-Id"
    [[composite]]
    name = "CASH_LINK"
    expression = "CASH & LINK & !(FRIEND | LIST)"
    score = 3
    replaces = ["CASH"]`);
  const names = message => rules.evaluate(message).symbols.map(({name}) => name);
  assert.equal(rules.evaluate({text: 'CASH prize'}).score, 2.5);
  assert.deepEqual(names({text: 'cash at https://a.example/x.'}), ['LINK', 'CASH_LINK']);
  assert.equal(rules.evaluate({subject: 'cash', body: 'www.a.example'}).action, 'spam');
  assert.deepEqual(names({text: 'cash', sender: 'joe@mail.Example.org'}), ['CASH', 'FRIEND']);
  assert.equal(rules.evaluate({text: 'cash', sender: 'joe@example.org'}).action, 'ham');
  assert.deepEqual(names({text: 'x', headers: {'list-id': 'a'}}), ['LIST']);
});
