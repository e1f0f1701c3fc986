// Shares as people count: "of 100 messages about 1", with as many messages as the share needs to be about 1 or more.

export interface CountedShare {
  count: number;
  of: number;
  /** True if the share is above 0 and yet less than one of the most that is counted. */
  fewer: boolean;
}

const steps = [10, 100, 1_000, 10_000] as const;
const most = 10_000;

/**
 * Returns how many of 10, 100, 1,000 or 10,000 a share is about. The fewest are chosen that are within a twentieth of it,
 * so .5 is 5 of 10, .36 is 36 of 100, and .004 is 4 of 1,000.
 */
export function countedShare(share: number): CountedShare {
  const bounded = Math.min(1, Math.max(0, share));
  if (bounded === 0 || bounded === 1) return { count: bounded * 100, of: 100, fewer: false };
  for (const of of steps) {
    const count = Math.round(bounded * of);
    if (count < 1) continue;
    if (count === of && of < most) continue;
    if (Math.abs(count / of - bounded) <= 0.05 * Math.min(bounded, 1 - bounded) + 1e-12) return { count, of, fewer: false };
  }
  const count = Math.round(bounded * most);
  return count < 1 ? { count: 1, of: most, fewer: true } : { count, of: most, fewer: false };
}

/** Returns a share in percent with as many decimals as it needs: 50 %, 4.2 %, 0.04 %. */
export function percentText(share: number): string {
  const percent = share * 100;
  const size = Math.min(percent, 100 - percent);
  const digits = size === 0 || size >= 10 ? 0 : size >= 1 ? 1 : 2;
  return `${percent.toFixed(digits)} %`;
}
