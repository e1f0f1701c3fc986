// node chromium.mjs PLAN.json: serves a page that measures in a worker, and opens it in Chromium without a window.
import {spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {dirname, extname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const here = dirname(fileURLToPath(import.meta.url));
const kTypes = {'.mjs': 'text/javascript', '.html': 'text/html', '.wasm': 'application/wasm', '.json': 'application/json'};
const kPage = `<!doctype html><script type="module" src="start.mjs"></script>`;
const kStart = `const worker = new Worker('page.mjs', {type: 'module'});
worker.onmessage = ({data}) => fetch('report', {method: 'POST', body: data});`;

function contentsOf(path) {
  if (path === '/') return kPage;
  if (path === '/start.mjs') return kStart;
  if (path === '/plan.json') return JSON.stringify(plan);
  if (path === '/engine.mjs') return readFileSync(plan.engine);
  if (path === '/winnow.wasm') return readFileSync(plan.wasm);
  if (path === '/model.onnx') return readFileSync(plan.onnx);
  if (path.startsWith('/bundle/')) return readFileSync(join(plan.bundle, path.slice('/bundle/'.length)));
  if (path.startsWith('/ort/')) return readFileSync(join(plan.ort, path.slice('/ort/'.length)));
  return readFileSync(join(here, path));
}

const done = Promise.withResolvers?.() ?? (() => {
  const parts = {};
  parts.promise = new Promise(resolve => { parts.resolve = resolve; });
  return parts;
})();
const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  if (path === '/report') {
    let text = '';
    request.on('data', part => { text += part; });
    request.on('end', () => { response.end(); done.resolve(text); });
    return;
  }
  try {
    const contents = contentsOf(path);
    response.writeHead(200, {
      'content-type': kTypes[extname(path)] ?? (path === '/' ? 'text/html' : 'application/octet-stream'),
      'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'"});
    response.end(contents);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const profile = mkdtempSync(join(tmpdir(), 'winnow-bench-'));
const browser = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`,
                                   `http://127.0.0.1:${server.address().port}/`], {stdio: 'ignore'});
const timeout = setTimeout(() => done.resolve('failed: no report after five minutes'), 300000);
const text = await done.promise;
clearTimeout(timeout);
console.log(text);
browser.kill();
await new Promise(resolve => browser.once('exit', resolve));
rmSync(profile, {recursive: true, force: true, maxRetries: 5});
server.close();
server.closeAllConnections();
process.exitCode = text.startsWith('failed') ? 1 : 0;
