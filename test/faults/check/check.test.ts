/** The checker is checked: each thing that can be wrong is put into a history by hand, and must be named, and nothing else. */
import { describe, expect, it } from 'vitest';
import type { FollowerItem, FollowerRecord, History, Operation } from '../history.js';
import { tell } from './a-history.js';
import { ANOMALIES, type AnomalyKind } from './anomalies.js';
import { checkHistory } from './check.js';

/** Everything that there is, and all of it right. */
const healthy = (): History => {
  const story = tell({ one: ['ada', 'boris', 'chen'], two: ['ada', 'boris'] });
  const observer = story.follow('root', 'one', { isSelectingOwn: true });
  const boris = story.follow('boris', 'one', { isSelectingOwn: true });
  const everywhere = story.follow('ada', null);
  const chen = story.follow('chen', 'one');
  const passing = story.follow('ada', 'two');
  for (let n = 1; n <= 5; n += 1) story.send('ada', 'one', `text ${n}`);
  story.send('boris', 'two', 'elsewhere');
  story.sendUnheard('boris', 'one', 'heard of late', { happens: true });
  story.sendUnheard('boris', 'one', 'done at the second try', { happens: false });
  story.sendUnheard('boris', 'one', 'never heard of, and done', { happens: true, isLeftOpen: true });
  story.sendUnheard('boris', 'one', 'never heard of, and not done', { happens: false, isLeftOpen: true });
  story.markRead('ada', 'one', 4);
  observer.drop();
  story.edit('ada', 'one', 2, 'text 2, edited');
  story.edit('ada', 'one', 2, 'text 2, edited again');
  boris.drop();
  story.delete('root', 'one', 3);
  observer.comeBack('node2');
  boris.comeBack('node2');
  story.markRead('ada', 'one', 8);
  passing.stop();
  story.remove('one', 'chen');
  story.refuseSend('chen', 'one', 'refused');
  story.send('ada', 'one', 'not for chen');
  story.edit('ada', 'one', 5, 'not for chen either');
  story.add('two', 'chen');
  everywhere.drop();
  story.send('chen', 'two', 'chen is here');
  everywhere.comeBack('node2');
  story.add('one', 'chen');
  chen.comeBack('node1');
  story.send('chen', 'one', 'chen is back');
  boris.drop();
  boris.comeBackFromLostFuture();
  story.own('one', 'ada');
  story.react('boris', 'one', 1);
  story.react('ada', 'one', 1);
  story.react('chen', 'one', 1);
  story.unreact('chen', 'one', 1);
  story.pin('one', 1);
  story.pin('one', 2);
  story.unpin('one', 2);
  story.come('dana', 'one');
  story.mention('boris', 'one', 'ada, look', 'ada');
  story.send('ada', 'one', 'the last');
  return story.finish();
};

type Put = (history: History) => void;

const chatOf = (history: History, chatId = 'one') => history.final.chats.find((chat) => chat.chatId === chatId)!;
const followerOf = (history: History, name: string) => history.followers.find((follower) => follower.name === name)!;
const sendOf = (history: History, text: string) =>
  history.operations.find(
    (one) => one.what === 'send' && one.text === text && one.outcome.kind === 'ok',
  ) as Operation & {
    outcome: { messageId: string; seq: number };
  };
const given = ({ items }: FollowerRecord, seq: number, chatId = 'one') =>
  items.findIndex((item) => item.kind === 'event' && item.event.seq === seq && item.event.chatId === chatId);
const eventAt = (follower: FollowerRecord, seq: number) =>
  follower.items[given(follower, seq)] as Extract<FollowerItem, { kind: 'event' }>;
const viewIn = (history: History, userId: string) =>
  history.final.views.find((view) => view.userId === userId && view.chatId === 'one')!;
const last = <Item>(items: readonly Item[]): Item => items.at(-1)!;
const headOf = (history: History) => chatOf(history).headSeq;

/** Takes a message out of the final log and history, and whatever was told of it. */
const forget = (history: History, text: string) => {
  const { outcome } = sendOf(history, text);
  const chat = chatOf(history);
  expect(outcome.seq).toBe(chat.headSeq);
  chat.headSeq -= 1;
  chat.log.pop();
  chat.messages.pop();
  history.final.views.forEach((view) => (view.unreadCount -= view.chatId === 'one' && view.userId !== 'ada' ? 1 : 0));
  for (const follower of history.followers)
    follower.items = follower.items.filter(
      (item) => item.kind !== 'event' || item.event.seq !== outcome.seq || item.event.chatId !== 'one',
    );
};

const wrong: [AnomalyKind, string, Put][] = [
  ['lost', 'an acknowledged message is nowhere', (history) => forget(history, 'the last')],
  ['lost', 'a follower was not given the last event', (history) => void followerOf(history, 'root in one').items.pop()],
  [
    'lost',
    'somebody following everything was never given what came first in a chat',
    (history) => {
      const follower = followerOf(history, 'ada in null');
      follower.items.splice(given(follower, 1, 'two'), 1);
    },
  ],
  ['lost', 'a number is missing in the log', (history) => void chatOf(history).log.splice(5, 1)],
  [
    'lost',
    'a member is turned away',
    (history) => void followerOf(history, 'root in one').items.push({ at: 1e4, kind: 'ended', code: 'CHAT_GONE' }),
  ],
  [
    'lost',
    'who was added is no member',
    (history) => {
      const chat = chatOf(history);
      chat.members = chat.members.filter((id) => id !== 'chen');
      history.final.views = history.final.views.filter(({ userId, chatId }) => userId !== 'chen' || chatId !== 'one');
    },
  ],
  [
    'duplicate',
    'a follower was given an event twice',
    (history) => {
      const { items } = followerOf(history, 'root in one');
      items.push(last(items));
    },
  ],
  [
    'duplicate',
    'a key is there twice',
    (history) => {
      const chat = chatOf(history);
      const twin = chat.log[0]! as { key: string | null } & (typeof chat.log)[0];
      const other = chat.log[1]! as { key: string | null } & (typeof chat.log)[0];
      const send = sendOf(history, 'text 2') as unknown as { key: string; outcome: unknown };
      history.operations.splice(history.operations.indexOf(send as never), 1);
      other.key = twin.key;
      for (const { items } of history.followers)
        for (const item of items)
          if (
            item.kind === 'event' &&
            item.event.type === 'sent' &&
            item.event.chatId === 'one' &&
            item.event.seq === 2
          )
            item.event.key = twin.key;
    },
  ],
  [
    'duplicate',
    'a repeated key is answered with another message',
    (history) => {
      const first = sendOf(history, 'text 1');
      history.operations.push({
        ...first,
        startedAt: 1e4,
        endedAt: 1e4,
        outcome: { ...first.outcome, seq: 2 },
      } as Operation);
    },
  ],
  [
    'twoContents',
    'a follower was given another message under a number',
    (history) => {
      const { event } = eventAt(followerOf(history, 'root in one'), 2);
      if (event.type === 'sent') event.message.id = 'another';
    },
  ],
  [
    'twoContents',
    'a number was acknowledged for another message',
    (history) => {
      sendOf(history, 'text 1').outcome.messageId = 'another';
    },
  ],
  [
    'gap',
    'a number is left out',
    (history) => {
      const { items } = followerOf(history, 'root in one');
      items.splice(given(followerOf(history, 'root in one'), 3), 1);
    },
  ],
  [
    'gap',
    'what happened while a socket was away is left out',
    (history) => {
      const follower = followerOf(history, 'root in one');
      const [from, to] = [given(follower, 9), given(follower, 11)];
      follower.items.splice(from, to - from);
    },
  ],
  [
    'outOfOrder',
    'who is ready at the head is given an old event',
    (history) => {
      const old = eventAt(followerOf(history, 'root in one'), 1);
      followerOf(history, 'chen in one').items.push({ ...old, at: 1e4 });
    },
  ],
  [
    'ghost',
    'a refused message is there',
    (history) => {
      sendOf(history, 'the last').outcome = { kind: 'fail', code: 'RateLimitedError' } as never;
    },
  ],
  [
    'ghost',
    'nobody sent it',
    (history) => {
      history.operations.splice(history.operations.indexOf(sendOf(history, 'the last')), 1);
    },
  ],
  [
    'ghost',
    'nobody deleted it',
    (history) => {
      history.operations = history.operations.filter(({ what }) => what !== 'delete');
    },
  ],
  [
    'unauthorised',
    'the removed is given what follows',
    (history) => {
      const follower = followerOf(history, 'chen in one');
      const removal = follower.items.findIndex((item) => item.kind === 'ended');
      const event = eventAt(
        followerOf(history, 'root in one'),
        chatOf(history).log.find((one) => one.type === 'removed')!.seq + 1,
      );
      follower.items.splice(removal, 0, { ...event });
    },
  ],
  [
    'unauthorised',
    'the removed is given a text that was written afterwards',
    (history) => {
      const follower = followerOf(history, 'chen in one');
      const { event } = eventAt(follower, 5);
      if (event.type === 'sent') event.message.text = 'not for chen either';
    },
  ],
  [
    'unauthorised',
    'a member is given the membership of another as their own',
    (history) => {
      Object.assign(eventAt(followerOf(history, 'boris in one'), 2), { memberId: 'ada' });
    },
  ],
  [
    'unauthorised',
    'a message of the removed was taken',
    (history) => {
      const event = chatOf(history).log.find((one) => one.type === 'sent' && one.message.text === 'not for chen')!;
      const send = sendOf(history, 'not for chen');
      send.by = 'chen';
      const everywhere = [
        event,
        ...history.followers.flatMap(({ items }) =>
          items.flatMap((item) =>
            item.kind === 'event' && item.event.seq === event.seq && item.event.chatId === 'one' ? [item.event] : [],
          ),
        ),
      ];
      for (const one of everywhere) if (one.type === 'sent') one.message.senderId = 'chen';
      for (const message of chatOf(history).messages) if (message.seq === event.seq) message.senderId = 'chen';
      for (const view of history.final.views) {
        if (view.chatId !== 'one') continue;
        if (view.userId === 'ada') view.unreadCount += 1;
        if (view.userId === 'chen') view.unreadCount -= 1;
      }
    },
  ],
  [
    'readBack',
    'an answer goes back',
    (history) => {
      const reads = history.operations.filter(({ what }) => what === 'markRead');
      reads[1]!.outcome = { kind: 'ok', lastReadSeq: 3, unreadCount: 0 };
      history.final.views.forEach((view) => view.userId === 'ada' && view.chatId === 'one' && (view.lastReadSeq = 8));
    },
  ],
  [
    'readBack',
    'a follower is told of less',
    (history) => {
      followerOf(history, 'chen in one').items.push(
        { at: 1e4, kind: 'read', chatId: 'one', userId: 'ada', lastReadSeq: 5 },
        { at: 1e4, kind: 'read', chatId: 'one', userId: 'ada', lastReadSeq: 4 },
      );
    },
  ],
  [
    'readBack',
    'it is beyond the head',
    (history) => {
      const view = history.final.views.find(({ userId, chatId }) => userId === 'ada' && chatId === 'one')!;
      view.lastReadSeq = headOf(history) + 1;
      view.unreadCount = 0;
      view.unreadMentionCount = 0;
    },
  ],
  ['unread', 'one too many', (history) => void (history.final.views[1]!.unreadCount += 1)],
  ['editUndone', 'the first text is back', (history) => void (chatOf(history).messages[1]!.text = 'text 2')],
  ['editUndone', 'an earlier edit is back', (history) => void (chatOf(history).messages[1]!.text = 'text 2, edited')],
  [
    'deletedBack',
    'a deleted text is there at the end',
    (history) => {
      Object.assign(chatOf(history).messages[2]!, { text: 'text 3', isDeleted: false });
      history.final.views.forEach(
        (view) => (view.unreadCount += view.chatId === 'one' && view.lastReadSeq < 3 && view.userId !== 'ada' ? 1 : 0),
      );
    },
  ],
  [
    'deletedBack',
    'a replay shows a deleted text',
    (history) => {
      followerOf(history, 'chen in one').isOpenAtEnd = false;
      followerOf(history, 'chen in one').items.push(
        { at: 1e4, kind: 'open', node: 'node1', after: [{ chatId: 'one', seq: 2 }] },
        {
          at: 1e4,
          kind: 'event',
          event: {
            chatId: 'one',
            seq: 3,
            type: 'sent',
            key: 'key of text 3',
            message: { id: 'one/3', seq: 3, senderId: 'ada', text: 'text 3', isDeleted: false },
          },
        },
      );
    },
  ],
  [
    'realTimeOrder',
    'what was acknowledged first has the higher number',
    (history) => {
      const [first, second] = [sendOf(history, 'text 1'), sendOf(history, 'text 2')];
      Object.assign(first, { startedAt: 9000, endedAt: 9001 });
      Object.assign(second, { startedAt: 0, endedAt: 1 });
      // So that no other comes between.
      for (const one of history.operations)
        if (one.what === 'send' && one.chatId === 'one' && one !== second)
          Object.assign(one, { startedAt: one === first ? 9000 : 0, endedAt: 9001 });
    },
  ],
  [
    'lostFuture',
    'a cursor of a lost future is gone on from',
    (history) => {
      const { items } = followerOf(history, 'boris in one');
      items.splice(
        items.findIndex(({ kind }) => kind === 'resync'),
        1,
      );
    },
  ],
  ['mentionCount', 'one too many', (history) => void (viewIn(history, 'ada').unreadMentionCount += 1)],
  ['mentionCount', 'none is counted', (history) => void (viewIn(history, 'ada').unreadMentionCount = 0)],
  [
    'lostReaction',
    'an acknowledged reaction is not there',
    (history) => {
      const [group] = chatOf(history).reactions;
      group!.count = 1;
      group!.userIds = ['boris'];
    },
  ],
  ['lostReaction', 'it is there, and not counted', (history) => void (chatOf(history).reactions[0]!.count -= 1)],
  [
    'lostReaction',
    'one that was removed is there',
    (history) => void chatOf(history).reactions[0]!.userIds.splice(0, 1, 'chen'),
  ],
  ['doubledReaction', 'it is counted twice', (history) => void (chatOf(history).reactions[0]!.count += 1)],
  [
    'doubledReaction',
    'somebody is there twice',
    (history) => {
      const [group] = chatOf(history).reactions;
      group!.userIds.push('ada');
      group!.count = 3;
    },
  ],
  ['doubledInvite', 'one use is counted twice', (history) => void (chatOf(history).invites[0]!.uses = 2)],
  [
    'doubledInvite',
    'more came than it has uses',
    (history) => {
      chatOf(history).invites = [];
    },
  ],
  ['pins', 'what was pinned is not', (history) => void (chatOf(history).pinnedIds = [])],
  ['pins', 'what was unpinned is', (history) => void chatOf(history).pinnedIds.push('one/2')],
  ['ownerless', 'nobody owns it', (history) => void (chatOf(history).owners = [])],
  [
    'notifications',
    'the list keeps what is gone',
    (history) => void history.final.notifications[0]!.kept.push('three'),
  ],
  ['notifications', 'the list lacks one', (history) => void history.final.notifications[0]!.kept.pop()],
  [
    'notCaughtUp',
    'the last event came too late',
    (history) => {
      const { items } = followerOf(history, 'root in one');
      const late = last(items);
      late.at = history.lastFaultAt + history.caughtUpWithinMs + 1;
      const { outcome } = sendOf(history, 'the last');
      expect(late).toMatchObject({ event: { seq: outcome.seq } });
    },
  ],
  [
    'notCaughtUp',
    'a follower did not come back',
    (history) => {
      const follower = followerOf(history, 'root in one');
      follower.items.push(
        { at: 1e4, kind: 'lost' },
        { at: 1e4, kind: 'open', node: 'node1', after: [{ chatId: 'one', seq: headOf(history) }] },
      );
    },
  ],
];

describe('the checker', () => {
  it('has nothing against a history in which everything is right', () => {
    expect(checkHistory(healthy())).toEqual([]);
  });

  it.each(wrong)('names %s: %s', (kind, _what, put) => {
    const history = structuredClone(healthy());
    put(history);

    const found = checkHistory(history);

    expect(
      found.map((one) => one.kind),
      JSON.stringify(found),
    ).toContain(kind);
    expect([...new Set(found.map((one) => one.kind))], JSON.stringify(found)).toEqual([kind]);
  });

  it('is checked for everything that it can name', () => {
    expect(new Set(wrong.map(([kind]) => kind))).toEqual(new Set(Object.keys(ANOMALIES)));
  });

  it('finds the one event in a hundred thousand that one follower was not given', () => {
    const story = tell({ one: ['ada', 'boris'] });
    for (let n = 0; n < 5; n += 1) story.follow('boris', 'one');
    for (let n = 0; n < 20_000; n += 1) story.send('ada', 'one', `text ${n}`);
    const history = story.finish();
    expect(checkHistory(history)).toEqual([]);

    history.followers[3]!.items.splice(12_345, 1);

    expect(checkHistory(history)).toMatchObject([{ kind: 'gap' }]);
  });
});
