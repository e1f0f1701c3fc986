import {createServer} from 'node:http';
import type {IncomingMessage, Server} from 'node:http';
import {pathToFileURL} from 'node:url';

import {WinnowError} from 'winnow';
import type {Message, Mode} from 'winnow';

import {FeedbackTable} from './feedback.js';
import {SpamShield} from './spamshield.js';

const kMostBytes = 1 << 20;

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > kMostBytes) throw new WinnowError('InvalidArgument', 'the request has more than 1 MB');
    parts.push(part as Buffer);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(parts).toString());
  } catch (error) {
    throw new WinnowError('InvalidArgument', `the request is no JSON: ${(error as Error).message}`);
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw new WinnowError('InvalidArgument', 'the request is not a JSON object');
  return body as Record<string, unknown>;
}

/** A field that must be a string, or may be absent. */
function text(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name];
  if (value !== undefined && typeof value !== 'string') throw new WinnowError('InvalidArgument', `'${name}' is not a string`);
  return value;
}

function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new WinnowError('InvalidArgument', `'${name}' is missing`);
  return value;
}

/** The service over a filter: POST /check, /feedback, /preferences. */
export function serve(shield: SpamShield): Server {
  const routes: Record<string, (body: Record<string, unknown>) => unknown> = {
    '/check': body => {
      for (const name of ['text', 'subject', 'body', 'sender', 'senderName', 'recipient', 'user', 'mode']) text(body, name);
      const {mode, ...message} = body;
      return shield.check(message as Message, mode as Mode | undefined);
    },
    '/feedback': body => {
      if (typeof body['isSpam'] !== 'boolean') throw new WinnowError('InvalidArgument', "'isSpam' is not true or false");
      return shield.feedback(needed(text(body, 'id'), 'id'), body['isSpam'], text(body, 'user'));
    },
    '/preferences': body => {
      const user = needed(text(body, 'user'), 'user'), mode = needed(text(body, 'mode'), 'mode') as Mode;
      shield.setMode(user, mode);
      return {user, mode};
    },
  };
  return createServer(async (request, response) => {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body));
    };
    try {
      const route = routes[request.url ?? ''];
      if (route === undefined || request.method !== 'POST') return send(404, {error: 'POST /check, /feedback or /preferences'});
      send(200, await route(await bodyOf(request)));
    } catch (error) {
      const {code, message, hint} = WinnowError.of(error);
      send(code === 'NotFound' ? 404 : code === 'InvalidArgument' ? 422 : 500, {error: message, error_type: code, hint});
    }
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const model = process.env['WINNOW_SPAM_MODEL'] ?? 'models/spam';
  const shield = await SpamShield.create({model, feedback: new FeedbackTable(process.env['FEEDBACK_FILE'] ?? 'models/feedback.jsonl')});
  if (shield.modelError !== undefined) console.error(`rules decide: ${shield.modelError.message}`);
  const port = Number(process.env['PORT'] ?? 3000);
  serve(shield).listen(port, '127.0.0.1', () => console.log(`http://localhost:${port}`));
}
