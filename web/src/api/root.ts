// Where the server's routes are: at the root of the host, or below a path that a proxy adds, such as "/winnow".

/**
 * The path before "/ui/" of a script of the page or of its worker. The address of a view would not do: "ui" may be a name in
 * it, and a worker has another one.
 */
export function rootOf(script: string): string {
  return /^(.*)\/ui\/(?:assets|src)\//.exec(new URL(script).pathname)?.[1] ?? "";
}

export const root = rootOf(import.meta.url);
