/** Judges a run by its record alone. */
import type { FinalNotifications, History } from '../history.js';
import { createFindings, type Anomaly, type Findings } from './anomalies.js';
import { createFacts } from './facts.js';
import { checkFollower } from './followers.js';
import { checkInvites } from './invites.js';
import { checkMessages } from './messages.js';
import { checkOwners } from './owners.js';
import { checkPins } from './pins.js';
import { checkReactions } from './reactions.js';
import { checkReads } from './reads.js';

/** @returns what is wrong; nothing where every promise was kept */
export const checkHistory = (history: History): Anomaly[] => {
  const findings = createFindings();
  const facts = createFacts(history);
  checkMessages(facts, findings);
  checkReads(facts, findings);
  checkReactions(facts, findings);
  checkPins(facts, findings);
  checkInvites(facts, findings);
  checkOwners(facts, findings);
  for (const follower of history.followers) checkFollower(facts, follower, findings);
  for (const list of history.final.notifications) checkNotifications(list, findings);
  return findings.list();
};

const checkNotifications = ({ userId, kept, queried }: FinalNotifications, findings: Findings) => {
  const left = [...queried];
  for (const one of kept) {
    const at = left.indexOf(one);
    if (at === -1) findings.add('notifications', '', `${userId} keeps "${one}", which a query does not answer`);
    else left.splice(at, 1);
  }
  for (const one of left) findings.add('notifications', '', `${userId} does not keep "${one}"`);
};
