// Which model answered before.
import type { ServedModel, Switch } from "@/api/models";

/** Whether `name` ("spam", "spam:1.0.0", "spam@champion") means this model. */
export function means(name: string, model: Pick<ServedModel, "name" | "version" | "aliases">): boolean {
  return name === model.name || name === `${model.name}:${model.version}` || model.aliases.some((alias) => name === `${model.name}@${alias}`);
}

/** The model that was the default before the present one, if it is still served; `switches` has the newest first. */
export function formerOf(switches: readonly Switch[], models: readonly ServedModel[]): ServedModel | null {
  for (const entry of switches) {
    const model = models.find((candidate) => candidate.state !== "failed" && means(entry.model, candidate));
    if (model && !model.default) return model;
  }
  return null;
}
