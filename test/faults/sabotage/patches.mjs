// What is changed in which file of src/, by the name of the sabotage. Each is what somebody might well write.

/** @type {Record<string, { file: string, from: string, to: string }[]>} */
export const patches = {
  // What was committed after a higher number of another transaction was seen is never seen.
  'a global serial as cursor': [
    {
      file: 'log/rounds.ts',
      from: 'FROM event WHERE ${SINCE} GROUP BY chat_id',
      to: 'FROM event WHERE serial > $1::text::bigint GROUP BY chat_id',
    },
    {
      file: 'log/rounds.ts',
      from: 'SELECT ${MOMENT}',
      to: 'SELECT (SELECT coalesce(max(serial), 0) FROM event)::text AS xmax, ARRAY[]::text[] AS xip',
    },
  ],
  'delivery by Redis alone': [
    {
      file: 'log/tail.ts',
      from: 'const stopListening = rounds.onMoved(onMoved);',
      to: 'void onMoved; const stopListening = () => {};',
    },
  ],
  'no key check on repeat': [
    { file: 'log/send-statement.ts', from: 'AND earlier.client_message_id = input.client_message_id', to: 'AND false' },
  ],
  'membership asked once per subscription': [
    {
      file: 'domain/streams/chat-reader.ts',
      from: 'removals.find((one) => one.userId === viewerId && one.seq > entitledSeq && one.seq >= event.seq)',
      to: 'removals.find(() => false)',
    },
    {
      file: 'domain/streams/chat-reader.ts',
      from: 'if (isOwnRemoval && !seesWithoutMembership) {',
      to: 'if (isOwnRemoval && false) {',
    },
  ],
  'reading the log before following': [
    {
      file: 'domain/streams/chat-stream.ts',
      from: `    await tail.follow([chatId], follower);
    if (!subscription.isOpen())`,
      to: `    await checkAccess();
    await new Promise((resolve) => setTimeout(resolve, 300)); // a pause, so that it happens often
    await tail.follow([chatId], follower);
    if (!subscription.isOpen())`,
    },
  ],
  'an unbounded queue': [
    { file: 'domain/streams/outbox.ts', from: 'const MAX_ITEMS = 1000;', to: 'const MAX_ITEMS = Infinity;' },
    {
      file: 'domain/streams/outbox.ts',
      from: 'const MAX_BYTES = 2 * 1024 * 1024;',
      to: 'const MAX_BYTES = Infinity;',
    },
  ],
  'bytes shared although the viewer was read': [
    {
      file: 'server/live-results.ts',
      from: 'event !== null && !context.isPersonal && result.errors === undefined',
      to: 'event !== null && result.errors === undefined',
    },
    // Whatever is the viewer's takes a query.
    {
      file: 'server/live-results.ts',
      from: '      this.#writeLater(result).catch(',
      to: `      const sharing = result.then((late) => {
        if (event !== null && late.errors === undefined) this.#shared.set(event, plan, this.#bytesOf(late));
        return late;
      });
      this.#writeLater(sharing).catch(`,
    },
  ],
  'removing one reaction removes all by the same user': [
    {
      file: 'domain/messages/reactions.ts',
      from: '(message_seq, user_id, emoji) IN (SELECT * FROM unnest($2::int[], $3::bigint[], $4::text[]))',
      to: '(message_seq, user_id) IN (SELECT seq, by FROM unnest($2::int[], $3::bigint[], $4::text[]) AS gone(seq, by, emoji))',
    },
  ],
  'a reaction added again is counted again': [
    {
      file: 'domain/messages/reactions.ts',
      from: 'if (own.has(asked.emoji) === isAdded) return null;',
      to: 'if (!isAdded && !own.has(asked.emoji)) return null;',
    },
  ],
  'an invite used by members too': [
    {
      file: 'domain/chats/invites.ts',
      from: `      if (me.actor.isMember) return { chat: { ...tx.chat }, isNew: false };
      if ((await`,
      to: `      const isMember = me.actor.isMember && (await tx.query(USE, [found.id, found.chatId])).length >= 0;
      if (isMember) return { chat: { ...tx.chat }, isNew: false };
      if ((await`,
    },
  ],
  'somebody mentioned by name and as everyone has two mentions': [
    {
      file: 'domain/messages/mention-reads.ts',
      from: 'count(DISTINCT mention.message_seq)',
      to: 'count(mention.message_seq)',
    },
  ],
  'unpinning takes the oldest pin': [
    {
      file: 'domain/messages/pins.ts',
      from: 'SET pinned_seqs = array_remove(pinned_seqs, $2::int) WHERE id = $1',
      to: 'SET pinned_seqs = pinned_seqs[2:] WHERE id = $1 AND $2::int > 0',
    },
  ],
  'nobody follows the last owner': [
    {
      file: 'domain/chats/members.ts',
      from: "if (actor.chatRole === 'OWNER') await succeed(tx, me);",
      to: 'void succeed;',
    },
  ],
};
