// An application of Next, where npm could bring it: the native engine in a route, WebAssembly in a worker of its page.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {setTimeout} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

import {command} from './chromium.js';
import {documents, model, texts} from './models.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const next = join(root, 'next');
const chromium = process.env.WINNOW_CHROMIUM ?? '';
const kSources = {
  'next.config.mjs': "export default {serverExternalPackages: ['winnow']};",
  'app/layout.js': 'export default function Layout({children}) { return <html lang="en"><body>{children}</body></html>; }',
  'app/page.js': `
    'use client';
    import {useEffect, useState} from 'react';
    import {Classifier} from 'winnow/browser';

    export default function Page() {
      const [answer, setAnswer] = useState('');
      useEffect(() => {
        Classifier.load('/model/').then(spam => spam.classify(${JSON.stringify(texts[0])})).then(({label}) => setAnswer(label), error => setAnswer(String(error)));
      }, []);
      return <output id="answer">{answer}</output>;
    }`,
  'app/classify/route.js': `
    import {Classifier} from 'winnow';

    export async function POST(request) {
      const spam = await Classifier.load(${JSON.stringify(model('lr'))});
      return Response.json({engine: spam.engine, found: await spam.classify(await request.json())});
    }`,
};

/** SHA-256 of all that Next builds the application of. */
function digestOfSources() {
  const hash = createHash('sha256').update(JSON.stringify(kSources));
  hash.update(readFileSync(join(next, 'node_modules', '.package-lock.json')));
  for (const name of readdirSync(join(root, 'dist'), {recursive: true}).sort()) {
    const path = join(root, 'dist', name);
    if (statSync(path).isFile()) hash.update(name).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function write() {
  for (const folder of ['app', 'public']) rmSync(join(next, folder), {recursive: true, force: true});
  for (const [file, contents] of Object.entries(kSources)) {
    mkdirSync(dirname(join(next, file)), {recursive: true});
    writeFileSync(join(next, file), contents);
  }
  for (const file of ['winnow.json', 'labels.json', 'linear.bin']) cpSync(join(model('lr'), file), join(next, 'public', 'model', file));
  const installed = join(next, 'node_modules', 'winnow');
  rmSync(installed, {recursive: true, force: true});
  // As npm installs it: a link would lead out of the application.
  mkdirSync(installed);
  for (const part of ['package.json', 'dist']) cpSync(join(root, part), join(installed, part), {recursive: true});
  symlinkSync(join(root, 'prebuilds'), join(installed, 'prebuilds'));
}

async function freePort() {
  const probe = createServer();
  await new Promise(resolve => probe.listen(0, '127.0.0.1', resolve));
  const {port} = probe.address();
  await new Promise(resolve => probe.close(resolve));
  return port;
}

/** What the page shows at last. */
function shown(url) {
  return command(chromium, async send => {
    const {targetId} = await send('Target.createTarget', {url});
    const {sessionId} = await send('Target.attachToTarget', {targetId, flatten: true});
    for (;;) {
      const {result} = await send('Runtime.evaluate', {expression: "document.getElementById('answer')?.textContent ?? ''", returnByValue: true}, sessionId)
        .catch(() => ({result: {value: ''}}));  // while the page is being opened
      if (result.value !== '') return result.value;
      await setTimeout(50);
    }
  });
}

test('an application of Next builds and answers, in its routes and in its page', async context => {
  const program = join(next, 'node_modules', 'next', 'dist', 'bin', 'next');
  if (!existsSync(program)) return context.skip('next is not installed');
  write();
  const env = {...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production'};
  const built = join(next, 'built.sha256');
  const digest = digestOfSources();
  if (!existsSync(built) || readFileSync(built, 'utf8') !== digest) {  // it takes longer than all other tests of the package
    for (const old of ['.next', 'built.sha256']) rmSync(join(next, old), {recursive: true, force: true});
    execFileSync(process.execPath, [program, 'build'], {cwd: next, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 400000});
    writeFileSync(built, digest);
  }
  const port = await freePort();
  const server = spawn(process.execPath, [program, 'start', '-p', String(port), '-H', '127.0.0.1'], {cwd: next, env, stdio: ['ignore', 'ignore', 'pipe']});
  let log = '';
  server.stderr.on('data', data => { log += data; });
  try {
    let response;
    for (let i = 0; response === undefined && i < 300 && server.exitCode === null; ++i) {
      response = await fetch(`http://127.0.0.1:${port}/classify`, {method: 'POST', body: JSON.stringify(texts.slice(0, 50))}).catch(() => setTimeout(100));
    }
    assert.equal(response?.status, 200, log);
    const {engine, found} = await response.json();
    const expected = documents('lr.expected.jsonl');
    assert.equal(engine, 'native');
    assert.deepEqual(found.map(({label}) => label), expected.slice(0, 50).map(({label}) => label));
    if (chromium !== '') assert.equal(await shown(`http://localhost:${port}/`), expected[0].label);
  } finally {
    server.kill();
  }
});
