/** What can be wrong with a history. */
export const ANOMALIES = {
  lost: 'acknowledged, and missing from the history, or from a follower who was entitled to it',
  duplicate: 'given twice, or there twice',
  twoContents: 'two different things under one number',
  gap: 'a number left out without ResyncRequired',
  outOfOrder: 'a number after a higher one',
  ghost: 'there, though it was refused or nobody did it',
  unauthorised: 'given to somebody outside of their membership, or instead of their own',
  readBack: 'a read position went back, or beyond the head',
  unread: 'an unread count that is wrong',
  editUndone: 'a text that was edited, and is not what the edit made it',
  deletedBack: 'a text that is back after its deletion',
  realTimeOrder: 'acknowledged before another was begun, and numbered after it',
  lostFuture: 'a cursor accepted that is of a future that was lost',
  mentionCount: 'a count of unread mentions that is wrong',
  lostReaction: 'a reaction that is missing, or one that is there after its removal',
  doubledReaction: 'a reaction that counts twice, or is twice in the log',
  doubledInvite: 'an invite whose uses are more than those who came by it, or more than it has',
  pins: 'pinned messages that are not those which were pinned, or too many',
  ownerless: 'a group that has lost its last owner',
  notifications: 'a list kept by the stream that is not what a query answers',
  notCaughtUp: 'a follower who had not caught up in time',
} as const;

export type AnomalyKind = keyof typeof ANOMALIES;

export interface Anomaly {
  kind: AnomalyKind;
  chatId?: string;
  /** One line, for a person. */
  says: string;
}

/** Takes them in; of each kind the first ones, and how many more there were. */
export interface Findings {
  add(kind: AnomalyKind, chatId: string, says: string): void;
  list(): Anomaly[];
}

const LISTED = 20;

export const createFindings = (): Findings => {
  const found = new Map<AnomalyKind, Anomaly[]>();
  const left = new Map<AnomalyKind, number>();
  return {
    add: (kind, chatId, says) => {
      const those = found.get(kind) ?? [];
      found.set(kind, those);
      if (those.length < LISTED) those.push({ kind, chatId, says });
      else left.set(kind, (left.get(kind) ?? 0) + 1);
    },
    list: () =>
      [...found].flatMap(([kind, those]) => {
        const more = left.get(kind);
        return more === undefined ? those : [...those, { kind, says: `and ${more} more` }];
      }),
  };
};
