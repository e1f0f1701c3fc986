// examples/browser in Chromium: the page under its policy, and the extension's pages.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, readFile, readdir, symlink, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {before, test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {command, serve, visit} from './chromium.js';
import {model} from './models.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const example = join(root, '..', '..', 'examples', 'browser');
const chromium = process.env.WINNOW_CHROMIUM ?? '';
const kText = "Congratulations! You've won a prize";

before(async () => {
  await mkdir(join(example, 'node_modules'), {recursive: true});
  for (const [name, target] of [['winnow', root], ['esbuild', join(root, 'node_modules', 'esbuild')]]) {
    if (!existsSync(join(example, 'node_modules', name))) await symlink(target, join(example, 'node_modules', name));
  }
  execFileSync(process.execPath, ['build.js', model('lr')], {cwd: example});
});

test('the files of the model are those that are read, without texts of the data', async () => {
  assert.deepEqual((await readdir(join(example, 'dist', 'page', 'model'))).sort(), ['labels.json', 'linear.bin', 'winnow.json']);
});

test('the page answers while its reader types', async context => {
  if (chromium === '') return context.skip('chromium is not installed');
  const page = join(example, 'dist', 'page');
  // A reader: types, and reports what the page shows.
  await writeFile(join(page, 'reader.js'), `
    const text = document.getElementById('text'), answer = document.getElementById('answer');
    const wait = setInterval(() => {
      if (answer.textContent !== '') { clearInterval(wait); void fetch('/done', {method: 'POST', body: JSON.stringify(answer.textContent)}); }
      else if (!text.disabled) { text.value = ${JSON.stringify(kText)}; text.dispatchEvent(new Event('input')); }
    }, 50);`);
  await writeFile(join(page, 'read.html'), (await readFile(join(page, 'index.html'), 'utf8')).replace('</html>', '<script type="module" src="reader.js"></script></html>'));
  const site = await serve({'/': page});
  const shown = await visit(chromium, `${site.url}/read.html`, site.done).finally(site.close);
  assert.match(shown, /^(spam|ham), \d+\.\d %$/);
});

test('the extension has what its manifest names', async () => {
  const extension = join(example, 'dist', 'extension');
  const manifest = JSON.parse(await readFile(join(extension, 'manifest.json'), 'utf8'));
  assert.equal(manifest.manifest_version, 3);
  for (const file of [manifest.background.service_worker, manifest.action.default_popup, 'content.js', 'popup.js', 'winnow.wasm', 'model/winnow.json']) {
    assert.ok(existsSync(join(extension, file)), file);
  }
  assert.ok(!/\beval\(|new Function\(/.test(await readFile(join(extension, 'background.js'), 'utf8')));
});

test('the extension answers in its popup', async context => {
  if (chromium === '') return context.skip('chromium is not installed');
  const shown = await command(chromium, async send => {
    const {id} = await send('Extensions.loadUnpacked', {path: join(example, 'dist', 'extension')});
    const {targetId} = await send('Target.createTarget', {url: `chrome-extension://${id}/popup.html`});
    const {sessionId} = await send('Target.attachToTarget', {targetId, flatten: true});
    // A reader: types, and waits for what the service worker answers.
    const expression = `new Promise(resolve => {
      const ask = () => {
        const text = document.getElementById('text'), answer = document.getElementById('answer');
        if (!answer || document.readyState !== 'complete') return setTimeout(ask, 20);
        new MutationObserver(() => resolve(answer.textContent)).observe(answer, {childList: true, characterData: true, subtree: true});
        text.value = ${JSON.stringify(kText)};
        text.dispatchEvent(new Event('input'));
      };
      ask();
    })`;
    for (;;) {
      try {
        return (await send('Runtime.evaluate', {expression, awaitPromise: true, returnByValue: true}, sessionId)).result.value;
      } catch (error) {
        if (!/context was destroyed|Cannot find context/.test(error.message)) throw error;  // the popup was still being opened
      }
    }
  });
  assert.match(shown, /^(spam|ham), \d+\.\d %$/);
});
