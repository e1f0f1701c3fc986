// A question before something that can't be undone, or that concerns others.
import { readonly, ref } from "vue";

export interface Question {
  title: string;
  /** What will happen. */
  text: string;
  action: string;
  danger: boolean;
}

const question = ref<(Question & { answer: (yes: boolean) => void }) | null>(null);

function confirm(asked: { title: string; text: string; action: string; danger?: boolean }): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      danger: asked.danger ?? false,
      answer(yes) {
        question.value = null;
        resolve(yes);
      },
    };
  });
}

/** `confirm(...)` resolves to whether the person agreed. */
export function useConfirm() {
  return { question: readonly(question), confirm };
}
