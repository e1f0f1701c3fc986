// The models and texts that run.py has made, and what the program says of them.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

export const models = process.env.WINNOW_MODELS ?? '';
export const model = name => join(models, name);
export const documents = name => readFileSync(join(models, name), 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line));
export const texts = documents('texts.jsonl').map(({text}) => text);
