/** Picks the demo user for GraphiQL's tabs: one with a known password, in the chat with the most messages. */
import type { Chats } from '../domain/chats/chats.js';
import { OPERATOR, type Users } from '../domain/accounts/users.js';
import type { Viewer } from '../domain/viewer.js';
import { encodeGlobalId } from '../graphql/global-id.js';
import { encodeCursor } from '../log/cursor.js';
import type { Talker } from './graphiql-tabs.js';

const NAMES = ['maria', 'boris'];
const SLUG = 'festival';

/** @returns undefined if their passwords were changed or the chat is gone */
export const findTalker = async (
  demo: readonly { username: string; password: string | null }[],
  { users, chats }: { users: Pick<Users, 'byUsername'>; chats: Pick<Chats, 'find'> },
): Promise<Talker | undefined> => {
  const [one, other] = NAMES.flatMap((name) => demo.find(({ username }) => username === name) ?? []);
  if (one === undefined || one.password === null) return undefined;
  const user = await users.byUsername(OPERATOR, one.username);
  if (user === undefined) return undefined;
  const viewer: Viewer = {
    id: user.id,
    role: user.role,
    credential: { kind: 'session', sessionId: '' },
    expiresAt: null,
  };
  const chat = await chats.find(viewer, { slug: SLUG });
  if (chat === null) return undefined;
  return {
    username: one.username,
    password: one.password,
    chatId: encodeGlobalId('Chat', chat.id),
    cursor: encodeCursor({ chatId: chat.id, seq: chat.headSeq, mark: chat.headMark }),
    ...(other && { otherUsername: other.username }),
  };
};
