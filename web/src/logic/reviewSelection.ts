/** Check boxes of a group: which texts the next label is given to. */

import type { ItemId } from "@/api/review";

export class GroupSelection {
  private readonly off = new Set<ItemId>();
  private last: ItemId | null = null;

  constructor(private readonly ids: readonly ItemId[]) {}

  isOn(id: ItemId): boolean {
    return !this.off.has(id);
  }

  chosen(): ItemId[] {
    return this.ids.filter((id) => this.isOn(id));
  }

  set(id: ItemId, on: boolean): void {
    if (on) this.off.delete(id);
    else this.off.add(id);
    this.last = id;
  }

  /** Gives all boxes from the one that was changed last to `id` the state `on` (a click with Shift). */
  setRange(id: ItemId, on: boolean): void {
    const from = this.last === null ? -1 : this.ids.indexOf(this.last);
    const to = this.ids.indexOf(id);
    if (from < 0 || to < 0) return this.set(id, on);
    for (const between of this.ids.slice(Math.min(from, to), Math.max(from, to) + 1)) this.set(between, on);
    this.last = id;
  }

  setAll(on: boolean): void {
    for (const id of this.ids) this.set(id, on);
    this.last = null;
  }
}
