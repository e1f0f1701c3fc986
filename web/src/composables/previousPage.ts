// The page before, in lists that the server pages by a cursor: what the cursor of the page before was, the browser's history knows.
import { useRoute, useRouter, type LocationQuery } from "vue-router";
import { useSetQuery } from "./query";

const kCursor = "before";
const withoutCursor = (query: LocationQuery): string => JSON.stringify({ ...query, [kCursor]: undefined });

/** Goes to the page before; to the first page where that is unknown, as for who has followed a link to a later page. */
export function usePreviousPage(): () => void {
  const route = useRoute();
  const router = useRouter();
  const setQuery = useSetQuery();
  return () => {
    const { back } = router.options.history.state;
    const former = typeof back === "string" ? router.resolve(back) : null;
    if (former?.path === route.path && withoutCursor(former.query) === withoutCursor(route.query)) router.back();
    else void setQuery({ [kCursor]: undefined });
  };
}
