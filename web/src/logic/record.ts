// Objects of the server whose names are those of labels: one may be called "constructor", which every object seems to have.

/** What `record` has under `name`; undefined if it has nothing of its own there. */
export function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
