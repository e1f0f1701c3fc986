/** A message as rules see it. Only `text`, or `subject` and `body`, are needed. */
export interface Message {
  text?: string;
  subject?: string;
  body?: string;
  sender?: string;
  senderName?: string;
  recipient?: string;
  user?: string;
  headers?: Record<string, string | string[]>;
}

export interface FieldValue {
  text: string;
  present: boolean;
}

const kNames = ['text', 'subject', 'body', 'sender', 'sender_name', 'sender_domain', 'recipient', 'user', 'links', 'link_hosts'];

export function isFieldName(name: string): boolean {
  return kNames.includes(name) || /^header:[!-9;-~]+$/.test(name);
}

// As in src/filter/message_fields.cpp.
const kLink = new RegExp(
    '((?:\\bhttps?:\\/\\/|\\bwww\\.)[^\\t\\n\\f\\r <>"]+|\\b(?:[a-z0-9][a-z0-9-]*\\.)+(?:app|biz|cc|click|club|co|com|de|es|eu|fr|gd|gl|gs|icu|in|' +
        'info|io|is|it|link|live|ly|me|net|nl|online|org|pl|ru|shop|site|store|test|to|top|tv|uk|us|vip|website|ws|xyz|example)' +
        '\\/[^\\t\\n\\f\\r <>"]*)', 'gi');

const lowerAscii = (text: string): string => text.replace(/[A-Z]/g, c => c.toLowerCase());

export function findLinks(text: string): string[] {
  if (!text.includes('.') && !text.includes('//')) return [];
  return [...text.matchAll(kLink)].map(found => (found[1] as string).replace(/[.,;:!?)\]}'*]+$/, '')).filter(link => link !== '');
}

export function hostOfLink(link: string): string {
  const scheme = link.indexOf('://');
  let host = scheme >= 0 && !link.slice(0, scheme).includes('/') ? link.slice(scheme + 3) : link;
  host = (host.split(/[/?#\\]/, 1)[0] as string).replace(/^.*@/s, '');
  if (!host.startsWith('[')) host = host.split(':', 1)[0] as string;
  return lowerAscii(host.replace(/\.+$/, ''));
}

export function isInDomain(host: string, domain: string): boolean { return host === domain || host.endsWith(`.${domain}`); }

/** Lone surrogates become U+FFFD, as in UTF-8. */
function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD');
}

function wholeText(message: Message, divider = '\n'): string {
  const {text = '', subject = '', body = ''} = message;
  if (text !== '') return text;
  return subject === '' || body === '' ? subject + body : subject + divider + body;
}

function rawField(message: Message, name: string): string {
  const {text = '', subject = '', body = '', sender = ''} = message;
  switch (name) {
    case 'text': return wholeText(message);
    case 'subject': return subject;
    case 'body': return body === '' && subject === '' ? text : body;
    case 'sender': return sender;
    case 'sender_name': return message.senderName ?? '';
    case 'sender_domain': return sender.includes('@') ? lowerAscii(sender.slice(sender.lastIndexOf('@') + 1)) : '';
    case 'recipient': return message.recipient ?? '';
    case 'user': return message.user ?? '';
    case 'links': return findLinks(wholeText(message)).join('\n');
    case 'link_hosts': return findLinks(wholeText(message)).map(hostOfLink).join('\n');
    default: return '';
  }
}

/** As FoldSpaces of src/filter/message_fields.cpp: white space between words is one space; an empty line is a line end. */
function foldSpaces(text: string, joinsLines: boolean): string {
  return text.replace(/[\n\r\v\f\u0085\u2028\u2029 \t\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]+/g, run => {
    const lineEnds = run.match(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/g)?.length ?? 0;
    return lineEnds > (joinsLines ? 1 : 0) ? '\n' : ' ';
  });
}

export function readField(message: Message, name: string, fold?: (text: string) => string): FieldValue {
  let value: FieldValue;
  if (name.startsWith('header:')) {
    const wanted = lowerAscii(name.slice('header:'.length));
    const found = Object.entries(message.headers ?? {}).filter(([header]) => lowerAscii(header) === wanted).flatMap(([, text]) => text);
    value = {text: found.join('\n'), present: found.length > 0};
  } else {
    const text = rawField(message, name);
    value = {text, present: text !== ''};
  }
  // An empty line, which is folded to a line end: the subject does not go on in the body.
  if (fold !== undefined && name === 'text') value.text = wholeText(message, '\n\n');
  value.text = wellFormed(value.text);
  if (fold !== undefined) value.text = foldSpaces(fold(value.text), ['text', 'subject', 'body'].includes(name));
  return value;
}
