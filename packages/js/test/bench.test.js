import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {model} from './models.js';

const bench = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'winnow-bench.js');

test('winnow-bench prints latencies, rates and the time of loading', () => {
  const found = JSON.parse(execFileSync(process.execPath, [bench, model('lr'), '--iterations', '200', '--json']));
  assert.ok(found.p50_ms > 0 && found.p50_ms <= found.p95_ms && found.p95_ms <= found.p99_ms);
  assert.ok(found.load_ms > 0 && found.single_per_s > 0 && found.concurrent_32_per_s > 0);
  assert.equal(found.engine, 'native');
  assert.match(execFileSync(process.execPath, [bench, model('lr'), '--iterations', '20', '--engine', 'wasm']).toString(), /wasm engine[^]*p50 .*\/s/);
  const {status, stderr} = spawnSync(process.execPath, [bench, model('nothing')]);
  assert.equal(status, 1);
  assert.match(stderr.toString(), /no such directory/);
});
