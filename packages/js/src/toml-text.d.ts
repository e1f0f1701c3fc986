/** Files of rules, which the build embeds as text. */
declare module '*.toml' {
  const text: string;
  export default text;
}
