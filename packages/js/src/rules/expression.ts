import {WinnowError} from '../errors.js';

/** The value of an expression of names: A & (B | !C). */
export type Expression = (value: (name: string) => boolean) => boolean;

const kSigns: Record<string, string> = {and: '&', AND: '&', '&&': '&', or: '|', OR: '|', '||': '|', not: '!', NOT: '!'};

/** Parses an expression; `!` binds tighter than `&`, and `&` tighter than `|`. Returns it with its names. */
export function parseExpression(text: string): {expression: Expression; names: string[]} {
  const tokens = [...text.matchAll(/\s*([A-Za-z_][A-Za-z0-9_]*|&&?|\|\|?|!|[()]|\S)/g)].map(found => kSigns[found[1] as string] ?? found[1] as string);
  const names: string[] = [];
  let at = 0;
  const refuse = (expected: string): never => {
    throw new WinnowError('InvalidData', `expression '${text}': expected ${expected}, found ${at < tokens.length ? `'${tokens[at]}'` : 'the end'}`);
  };
  const joined = (sign: string, next: () => Expression, join: (a: boolean, b: () => boolean) => boolean): Expression => {
    let left = next();
    while (tokens[at] === sign) {
      ++at;
      const before = left, right = next();
      left = value => join(before(value), () => right(value));
    }
    return left;
  };
  const or = (): Expression => joined('|', and, (a, b) => a || b());
  const and = (): Expression => joined('&', not, (a, b) => a && b());
  const not = (): Expression => {
    const token = tokens[at++];
    if (token === '!') {
      const inner = not();
      return value => !inner(value);
    }
    if (token === '(') {
      const inner = or();
      if (tokens[at++] !== ')') { --at; refuse("'&', '|' or ')'"); }
      return inner;
    }
    if (token !== undefined && /^[A-Za-z_]/.test(token)) {
      names.push(token);
      return value => value(token);
    }
    --at;
    return refuse("a name, '!' or '('");
  };
  const expression = or();
  if (at < tokens.length) refuse("'&', '|' or the end");
  return {expression, names};
}
