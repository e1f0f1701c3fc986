/** How long this reviewer alone has which texts, by the clock of this computer. */

import type { ItemId, ReviewItem } from "@/api/review";

export class Leases {
  private readonly ends = new Map<ItemId, number>();

  /** The server has just handed out `items`, for the first time or again. */
  begin(items: readonly ReviewItem[]): void {
    for (const item of items) this.ends.set(item.item, Date.now() + item.lease_seconds * 1000);
  }

  /** Whether others may have `item` by now. */
  hasEnded(item: ReviewItem): boolean {
    return (this.ends.get(item.item) ?? Infinity) < Date.now();
  }
}
