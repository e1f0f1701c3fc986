// The package in other runtimes, where npm could bring them.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {setTimeout} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

import {build} from 'esbuild';

import {documents, model, texts} from './models.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const binaries = {
  bun: ['@oven/bun-linux-x64/bin/bun', '@oven/bun-linux-x64-baseline/bin/bun'],
  deno: ['@deno/linux-x64-glibc/deno'],
};
const binaryOf = places => places.map(place => join(root, 'runtimes', 'node_modules', place)).find(existsSync);

for (const [name, places] of Object.entries(binaries)) {
  for (const engine of ['native', 'wasm']) {
    test(`${name}: the ${engine} engine says what the program says`, context => {
      const binary = binaryOf(places);
      if (binary === undefined) return context.skip(`${name} is not installed`);
      const script = join(root, `run-${name}-${engine}.mjs`);
      writeFileSync(script, `
        import {Classifier} from './dist/node/index.js';
        const classifier = await Classifier.load(${JSON.stringify(model('lr'))}, {engine: '${engine}'});
        const found = await classifier.classify(${JSON.stringify(texts.slice(0, 100))});
        console.log(JSON.stringify([classifier.engine, ...found.map(({label}) => label)]));
        classifier.release();`);
      try {
        const out = execFileSync(binary, [...(name === 'deno' ? ['run', '--allow-all', '--no-lock'] : ['run']), script], {cwd: root, timeout: 60000, stdio: ['ignore', 'pipe', 'pipe']});
        assert.deepEqual(JSON.parse(out), [engine, ...documents('lr.expected.jsonl').slice(0, 100).map(({label}) => label)]);
      } finally {
        rmSync(script);
      }
    });
  }
}

/** A worker with its module and its model as modules, which is how Cloudflare Workers have them: nothing is compiled at run time. */
async function deploy(directory, port) {
  const files = ['winnow.json', 'labels.json', 'linear.bin'];
  writeFileSync(join(directory, 'source.js'), `
    import {Classifier} from 'winnow/browser';
    import wasm from './winnow.wasm';
    ${files.map((file, i) => `import file${i} from './${file}';`).join('\n')}
    const files = {${files.map((file, i) => `'${file}': file${i}`).join(', ')}};
    let classifier;
    export default {
      async fetch(request) {
        classifier ??= Classifier.load(files, {wasm, worker: false});
        return Response.json(await (await classifier).classify(await request.json()));
      },
    };`);
  await build({entryPoints: [join(directory, 'source.js')], bundle: true, format: 'esm', outfile: join(directory, 'worker.js'), logLevel: 'error',
               external: ['./winnow.wasm', ...files.map(file => `./${file}`)]});
  copyFileSync(join(root, 'dist', 'browser', 'winnow.wasm'), join(directory, 'winnow.wasm'));
  for (const file of files) copyFileSync(join(model('lr'), file), join(directory, file));
  writeFileSync(join(directory, 'config.capnp'), `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (services = [(name = "main", worker = .main)],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]);
    const main :Workerd.Worker = (compatibilityDate = "2025-08-01", modules = [(name = "worker.js", esModule = embed "worker.js"),
      (name = "winnow.wasm", wasm = embed "winnow.wasm"), ${files.map(file => `(name = "${file}", data = embed "${file}")`).join(', ')}]);`);
}

test('workerd: the wasm engine says what the program says', async context => {
  const binary = binaryOf(['@cloudflare/workerd-linux-64/bin/workerd']);
  if (binary === undefined) return context.skip('workerd is not installed');
  const port = await new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const {port} = probe.address();
      probe.close(() => resolve(port));
    });
  });
  const directory = mkdtempSync(join(root, 'run-workerd-'));  // within the package, so that esbuild finds it by its own name
  let server;
  try {
    await deploy(directory, port);
    server = spawn(binary, ['serve', 'config.capnp'], {cwd: directory, stdio: ['ignore', 'ignore', 'pipe']});
    let log = '';
    server.stderr.on('data', data => { log += data; });
    let response;
    for (let i = 0; response === undefined && i < 300 && server.exitCode === null; ++i) {
      response = await fetch(`http://127.0.0.1:${port}/`, {method: 'POST', body: JSON.stringify(texts.slice(0, 100))}).catch(() => setTimeout(100));
    }
    assert.equal(response?.status, 200, log);
    assert.deepEqual((await response.json()).map(({label}) => label), documents('lr.expected.jsonl').slice(0, 100).map(({label}) => label));
  } finally {
    server?.kill();
    rmSync(directory, {recursive: true});
  }
});
