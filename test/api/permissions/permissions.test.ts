/** Every cell of `table.ts`, tried on a running server: what is allowed works, what is not gives that answer and changes nothing. */
import { beforeAll, describe, expect, it } from 'vitest';
import { change, idIn, must, run, type Answer } from '../../support/change.js';
import { ownNode } from '../../support/node.js';
import { administrator, newPerson, type Person } from '../../support/people.js';
import { rows, type Cell, type Row } from './table.js';

const node = ownNode();

let root: Person;
let people: Record<Row['role'], Person>;
/** In no chat, to be added, alone and among several. */
let newcomer: Person;
let another: Person;
/** Who else is in a chat; `keeper` owns a group, as Ada does. */
let [ada, boris, manager, keeper]: Person[] = [];
beforeAll(async () => {
  root = await administrator(node);
  people = { USER: await newPerson(node, 'me'), MANAGER: await newManager(), ADMIN: await newPerson(node, 'boss') };
  await must(root, 'setUserRole', { userId: people.ADMIN.id, role: 'ADMIN' });
  [newcomer, another] = [await newPerson(node, 'newcomer'), await newPerson(node, 'newcomer')];
  [ada, boris, manager] = [await newPerson(node, 'ada'), await newPerson(node, 'boris'), await newManager()];
  keeper = await newPerson(node, 'keeper');
});

const newManager = async () => {
  const person = await newPerson(node, 'manager');
  await must(root, 'setUserRole', { userId: person.id, role: 'MANAGER' });
  return person;
};

const brandIds = new Map<Person, string>();
const brandOf = async (owner: Person): Promise<string> => {
  const id =
    brandIds.get(owner) ?? idIn(await must(root, 'createBrand', { ownerId: owner.id, name: 'Brand' }), 'brand');
  brandIds.set(owner, id);
  return id;
};

let orders = 0;
let names = 0;

/**
 * A chat of that kind, with two people in it (in GROUP and ORDER others beside); once more for the same two, in a chat of two, it is
 * the same one.
 */
const openChat = async (kind: Row['kind'], one: Person, other: Person, beside: Person[]): Promise<string> => {
  const memberIds = [one, other, ...beside].map(({ id }) => id);
  switch (kind) {
    case 'GROUP':
      return idIn(await must(root, 'createChat', { name: 'Group', memberIds }), 'chat');
    case 'DIRECT':
      return idIn(await must(one, 'openDirectChat', { userId: other.id }), 'chat');
    case 'ORDER':
      return idIn(await must(root, 'openOrderChat', { orderRef: `order ${(orders += 1)}`, memberIds }), 'chat');
    case 'RELATION':
      return idIn(await must(root, 'createRelation', { managerId: one.id, clientId: other.id }), 'relation', 'chat');
    case 'MATCH':
      return idIn(await must(root, 'createMatch', { brandIds: [await brandOf(one), await brandOf(other)] }), 'chat');
  }
};

const closeChat = async (kind: Row['kind'], chatId: string): Promise<void> => {
  if (kind !== 'RELATION') return void (await must(root, 'closeChat', { chatId }));
  const { chat } = await run<{ chat: { relation: { id: string } } }>(
    root,
    'query ($id: ID!) { chat(id: $id) { relation { id } } }',
    { id: chatId },
  );
  await must(root, 'deleteRelation', { relationId: chat.relation.id });
};

/** A chat as the row says, with a message of another member's in it, and one of one's own where one could ever write there. */
const setUp = async ({ kind, state, role, is }: Row) => {
  const has = (word: string) => state.split(',').includes(word);
  const me = people[role];
  const isStranger = is === 'stranger';
  const isOfTwo = kind !== 'GROUP' && kind !== 'ORDER';
  const isMatch = kind === 'MATCH';
  // There is one for each pair, so one's own chats of two want somebody new.
  const newOther = () => (kind === 'RELATION' && role === 'USER' ? newManager() : newPerson(node, 'other'));
  const other = isOfTwo && !isStranger ? await newOther() : ada!;
  const victim = isOfTwo ? other : boris!;
  const partner = !isStranger ? me : kind === 'RELATION' ? manager! : boris!;
  const pair = kind === 'RELATION' && !isStranger && role === 'USER' ? [other, me] : [partner, other];

  const chatId = await openChat(kind, pair[0]!, pair[1]!, kind === 'GROUP' ? [victim, keeper!] : [victim]);
  if (kind === 'GROUP') {
    const setRole = (person: Person, to: string) =>
      must(root, 'setChatMemberRole', { chatId, userId: person.id, role: to });
    for (const owner of [keeper!, other]) await setRole(owner, 'OWNER');
    if (is === 'owner' || is === 'moderator') await setRole(me, is.toUpperCase());
    if (has('public')) await must(root, 'updateChat', { chatId, access: 'OPEN' });
  }
  const setPlan = async (plan: 'FREE' | 'BUSINESS') =>
    must(root, 'setBrandPlan', { brandId: await brandOf(other), plan });
  const say = async (person: Person) => idIn(await must(person, 'sendMessage', { chatId, text: 'Hello' }), 'message');
  const join = async (person: Person) => {
    const following = await person.follow({ id: chatId });
    await following.event('ChatReady');
    return following;
  };
  const canSend = async () => {
    const { chat } = await run<{ chat: { permissions: { canSend: boolean } } }>(
      me,
      'query ($id: ID!) { chat(id: $id) { permissions { canSend } } }',
      { id: chatId },
    );
    return chat.permissions.canSend;
  };

  if (isMatch) {
    await must(root, 'reopenChat', { chatId });
    await setPlan('BUSINESS');
    await join(other);
  }
  const theirs = await say(other);
  const mayEverWrite = !isStranger || (isMatch && role === 'ADMIN');
  const joined = isMatch && mayEverWrite ? await join(me) : null;
  const mine = mayEverWrite ? await say(me) : null;
  if (joined !== null && !has('joined')) {
    await joined.stop();
    while (await canSend());
  }
  if (isMatch && !has('business')) await setPlan('FREE');
  if (is === 'former') await must(root, 'removeChatMember', { chatId, userId: me.id });
  if (has('blocked')) await must(other, 'blockUser', { userId: me.id });
  if (has('closed')) await closeChat(kind, chatId);
  return { me, other, victim, chatId, theirs, mine };
};

type Scene = Awaited<ReturnType<typeof setUp>>;

const readAs = async ({ me, chatId }: Scene, selection: string): Promise<Cell> => {
  const { chat } = await run<{ chat: object | null }>(me, `query ($id: ID!) { chat(id: $id) { ${selection} } }`, {
    id: chatId,
  });
  return chat === null ? '–' : '✓';
};

const deleting = ({ chatId }: Scene, messageId: string | null) => ({ chatId, messageIds: [messageId] });

/** What each column tries, in an order in which what works leaves the rest to be tried: leaving, and joining again, come last. */
const tries: Record<string, (scene: Scene) => Promise<Cell | Answer>> = {
  see: (scene) => readAs(scene, 'id kind'),
  list: async (scene) => {
    const { messages } = await run<{ messages: { nodes: unknown[] } | null }>(
      scene.me,
      'query ($id: ID!) { messages(chatId: $id) { nodes { text } } }',
      { id: scene.chatId },
    );
    return messages === null ? '–' : messages.nodes.length > 0 ? '✓' : '·';
  },
  read: ({ me, chatId }) => change(me, 'markRead', { chatId }),
  type: ({ me, chatId }) => change(me, 'setTyping', { chatId, isTyping: false }),
  send: ({ me, chatId }) => change(me, 'sendMessage', { chatId, text: 'Tried' }),
  react: ({ me, theirs }) => change(me, 'addReaction', { messageId: theirs, emoji: '👍' }),
  unreact: ({ me, theirs }) => change(me, 'removeReaction', { messageId: theirs, emoji: '👍' }),
  pin: ({ me, theirs }) => change(me, 'pinMessage', { messageId: theirs }),
  unpin: ({ me, theirs }) => change(me, 'unpinMessage', { messageId: theirs }),
  everyone: ({ me, chatId }) => change(me, 'sendMessage', { chatId, text: 'Tried', mentionsEveryone: true }),
  edit: ({ me, mine }) => change(me, 'editMessage', { messageId: mine, text: 'Edited' }),
  'edit-other': ({ me, theirs }) => change(me, 'editMessage', { messageId: theirs, text: 'Edited' }),
  delete: (scene) => change(scene.me, 'deleteMessages', deleting(scene, scene.mine)),
  'delete-other': (scene) => change(scene.me, 'deleteMessages', deleting(scene, scene.theirs)),
  rename: ({ me, chatId }) => change(me, 'updateChat', { chatId, name: `Renamed ${(names += 1)}` }),
  add: ({ me, chatId }) => change(me, 'addChatMember', { chatId, userId: newcomer.id }),
  'add-all': ({ me, chatId }) => change(me, 'addChatMembers', { chatId, userIds: [another.id] }),
  roles: ({ me, chatId, victim }) => change(me, 'setChatMemberRole', { chatId, userId: victim.id, role: 'MODERATOR' }),
  invite: ({ me, chatId }) => change(me, 'createInvite', { chatId }),
  remove: ({ me, chatId, victim }) => change(me, 'removeChatMember', { chatId, userId: victim.id }),
  close: ({ me, chatId }) => change(me, 'closeChat', { chatId }),
  reopen: ({ me, chatId }) => change(me, 'reopenChat', { chatId }),
  follow: async ({ me, chatId }) => {
    const following = await me.follow({ id: chatId });
    const { data } = await following.next();
    const event = data!.chatEvents;
    return event.__typename === 'SubscriptionEnded' && event.code === 'CHAT_GONE' ? '–' : '✓';
  },
  'remove-owner': ({ me, chatId }) => change(me, 'removeChatMember', { chatId, userId: keeper!.id }),
  leave: ({ me, chatId }) => change(me, 'leaveChat', { chatId }),
  join: ({ me, chatId }) => change(me, 'joinChat', { chatId }),
};

/** What each of `Chat.permissions` says of a column: whether it works. */
const PERMISSIONS = {
  canSend: 'send',
  canReact: 'react',
  canPin: 'pin',
  canMentionEveryone: 'everyone',
  canInvite: 'invite',
  canDeleteOthers: 'delete-other',
  canManageMembers: 'remove',
  canRename: 'rename',
  canClose: 'close',
  canLeave: 'leave',
  canMarkRead: 'read',
};

const CELLS: Record<string, Cell> = {
  NotFoundError: '–',
  ForbiddenError: 'F',
  ChatClosedError: 'C',
  PlanRequiredError: 'P',
  NotJoinedError: 'J',
};

const cellOf = (answer: Cell | Answer): string =>
  typeof answer === 'string'
    ? answer
    : answer.__typename.endsWith('Success')
      ? '✓'
      : (CELLS[answer.__typename] ?? answer.__typename);

/** What is one event where it works and changes something. */
const ONE_EVENT = [
  'send',
  'react',
  'unreact',
  'pin',
  'unpin',
  'everyone',
  'edit',
  'delete',
  'delete-other',
  'rename',
  'add',
  'add-all',
  'remove',
  'roles',
  'remove-owner',
  'leave',
];

/** All that anyone could see of it: who is in the chat sees its log, and so its head. */
const stateOf = async ({ other, chatId }: Scene): Promise<string> =>
  JSON.stringify(
    await run(
      other,
      `query ($id: ID!) { chat(id: $id) { headSeq name closedAt messages { nodes { id text isEdited isDeleted pinnedAt reactions { emoji count } } }
        members { nodes { user { id } lastReadSeq } } } }`,
      { id: chatId },
    ),
  );

const headIn = (state: string): number => (JSON.parse(state) as { chat: { headSeq: number } }).chat.headSeq;

describe.each(['GROUP', 'DIRECT', 'RELATION', 'MATCH', 'ORDER'] as const)('%s', (kind) => {
  const own = rows.filter((row) => row.kind === kind);

  it.each(own.map((row) => [`${row.state}: what they may do, ${row.role} and ${row.is}`, row] as const))(
    'S3.12 C7 %s',
    async (_name, row) => {
      const scene = await setUp(row);
      const { me, chatId } = scene;
      const told = await run<{ chat: { permissions: object } | null }>(
        me,
        `query ($id: ID!) { chat(id: $id) { permissions { ${Object.keys(PERMISSIONS).join(' ')} } } }`,
        { id: chatId },
      );

      const isSeen = row.cells.get('see') === '✓';
      const works = ([permission, column]: [string, string]) => [permission, row.cells.get(column) === '✓'];
      expect(told.chat?.permissions).toEqual(
        isSeen ? Object.fromEntries(Object.entries(PERMISSIONS).map(works)) : undefined,
      );
      const found = new Map<string, string>();
      // What was refused left everything as it was after the last attempt that was not.
      let before: string | null = null;
      for (const [column, attempt] of Object.entries(tries)) {
        if (row.cells.get(column) === '·') {
          found.set(column, '·');
          continue;
        }
        before ??= await stateOf(scene);
        const cell = cellOf(await attempt(scene));
        found.set(column, cell);
        if (ONE_EVENT.includes(column)) {
          const events = headIn(await stateOf(scene)) - headIn(before);
          expect([column, events]).toEqual([column, cell === '✓' ? 1 : 0]);
        }
        if (cell === '✓') before = null;
        else expect([column, await stateOf(scene)]).toEqual([column, before]);
      }

      expect(Object.fromEntries([...row.cells.keys()].map((column) => [column, found.get(column)]))).toEqual(
        Object.fromEntries(row.cells),
      );
    },
  );
});

it('the table has everybody in every kind of chat, open and closed', () => {
  const plain = { member: roles, stranger: roles };
  const matched = { member: roles, stranger: ['ADMIN'] as const };
  const everybody: [kinds: string[], states: string[], who: Partial<Record<Row['is'], readonly Row['role'][]>>][] = [
    [['GROUP', 'ORDER'], ['open', 'closed'], { ...plain, former: roles }],
    [['GROUP'], ['open', 'closed'], { owner: roles, moderator: roles }],
    [['GROUP'], ['open,public', 'closed,public'], { member: ['USER'], stranger: roles }],
    [['RELATION'], ['open', 'closed'], plain],
    [['DIRECT'], ['open'], plain],
    [['DIRECT'], ['blocked'], { member: roles }],
    [['MATCH'], ['open', 'business', 'closed', 'business,closed'], plain],
    // Whoever does not see it cannot join it.
    [['MATCH'], ['joined', 'business,joined', 'closed,joined', 'business,closed,joined'], matched],
  ];

  const wanted = everybody.flatMap(([kinds, states, who]) =>
    kinds.flatMap((kind) =>
      states.flatMap((state) =>
        Object.entries(who).flatMap(([is, of]) => of.map((role) => `${kind} ${state} ${role} ${is}`)),
      ),
    ),
  );
  expect(rows.map(({ kind, state, role, is }) => `${kind} ${state} ${role} ${is}`).sort()).toEqual(wanted.sort());
});

const roles = ['USER', 'MANAGER', 'ADMIN'] as const;
