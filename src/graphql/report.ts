/** Reports of messages. */
import { ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError } from '../domain/errors.js';
import type { ReportRow } from '../domain/messages/reports.js';
import { ReportReason as PrismaReason, ReportStatus as PrismaStatus } from '../generated/prisma/enums.js';
import { auditRead } from './audit.js';
import { builder } from './builder.js';
import { OF_REPORTED_MESSAGES } from './complexity.js';
import { decodeMessageId, decodeRowId } from './global-id.js';
import { Message } from './message.js';
import { nodeId } from './node-id.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

const ReportReason = builder.enumType('ReportReason', {
  description: 'Why a message is reported.',
  values: {
    [PrismaReason.SPAM]: { description: 'Advertising, or the same again and again.' },
    [PrismaReason.ABUSE]: { description: 'Insults, threats, harassment.' },
    [PrismaReason.ILLEGAL]: { description: 'Against the law.' },
    [PrismaReason.OTHER]: { description: 'As `comment` says.' },
  } as const,
});

const ReportStatus = builder.enumType('ReportStatus', {
  description: 'What became of a report.',
  values: {
    [PrismaStatus.OPEN]: { description: 'No administrator has decided yet.' },
    [PrismaStatus.RESOLVED]: { description: 'Something was done.' },
    [PrismaStatus.DISMISSED]: { description: 'Nothing was to be done.' },
  } as const,
});

export const Report = builder.objectRef<ReportRow>('Report');

Report.implement({
  description: 'A report of a message. Visible to administrators, and to who made it.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('Report', ({ id }) => String(id))),
    message: t.field({
      type: Message,
      nullable: true,
      description:
        'The message as it is now, a tombstone once deleted. Administrators see it in chats that they are not in, too. Null if the viewer can ' +
        'no longer see it.',
      resolve: ({ id }, _args, { loaders }) => loaders.reportedMessage(id),
    }),
    messagesAround: t.field({
      type: [Message],
      complexity: OF_REPORTED_MESSAGES,
      description:
        'For administrators: the message, and up to five before and five after it, oldest first, also in chats that they are not in. Reading ' +
        'it is in the audit log. Empty for others.',
      resolve: (report, _args, ctx) => {
        auditRead(ctx, 'messagesAround', { reportId: report.id, chatId: report.chatId });
        return ctx.loaders.messagesAroundReport(report.id);
      },
    }),
    text: t.exposeString('text', {
      nullable: true,
      description: 'The text when it was reported, whatever became of the message. Null if it had none.',
    }),
    reporter: t.field({
      type: User,
      description: 'Who reported it.',
      resolve: ({ reporterId }, _args, { loaders }) => loaders.named(reporterId),
    }),
    reason: t.expose('reason', { type: ReportReason, description: 'Why.' }),
    comment: t.exposeString('comment', { nullable: true, description: 'In the words of who reported it.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    status: t.expose('status', { type: ReportStatus, description: 'What became of it.' }),
    resolvedBy: t.field({
      type: User,
      nullable: true,
      description: 'Who decided; null while it is open.',
      resolve: ({ resolvedById }, _args, { loaders }) => (resolvedById === null ? null : loaders.named(resolvedById)),
    }),
    resolvedAt: t.expose('resolvedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was decided; null while it is open.',
    }),
  }),
});

const ReportEdge = builder.edgeObject({ type: Report, name: 'ReportEdge', description: 'A report on a page.' });
const ReportConnection = builder.connectionObject(
  { type: Report, name: 'ReportConnection', description: 'A page of reports.' },
  ReportEdge,
);

builder.queryField('reports', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      'For administrators: reports of a status, oldest first. Reading them is in the audit log. Empty for others.',
    type: ReportConnection,
    nullable: true,
    args: {
      status: t.arg({ type: ReportStatus, required: false, defaultValue: 'OPEN', description: 'What became of them.' }),
      ...pageArgs,
    },
    resolve: async (_root, { status, ...page }, ctx) => {
      const reports = await ctx.services.reports.list(ctx.viewer, status ?? 'OPEN', page);
      if (reports.edges.length > 0) auditRead(ctx, 'reports', { reportIds: reports.edges.map(({ node }) => node.id) });
      return reports;
    },
  }),
);

const ReportMessageSuccess = builder.objectRef<{ report: ReportRow }>('ReportMessageSuccess').implement({
  description: 'The message is reported.',
  fields: (t) => ({ report: t.expose('report', { type: Report, description: 'The report.' }) }),
});

const ResolveReportSuccess = builder.objectRef<{ report: ReportRow }>('ResolveReportSuccess').implement({
  description: 'The report has that status.',
  fields: (t) => ({ report: t.expose('report', { type: Report, description: 'As it is now.' }) }),
});

builder.mutationField('reportMessage', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      "Reports another's message to the administrators, who then see it and ten around it, also in a direct chat. Its sender is not told. While " +
      'that report is open, reporting the message again answers it.',
    type: ReportMessageSuccess,
    nullable: true,
    argOptions: { description: 'What to report, and why.' },
    typeOptions: { description: 'What to report, and why.' },
    input: {
      messageId: t.input.id({ description: 'The message. NotFoundError if it is deleted.' }),
      reason: t.input.field({ type: ReportReason, description: 'Why.' }),
      comment: t.input.string({ required: false, description: 'In words, at most 1,000 characters.' }),
    },
    errors: { types: [NotFoundError, InvalidInputError, RateLimitedError] },
    resolve: async (_root, { input: { messageId, reason, comment } }, { services, viewer }) => ({
      report: await services.reports.report(viewer, { message: decodeMessageId(messageId), reason, comment }),
    }),
  }),
);

builder.mutationField('resolveReport', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Sets what became of a report; OPEN opens it again. Idempotent. For administrators.',
    type: ResolveReportSuccess,
    nullable: true,
    argOptions: { description: 'The report, and what became of it.' },
    typeOptions: { description: 'The report, and what became of it.' },
    input: {
      reportId: t.input.id({ description: 'The report.' }),
      status: t.input.field({ type: ReportStatus, description: 'What became of it.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input }, { services, viewer }) => ({
      report: await services.reports.resolve(viewer, decodeRowId('Report', input.reportId), input.status),
    }),
  }),
);
