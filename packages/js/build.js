// Builds dist: ES modules and CommonJS by esbuild, declarations by tsc, and the WebAssembly module. Usage: node build.js [WASM]
import {execFileSync} from 'node:child_process';
import {copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {build} from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(here);
const wasm = process.argv[2] ?? '../../build/wasm/winnow.wasm';
if (!existsSync(wasm)) {
  console.error(`${wasm} is missing: ./dev wasm builds it`);
  process.exit(1);
}
rmSync('dist', {recursive: true, force: true});
mkdirSync('dist/browser', {recursive: true});

const common = {bundle: true, target: 'es2022', loader: {'.toml': 'text'}, logLevel: 'warning', legalComments: 'none'};
const node = {...common, platform: 'node', external: ['onnxruntime-node']};
await Promise.all([
  build({...node, entryPoints: {index: 'src/index.ts'}, format: 'esm', outdir: 'dist/node'}),
  // CommonJS has no import.meta; its own name of the file stands in.
  build({...node, entryPoints: {index: 'src/index.ts'}, format: 'cjs', outdir: 'dist/node', outExtension: {'.js': '.cjs'},
         define: {'import.meta.url': 'importMetaUrl'}, banner: {js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;"}}),
  build({...common, entryPoints: {index: 'src/browser.ts'}, format: 'esm', outdir: 'dist/browser'}),
  // A module without exports, which tools would take for a script.
  build({...common, entryPoints: {worker: 'src/worker.ts'}, format: 'esm', outdir: 'dist/browser', footer: {js: 'export {};'}}),
  build({...common, entryPoints: {index: 'src/browser.ts'}, format: 'cjs', outdir: 'dist/browser', outExtension: {'.js': '.cjs'},
         define: {'import.meta.url': 'documentAddress'}, banner: {js: "const documentAddress = typeof document === 'undefined' ? 'https://winnow.invalid/' : document.baseURI;"}}),
  build({...common, entryPoints: {index: 'src/rules.ts'}, format: 'esm', outdir: 'dist/rules'}),
  build({...common, entryPoints: {index: 'src/rules.ts'}, format: 'cjs', outdir: 'dist/rules', outExtension: {'.js': '.cjs'}}),
]);
copyFileSync(wasm, 'dist/browser/winnow.wasm');
// The license of the package, and of the data of Unicode in it.
for (const file of ['LICENSE', 'NOTICE']) copyFileSync(join('..', '..', file), file);
// What is bundled besides our own sources.
copyFileSync(join(dirname(createRequire(import.meta.url).resolve('smol-toml')), '..', 'LICENSE'), 'dist/LICENSE-smol-toml.txt');

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', '.', '--outDir', 'dist/types'], {stdio: 'inherit'});
// The same declarations for CommonJS, under the names that require() looks for.
function addCommonJs(directory) {
  for (const entry of readdirSync(directory, {withFileTypes: true})) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) addCommonJs(path);
    else if (entry.name.endsWith('.d.ts')) {
      writeFileSync(path.replace(/\.d\.ts$/, '.d.cts'), readFileSync(path, 'utf8').replace(/(from '\.[^']*)\.js'/g, "$1.cjs'"));
    }
  }
}
addCommonJs('dist/types');
