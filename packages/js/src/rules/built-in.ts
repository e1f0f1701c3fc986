import text from '../../../../share/winnow/rules/messages.toml';

/** Winnow's own rules for SMS and mail, as TOML: share/winnow/rules/messages.toml. */
export const builtInRules: string = text;
