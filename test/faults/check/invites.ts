/** Uses of invites against who came by them: each counted once, and no more of them than an invite has. */
import type { Operation } from '../history.js';
import type { Findings } from './anomalies.js';
import type { ChatFacts, Facts } from './facts.js';

type Invite = Extract<Operation, { what: 'invite' }>;

export const checkInvites = (facts: Facts, findings: Findings): void => {
  const possible = new Map<string, number>();
  for (const operation of facts.history.operations) {
    if (operation.what !== 'accept' || operation.outcome.kind === 'fail') continue;
    possible.set(operation.inviteId, (possible.get(operation.inviteId) ?? 0) + 1);
  }
  for (const chat of facts.chats.values()) checkChat(facts, chat, possible, findings);
};

const checkChat = (
  { history }: Facts,
  { chatId, final }: ChatFacts,
  possible: ReadonlyMap<string, number>,
  findings: Findings,
) => {
  const invites = history.operations.filter(
    (one): one is Invite => one.what === 'invite' && one.chatId === chatId && one.outcome.kind === 'ok',
  );
  const usable = new Map(final.invites.map(({ id, uses }) => [id, uses]));
  let used = 0;
  for (const { maxUses, outcome } of invites) {
    const { inviteId } = outcome as Extract<Invite['outcome'], { kind: 'ok' }>;
    // Those that cannot be used any longer are not listed: none of them was revoked, and none expires.
    const uses = usable.get(inviteId) ?? maxUses;
    const most = Math.min(maxUses, possible.get(inviteId) ?? 0);
    if (uses > most) findings.add('doubledInvite', chatId, `${inviteId} was used ${uses} times, of at most ${most}`);
    used += uses;
  }
  const came = final.log.filter((event) => event.type === 'added' && event.isByThemselves).length;
  if (used !== came) findings.add('doubledInvite', chatId, `${came} came by invites, which were used ${used} times`);
};
