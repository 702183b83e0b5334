/** Reports, as people and administrators see them, and what the audit log says of it. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  MessagesAroundReportDocument,
  ReportMessageDocument,
  ReportsDocument,
  ResolveReportDocument,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { administrator, directChat, newPerson, say, type Person } from '../support/people.js';

const node = ownNode();

let [ada, boris, root]: Person[] = [];
beforeAll(async () => {
  [ada, boris, root] = [await newPerson(node, 'ada'), await newPerson(node, 'boris'), await administrator(node)];
});

const reported = async () => {
  const chat = await directChat(ada!, boris!);
  const message = await say(boris!, chat, 'Buy this');
  const { reportMessage } = await ada!.ask(ReportMessageDocument, {
    messageId: message.id,
    reason: 'SPAM' as never,
    comment: 'Again',
  });
  return { chat, message, reportId: (reportMessage as { report: { id: string } }).report.id };
};

describe('A report', () => {
  it('T49 shows administrators a message of a dialog, and nothing else of it', async () => {
    const { chat, message, reportId } = await reported();

    const { reports } = await root!.ask(ReportsDocument, { status: 'OPEN' as never });
    expect(reports!.nodes.find(({ id }) => id === reportId)).toMatchObject({
      reason: 'SPAM',
      comment: 'Again',
      text: 'Buy this',
      reporter: { id: ada!.id },
      message: { id: message.id, text: 'Buy this', sender: { id: boris!.id } },
    });
    const { node: report } = await root!.ask(MessagesAroundReportDocument, { id: reportId });
    expect(report).toMatchObject({ messagesAround: [{ id: message.id }] });
    const beyond = await root!.ask<object, object>(
      `query ($id: ID!, $message: ID!, $chat: ID!) {
        node(id: $id) { ... on Report { message { chat { id members { nodes { id } } messages { nodes { id } } } receiver { id } readBy { nodes { id } } } } }
        message(id: $message) { id }
        chat(id: $chat) { id }
      }`,
      { id: reportId, message: message.id, chat: chat.id },
    );
    const nothing = { nodes: [] };
    expect(beyond).toEqual({
      node: {
        message: { chat: { id: chat.id, members: nothing, messages: nothing }, receiver: null, readBy: nothing },
      },
      message: null,
      chat: null,
    });
    expect((await boris!.ask(ReportsDocument, {})).reports!.nodes).toEqual([]);
    expect((await boris!.ask(MessagesAroundReportDocument, { id: reportId })).node).toBe(null);
  });

  it('T50 is decided by administrators', async () => {
    const { reportId } = await reported();
    const { resolveReport } = await root!.ask(ResolveReportDocument, { reportId, status: 'RESOLVED' as never });
    expect(resolveReport).toMatchObject({ report: { status: 'RESOLVED', resolvedBy: { id: root!.id } } });
    const refused = await ada!.ask(ResolveReportDocument, { reportId, status: 'OPEN' as never });
    expect(refused.resolveReport).toMatchObject({ __typename: 'ForbiddenError' });
  });
});
