import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

import {FeedbackTable} from '../src/feedback.js';
import {Reputation, normalSender} from '../src/reputation.js';
import {serve} from '../src/server.js';
import {SpamShield} from '../src/spamshield.js';

// The model of `winnow train`, and the program itself, whose filter gives the verdicts to compare with.
const model = process.env['WINNOW_SPAM_MODEL'] ?? join(process.env['WINNOW_MODELS'] ?? 'models', 'lr');
const program = process.env['WINNOW_PROGRAM'];
const kPrize = "Congratulations! You've won a $1000 gift card. Click here to claim";

test('verdicts are those of winnow filter', {skip: program === undefined}, async () => {
  const shield = await SpamShield.create({model});
  const texts = readFileSync(join(process.env['WINNOW_MODELS'] as string, 'messages.jsonl'), 'utf8').split('\n').filter(Boolean).slice(0, 160)
                    .map(line => (JSON.parse(line) as {text: string}).text);
  const lines = execFileSync(program as string, ['filter', model, '--json', '--quiet', '--', ...texts], {maxBuffer: 1e8}).toString().trim().split('\n');
  assert.equal(lines.length, texts.length);
  for (const [i, text] of texts.entries()) {
    const expected = JSON.parse(lines[i] as string) as {isSpam: boolean; score: number; source: string};
    const found = await shield.check({text});
    assert.deepEqual([found.isSpam, found.source], [expected.isSpam, expected.source], text);
    assert.ok(Math.abs(found.score - expected.score) < 1e-5, `${text}: ${found.score}, expected ${expected.score}`);
  }
  shield.release();
});

test('a prize is spam, with and without the model', async () => {
  for (const path of [model, join(model, 'nothing')]) {
    const shield = await SpamShield.create({model: path});
    const verdict = await shield.check({text: kPrize});
    assert.ok(verdict.isSpam && verdict.confidence > .9, JSON.stringify(verdict));
    const plain = await shield.check({text: 'See you at lunch'});
    assert.equal(plain.isSpam, false);
    assert.equal(plain.source, path === model ? 'classifier' : 'fallback');
    assert.equal(shield.modelError?.code, path === model ? undefined : 'NotFound');
    shield.release();
  }
});

test('senders, modes and feedback', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'spamshield-'));
  const file = join(directory, 'feedback.jsonl');
  const shield = await SpamShield.create({model, feedback: new FeedbackTable(file)});
  shield.reputation.setList('@casino.example', 'deny');
  shield.reputation.setList('Joe <JOE@casino.example>', 'allow', 'anna');
  const deny = await shield.check({text: 'hello', sender: 'x@casino.example', user: 'anna'});
  assert.deepEqual([deny.isSpam, deny.source, deny.symbols[0]?.name], [true, 'reputation', 'SENDER_DENIED']);
  assert.equal((await shield.check({text: kPrize, sender: 'joe@casino.example', user: 'anna'})).isSpam, false);

  assert.deepEqual([(await shield.check({text: 'x', user: 'anna'})).modeFrom, (await shield.check({text: 'x'}, 'strict')).mode], ['default', 'strict']);
  shield.setMode('anna', 'lenient');
  assert.deepEqual(Object.entries(await shield.check({text: 'x', user: 'anna'})).slice(-2), [['mode', 'lenient'], ['modeFrom', 'preferences']]);

  const message = {text: 'Your parcel waits at the depot', sender: '+44 7700 900123', user: 'anna'};
  const first = await shield.check(message);
  assert.deepEqual(shield.feedback(first.id, !first.isSpam, 'anna'), {stored: true, feedback_type: 'user_rejection'});
  assert.equal(shield.feedback(first.id, !first.isSpam, 'anna').stored, false);
  const second = await shield.check(message);
  assert.ok(first.isSpam ? second.score < first.score : second.score > first.score);
  assert.equal((await shield.check({...message, user: 'ben'})).score, first.score);
  assert.throws(() => shield.feedback('nothing', true), {code: 'NotFound'});
  const rows = new FeedbackTable(file).select(row => row.feedback_type === 'user_rejection');
  assert.deepEqual(rows.map(({text, is_spam, user_id}) => [text, is_spam, user_id]), [[message.text, !first.isSpam, 'anna']]);
  shield.release();
  rmSync(directory, {recursive: true});
});

test('scores of senders halve in 30 days', () => {
  let now = 0;
  const reputation = new Reputation(() => now);
  reputation.learn('a@b.example', true);
  reputation.learn('A@b.example', true);
  now += 30 * 24 * 3600 * 1000;
  assert.ok(Math.abs(reputation.score('a@b.example') - 1) < 1e-9);
  assert.equal(normalSender('(+44) 7700-900 123'), '+447700900123');
});

test('the service answers over HTTP', async () => {
  const shield = await SpamShield.create({model});
  const server = serve(shield);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const post = async (path: string, body: unknown): Promise<[number, Record<string, unknown>]> => {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body)});
    return [response.status, await response.json() as Record<string, unknown>];
  };
  const [status, verdict] = await post('/check', {text: kPrize, user: 'anna'});
  assert.deepEqual([status, verdict['isSpam']], [200, true]);
  assert.deepEqual(await post('/feedback', {id: verdict['id'], isSpam: true, user: 'anna'}), [200, {stored: true, feedback_type: 'user_confirmation'}]);
  assert.equal((await post('/preferences', {user: 'anna', mode: 'severe'}))[0], 422);
  for (const body of ['{', 'null', '[]', {text: 5}, {text: 'x', mode: 'constructor'}]) assert.equal((await post('/check', body))[0], 422, JSON.stringify(body));
  for (const body of [{id: verdict['id']}, {isSpam: true}]) assert.equal((await post('/feedback', body))[0], 422, JSON.stringify(body));
  assert.equal((await post('/preferences', {mode: 'strict'}))[0], 422);
  assert.equal((await post('/nothing', {}))[0], 404);
  server.close();
  shield.release();
});
