/** How far back a search looks at once: from the newest messages on, further each time. */

/** What is known of a chat without looking at its messages. */
export interface ChatSpan {
  messageCount: number;
  createdAt: Date;
  /** When its newest message was sent. */
  activityAt: Date;
}

/** In messages of the searched chats. A page of a common word is full after the first or second window, and a rare word needs few in all. */
const SIZES = [1000, 8000, 256_000, 8_000_000, 256_000_000];
const STEPS = 40;

/**
 * The times down to which the windows reach, each further back; the last one is `from`. Estimates, as if the messages of each chat were
 * spread evenly over its life: a wrong one makes a search take longer, but finds the same.
 *
 * @param before where the first window begins
 * @param from nothing sent before is looked for
 */
export const windowsOf = (chats: readonly ChatSpan[], before: Date, from: Date): Date[] => {
  const windows: Date[] = [];
  const oldest = Math.max(from.getTime(), Math.min(...chats.map(({ createdAt }) => createdAt.getTime())));
  const newest = Math.min(before.getTime(), Math.max(...chats.map(({ activityAt }) => activityAt.getTime())));
  const countSince = (time: number) => chats.reduce((sum, chat) => sum + countWithin(chat, time, newest), 0);
  const total = countSince(oldest);
  for (const size of SIZES.filter((one) => one < total)) {
    let [early, late] = [oldest, newest];
    for (let step = 0; step < STEPS && late - early > 1; step += 1) {
      const middle = Math.floor((early + late) / 2);
      if (countSince(middle) > size) early = middle;
      else late = middle;
    }
    const since = new Date(late);
    if (since.getTime() > oldest && since < (windows.at(-1) ?? before)) windows.push(since);
  }
  return [...windows, from];
};

const countWithin = ({ messageCount, createdAt, activityAt }: ChatSpan, since: number, before: number): number => {
  const [start, end] = [createdAt.getTime(), Math.max(activityAt.getTime(), createdAt.getTime() + 1)];
  const shared = Math.min(end, before) - Math.max(start, since);
  return shared <= 0 ? 0 : (messageCount * shared) / (end - start);
};
