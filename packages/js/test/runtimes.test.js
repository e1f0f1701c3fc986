// The package in other runtimes, where npm could bring them.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {documents, model, texts} from './models.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const binaries = {
  bun: ['@oven/bun-linux-x64/bin/bun', '@oven/bun-linux-x64-baseline/bin/bun'],
  deno: ['@deno/linux-x64-glibc/deno'],
};

for (const [name, places] of Object.entries(binaries)) {
  for (const engine of ['native', 'wasm']) {
    test(`${name}: the ${engine} engine says what the program says`, context => {
      const binary = places.map(place => join(root, 'runtimes', 'node_modules', place)).find(existsSync);
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
