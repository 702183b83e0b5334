/** Rate limits. Each limit holds for any sliding window of its length, not for windows fixed to the clock. */
import type { RateLimitRule, RateLimitStore, Take } from '../bus/rate-limit-store.js';

export type { Take } from '../bus/rate-limit-store.js';

export type RateLimitKind =
  /** By the user's id. */
  | 'message'
  | 'edit'
  | 'reaction'
  | 'pin'
  | 'settings'
  | 'block'
  | 'typing'
  | 'directChat'
  | 'group'
  | 'manage'
  | 'join'
  | 'invite'
  | 'search'
  | 'upload'
  | 'report'
  /** By the username of the attempt. */
  | 'signInAs'
  /** By the address of the client. */
  | 'signInFrom'
  | 'registerFrom'
  | 'refreshFrom'
  | 'inviteFrom';

export interface RateLimits {
  /**
   * Counts one, unless that would exceed the limit. Give it back if the action had no effect.
   *
   * @param key the user, name or address that the limit applies to
   */
  take(kind: RateLimitKind, key: string): Promise<Take>;
}

export interface RateLimitSettings {
  messagesPerMinute: number;
  editsPerMinute: number;
  reactionsPerMinute: number;
  typingPerMinute: number;
  directChatsPerMinute: number;
  groupsPerHour: number;
  joinsPerMinute: number;
  searchesPerMinute: number;
  uploadsPerMinute: number;
  reportsPerMinute: number;
  signInsPerMinute: number;
  registrationsPerHour: number;
}

const MINUTE = 60_000;
// A refresh is one index lookup; this limit only keeps one address from doing nothing else all day.
const REFRESHES_PER_MINUTE = 600;

// Nobody else is told of them; this only keeps one user from writing their rows all day.
const SETTINGS_PER_MINUTE = 600;

// The same; and a user who blocks and unblocks by turns locks another's account.
const BLOCKS_PER_MINUTE = 60;
// Nobody else sees an invite being made, and each chat has few.
const INVITES_PER_MINUTE = 60;

// Codes cannot be guessed; this only keeps one address from asking all day.
const INVITE_LOOKS_PER_MINUTE = 300;

const rulesOf = (settings: RateLimitSettings): Record<RateLimitKind, RateLimitRule> => ({
  message: { limit: settings.messagesPerMinute, windowMs: MINUTE },
  edit: { limit: settings.editsPerMinute, windowMs: MINUTE },
  reaction: { limit: settings.reactionsPerMinute, windowMs: MINUTE },
  // Each is an event of the log, as an edit is.
  pin: { limit: settings.editsPerMinute, windowMs: MINUTE },
  settings: { limit: SETTINGS_PER_MINUTE, windowMs: MINUTE },
  block: { limit: BLOCKS_PER_MINUTE, windowMs: MINUTE },
  typing: { limit: settings.typingPerMinute, windowMs: MINUTE },
  directChat: { limit: settings.directChatsPerMinute, windowMs: MINUTE },
  group: { limit: settings.groupsPerHour, windowMs: 60 * MINUTE },
  // As `pin`.
  manage: { limit: settings.editsPerMinute, windowMs: MINUTE },
  join: { limit: settings.joinsPerMinute, windowMs: MINUTE },
  invite: { limit: INVITES_PER_MINUTE, windowMs: MINUTE },
  search: { limit: settings.searchesPerMinute, windowMs: MINUTE },
  upload: { limit: settings.uploadsPerMinute, windowMs: MINUTE },
  report: { limit: settings.reportsPerMinute, windowMs: MINUTE },
  // Many attempts at once must not open these limits to password guessing: they wait for a busy Redis, as they wait for hashing.
  signInAs: { limit: settings.signInsPerMinute, windowMs: MINUTE, isPatient: true },
  signInFrom: { limit: settings.signInsPerMinute, windowMs: MINUTE, isPatient: true },
  registerFrom: { limit: settings.registrationsPerHour, windowMs: 60 * MINUTE, isPatient: true },
  refreshFrom: { limit: REFRESHES_PER_MINUTE, windowMs: MINUTE },
  inviteFrom: { limit: INVITE_LOOKS_PER_MINUTE, windowMs: MINUTE },
});

const unlimited: Take = { allowed: true, giveBack: () => undefined };

/** @param settings 0 = no limit */
export const createRateLimits = (store: RateLimitStore, settings: RateLimitSettings): RateLimits => {
  const rules = rulesOf(settings);
  return {
    take: (kind, key) => {
      const rule = rules[kind];
      return rule.limit === 0 ? Promise.resolve(unlimited) : store.take(`${kind}:${key}`, rule);
    },
  };
};
