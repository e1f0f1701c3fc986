// Who this browser is for the server, and what the server has.
import { computed, readonly, ref } from "vue";
import { get, onUnauthorized, post, remove, sessionBegan, setSignedOut } from "./http";

export type Role = "public" | "classify" | "feedback" | "admin";

export interface Session {
  keys_required: boolean;
  signed_in: boolean;
  name: string | null;
  /** What this browser may do now. */
  role: Role;
  workspace: boolean;
  store: boolean;
  registry: boolean;
  filter: boolean;
  version: string;
}

const kRanks: Record<Role, number> = { public: 0, classify: 1, feedback: 2, admin: 3 };

const session = ref<Session | null>(null);
const mustSignIn = computed(() => session.value !== null && session.value.keys_required && !session.value.signed_in);

function take(next: Session): void {
  session.value = next;
  setSignedOut(mustSignIn.value);
}

async function refresh(): Promise<void> {
  take(await get<Session>("/v1/session"));
}

// The session has ended: the name and the role are still those of before, since the same person may go on.
onUnauthorized(() => {
  if (session.value) take({ ...session.value, signed_in: false, keys_required: true });
});

/** The session, the same for the whole page. `session` is null until it has been fetched. */
export function useSession() {
  return {
    session: readonly(session),
    mustSignIn,
    may: (role: Role): boolean => session.value !== null && kRanks[session.value.role] >= kRanks[role],
    refresh,
    async signIn(key: string): Promise<void> {
      await post<{ name: string; role: Role }>("/v1/session", { key });
      sessionBegan();
      await refresh();
    },
    async signOut(): Promise<void> {
      await remove("/v1/session");
      await refresh();
    },
  };
}
