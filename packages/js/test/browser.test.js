import assert from 'node:assert/strict';
import {copyFile, mkdir, mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {after, test} from 'node:test';
import {fileURLToPath, pathToFileURL} from 'node:url';

import {build} from 'esbuild';

import {serve, visit} from './chromium.js';
import {documents, models, texts} from './models.js';

const here = dirname(fileURLToPath(import.meta.url));
const page = join(here, 'page');
const dist = join(here, '..', 'dist', 'browser');
const chromium = process.env.WINNOW_CHROMIUM ?? '';
const work = await mkdtemp(join(here, '..', 'bundled-'));  // within the package, so that bundlers find it by its own name
after(() => rm(work, {recursive: true, force: true}));

/** A tool of tools/node_modules, or undefined where it could not be installed. */
async function tool(name) {
  const require = createRequire(join(here, '..', 'tools', 'package.json'));
  try {
    return await import(pathToFileURL(require.resolve(name)));
  } catch {
    return undefined;
  }
}

const kBundlers = {
  async esbuild(out) {
    const entryPoints = {app: join(page, 'app.js'), 'service-worker': join(page, 'service-worker.js')};
    await build({entryPoints, bundle: true, format: 'esm', outdir: out, minify: true, logLevel: 'error'});
    for (const file of ['worker.js', 'winnow.wasm']) await copyFile(join(dist, file), join(out, file));
    await writeFile(join(out, 'index.html'), '<!DOCTYPE html><title>t</title><script type="module" src="/app.js"></script>');
  },
  async vite(out) {
    const vite = await tool('vite');
    if (vite === undefined) return false;
    const root = join(work, 'vite-root');
    await mkdir(root);
    await writeFile(join(root, 'index.html'), '<!DOCTYPE html><title>t</title><script type="module" src="/app.js"></script>');
    await writeFile(join(root, 'app.js'), `import ${JSON.stringify(join(page, 'app.js'))};`);
    await vite.build({root, configFile: false, logLevel: 'error', worker: {format: 'es'}, build: {outDir: out, assetsInlineLimit: 0, modulePreload: {polyfill: false}}});
    return 'no service worker';
  },
  async webpack(out) {
    const webpack = (await tool('webpack'))?.default;
    if (webpack === undefined) return false;
    const stats = await new Promise((resolve, reject) => webpack({
      mode: 'production', context: work, entry: join(page, 'app.js'),
      output: {path: out, filename: 'app.js', publicPath: '/'}, devtool: false,
    }, (error, stats) => error ? reject(error) : resolve(stats)));
    assert.ok(!stats.hasErrors(), stats.toString());
    await writeFile(join(out, 'index.html'), '<!DOCTYPE html><title>t</title><script src="/app.js" defer></script>');
    return 'no service worker';
  },
};

for (const [name, bundle] of Object.entries(kBundlers)) {
  test(`a page built by ${name} says what the program says, under a policy without eval`, async context => {
    if (chromium === '') return context.skip('chromium is not installed');
    const out = join(work, name);
    await mkdir(out, {recursive: true});
    const built = await bundle(out);
    if (built === false) return context.skip(`${name} could not be installed`);
    if (built !== undefined) {
      await writeFile(join(out, 'service-worker.js'), await serviceWorker());
      await copyFile(join(dist, 'winnow.wasm'), join(out, 'winnow.wasm'));  // beside it, under its own name
    }
    const site = await serve({'/': out, '/models': models, '/changed': models}, {
      texts,
      changed: (path, bytes) => path === '/changed/lr/linear.bin' ? Buffer.from(bytes).fill(1, 400, 404) : bytes,
    });
    const found = await visit(chromium, `${site.url}/`, site.done).finally(site.close);
    assert.equal(found.error, undefined);
    const expected = documents('lr.expected.jsonl');
    found.found.forEach(({label, confidence}, i) => {
      assert.equal(label, expected[i].label, texts[i]);
      assert.ok(Math.abs(confidence - expected[i].confidence) < 1e-5, texts[i]);
    });
    assert.deepEqual(found.strict, documents('lr.strict.jsonl').slice(0, 50).map(({label}) => label));
    assert.equal(found.isolated, false);
    assert.equal(found.label, expected[0].label);
    assert.equal(found.sync, expected[0].label);
    const {size} = await stat(join(models, 'lr', 'linear.bin'));
    assert.deepEqual(found.progress, {file: 'linear.bin', loaded: size, total: size});
    assert.deepEqual(found.again, ['winnow.json']);  // the rest is in the cache of the browser
    assert.equal(site.requests.filter(path => path === '/models/lr/linear.bin').length, 1);
    assert.match(found.changed, /WinnowError InvalidModel linear.bin has the digest/);
    assert.match(found.missing, /WinnowError NotFound/);
    assert.match(found.serviceWorker, /^(ham|spam)$/);
    context.diagnostic(`ready after ${found.ready.toFixed(0)} ms`);
  });
}

/** The service worker, which bundlers of pages do not make. */
async function serviceWorker() {
  const {outputFiles} = await build({entryPoints: [join(page, 'service-worker.js')], bundle: true, format: 'esm', write: false, logLevel: 'error'});
  return outputFiles[0].text;
}

test('what is not used is left out', async () => {
  const {outputFiles} = await build({stdin: {contents: "import {WinnowError} from 'winnow/browser'; console.log(WinnowError.name)", resolveDir: here},
                                     bundle: true, format: 'esm', minify: true, write: false, logLevel: 'error'});
  assert.ok(outputFiles[0].contents.length < 1000, `${outputFiles[0].contents.length} bytes`);
  const whole = await build({entryPoints: [join(page, 'app.js')], bundle: true, format: 'esm', minify: true, write: false, logLevel: 'error'});
  assert.ok(whole.outputFiles[0].contents.length < 30000, `${whole.outputFiles[0].contents.length} bytes`);
});
