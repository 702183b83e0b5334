/** Every cell of `table.ts`, tried on a running server: what is allowed works, what is not gives that answer and changes nothing. */
import { beforeAll, describe, expect, it } from 'vitest';
import { change, idIn, must, run, type Answer } from '../../support/change.js';
import { ownNode } from '../../support/node.js';
import { administrator, newPerson, staffMember, type Person } from '../../support/people.js';
import { until } from '../../support/until.js';
import { rows, type Cell, type Row } from './table.js';

const node = ownNode();

let root: Person;
let people: Record<Row['role'], Person>;
let newcomer: Person;
let orders = 0;
beforeAll(async () => {
  root = await administrator(node);
  const [USER, MANAGER, ADMIN] = [
    await newPerson(node, 'me'),
    await staffMember(node, 'MANAGER'),
    await staffMember(node, 'ADMIN'),
  ];
  people = { USER, MANAGER, ADMIN };
  newcomer = await newPerson(node, 'newcomer');
  for (const owner of [USER, MANAGER, ADMIN]) await must(root, 'createBrand', { ownerId: owner.id, name: 'Brand' });
});

/** A chat as the row says, with a message of another member's in it, and one of one's own where one could ever write there. */
const setUp = async ({ kind, state, role, is }: Row) => {
  const me = people[role];
  const other =
    kind === 'RELATION' && role === 'USER' ? await staffMember(node, 'MANAGER') : await newPerson(node, 'other');
  const victim = kind === 'GROUP' || kind === 'ORDER' ? await newPerson(node, 'victim') : other;
  const partner = is === 'stranger' ? await newPerson(node, 'partner') : me;
  const has = (word: string) => state.split(',').includes(word);
  let undo = async () => {};

  const open = async (): Promise<string> => {
    const inside = [other, victim, ...(is === 'stranger' ? [] : [me])].map(({ id }) => id);
    switch (kind) {
      case 'GROUP':
        return idIn(await must(root, 'createChat', { name: 'Group', memberIds: inside }), 'chat');
      case 'DIRECT':
        return idIn(await must(partner, 'openDirectChat', { userId: other.id }), 'chat');
      case 'ORDER':
        return idIn(
          await must(root, 'openOrderChat', { orderRef: `order ${(orders += 1)}`, memberIds: inside }),
          'chat',
        );
      case 'RELATION': {
        const isManager = is !== 'stranger' && role !== 'USER';
        const manager = isManager
          ? me
          : role === 'USER' && is !== 'stranger'
            ? other
            : await staffMember(node, 'MANAGER');
        const client = isManager ? other : is === 'stranger' ? other : me;
        const made = await must(root, 'createRelation', { managerId: manager.id, clientId: client.id });
        undo = async () => void (await must(root, 'deleteRelation', { relationId: idIn(made, 'relation') }));
        return idIn(made, 'relation', 'chat');
      }
      case 'MATCH': {
        const brandOf = async (owner: Person) => {
          const { user } = await run<{ user: { brand: { id: string } | null } }>(
            root,
            'query ($id: ID!) { user(id: $id) { brand { id } } }',
            { id: owner.id },
          );
          return user.brand?.id ?? idIn(await must(root, 'createBrand', { ownerId: owner.id, name: 'Brand' }), 'brand');
        };
        const brandIds = [await brandOf(partner), await brandOf(other)];
        const chatId = idIn(await must(root, 'createMatch', { brandIds }), 'chat');
        setPlan = (plan) => must(root, 'setBrandPlan', { brandId: brandIds[1]!, plan });
        return chatId;
      }
    }
  };
  let setPlan = (_plan: 'FREE' | 'BUSINESS'): Promise<unknown> => Promise.resolve();
  const chatId = await open();
  const chat = { id: chatId };

  const joining = async <Result>(person: Person, work: () => Promise<Result>): Promise<Result> => {
    if (kind !== 'MATCH') return work();
    const following = await person.follow(chat);
    await following.event('ChatReady');
    const result = await work();
    await following.stop();
    let canSend = true;
    await until(() => {
      void run<{ chat: { permissions: { canSend: boolean } } }>(
        person,
        'query ($id: ID!) { chat(id: $id) { permissions { canSend } } }',
        chat,
      ).then((answer) => (canSend = answer.chat.permissions.canSend));
      return !canSend;
    }, 'the place to be free');
    return result;
  };
  const say = async (person: Person) =>
    idIn(await joining(person, () => must(person, 'sendMessage', { chatId, text: 'Hello' })), 'message');

  const theirs = await say(other);
  const mayEverWrite = is !== 'stranger' || (kind === 'MATCH' && role === 'ADMIN');
  if (kind === 'MATCH') await setPlan('BUSINESS');
  const mine = mayEverWrite ? await say(me) : null;
  if (kind === 'MATCH' && !has('business')) await setPlan('FREE');
  if (is === 'former') await must(root, 'removeChatMember', { chatId, userId: me.id });
  if (has('closed')) await (kind === 'RELATION' ? undo() : must(root, 'closeChat', { chatId }));
  if (has('joined')) await (await me.follow(chat)).event('ChatReady');
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

/** What each column tries, in an order in which what works leaves the rest to be tried: leaving comes last. */
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
  edit: ({ me, mine }) => change(me, 'editMessage', { messageId: mine, text: 'Edited' }),
  'edit-other': ({ me, theirs }) => change(me, 'editMessage', { messageId: theirs, text: 'Edited' }),
  delete: (scene) => change(scene.me, 'deleteMessages', deleting(scene, scene.mine)),
  'delete-other': (scene) => change(scene.me, 'deleteMessages', deleting(scene, scene.theirs)),
  rename: ({ me, chatId }) => change(me, 'updateChat', { chatId, name: 'Renamed' }),
  add: ({ me, chatId }) => change(me, 'addChatMember', { chatId, userId: newcomer.id }),
  remove: ({ me, chatId, victim }) => change(me, 'removeChatMember', { chatId, userId: victim.id }),
  close: ({ me, chatId }) => change(me, 'closeChat', { chatId }),
  reopen: ({ me, chatId }) => change(me, 'reopenChat', { chatId }),
  follow: async ({ me, chatId }) => {
    const following = await me.follow({ id: chatId });
    const { data } = await following.next();
    const event = data!.chatEvents;
    return event.__typename === 'SubscriptionEnded' && event.code === 'CHAT_GONE' ? '–' : '✓';
  },
  leave: ({ me, chatId }) => change(me, 'leaveChat', { chatId }),
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

/** All that anyone could see of it: who is in the chat sees its log, and so its head. */
const stateOf = async ({ other, chatId }: Scene): Promise<string> =>
  JSON.stringify(
    await run(
      other,
      `query ($id: ID!) { chat(id: $id) { headSeq name closedAt messages { nodes { id text isEdited isDeleted } }
        members { nodes { user { id } lastReadSeq } } } }`,
      { id: chatId },
    ),
  );

describe.each(['GROUP', 'DIRECT', 'RELATION', 'MATCH', 'ORDER'] as const)('%s', (kind) => {
  const own = rows.filter((row) => row.kind === kind);

  it.each(own.map((row) => [`${row.state}: what a ${row.role} may do who is a ${row.is}`, row] as const))(
    'C7 %s',
    async (_name, row) => {
      const scene = await setUp(row);
      // Whoever looks on must not be removed: in chats of two nobody can be.
      const found = new Map<string, string>();
      for (const [column, attempt] of Object.entries(tries)) {
        if (row.cells.get(column) === '·') {
          found.set(column, '·');
          continue;
        }
        const before = await stateOf(scene);
        const cell = cellOf(await attempt(scene));
        found.set(column, cell);
        if (cell !== '✓') expect([column, await stateOf(scene)]).toEqual([column, before]);
      }

      expect(Object.fromEntries([...row.cells.keys()].map((column) => [column, found.get(column)]))).toEqual(
        Object.fromEntries(row.cells),
      );
    },
  );
});
