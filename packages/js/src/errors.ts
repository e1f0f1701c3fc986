/** The kind of an error; the names of winnow_code in winnow/winnow.h. */
export type WinnowErrorCode =
    | 'InvalidArgument' | 'InvalidData' | 'InvalidModel' | 'NotFound' | 'Exists' | 'Io' | 'Network' | 'Cancelled'
    | 'Unsupported' | 'Internal';

/** What every function of this package throws: `message` says what went wrong, `hint` what to try, or is ''. */
export class WinnowError extends Error {
  override readonly name = 'WinnowError';
  readonly code: WinnowErrorCode;
  readonly hint: string;

  constructor(code: WinnowErrorCode, message: string, hint = '', options?: {cause?: unknown}) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  /** True for the errors of every copy of the package: those of `winnow/rules` and of `require('winnow')` are the same to callers. */
  static [Symbol.hasInstance](value: unknown): boolean {
    if (this !== WinnowError) return Function.prototype[Symbol.hasInstance].call(this, value);  // a class that extends this one
    return value instanceof Error && value.name === 'WinnowError' && 'code' in value && 'hint' in value;
  }

  /** The error as a WinnowError, with the code and the hint that it has. */
  static of(error: unknown, code: WinnowErrorCode = 'Internal'): WinnowError {
    if (error instanceof WinnowError) return error;
    const {code: given, hint, message} = (error ?? {}) as {code?: string; hint?: string; message?: string};
    const own = typeof hint === 'string' || given === 'InvalidArgument' || given === 'Internal';
    return new WinnowError(own ? given as WinnowErrorCode : code, message ?? String(error), hint ?? '', {cause: error});
  }
}
