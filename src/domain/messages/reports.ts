/**
 * Reports of messages, for administrators. A report is what lets them see a message of a dialog that they are not in, and ten around it; never
 * more of the dialog.
 */
import type { Database, Queryable } from '../../db/database.js';
import type { ReportReason, ReportStatus } from '../../generated/prisma/enums.js';
import type { MessageRow } from '../../log/event.js';
import { ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError, refuseProblems } from '../errors.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import type { RateLimits } from '../rate-limits.js';
import { ASKED, ASKED_CAN_SEE, askedParams, gatherAsked, OWN_OF_ASKED, type Asking } from '../rules/asked-chats.js';
import type { MessageKey } from '../rules/asked-messages.js';
import { CAN_SEE, CHAT_AND_OWN, viewerParams } from '../rules/visibility.js';
import { isBlank, isLonger, isStorable, NOT_STORABLE_PROBLEM } from '../text.js';
import { mayAdminister, mustAdminister, type Viewer } from '../viewer.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from './message-row.js';

export interface ReportRow {
  id: bigint;
  chatId: bigint;
  messageSeq: number;
  reporterId: bigint;
  reason: ReportReason;
  comment: string | null;
  /** Of the message when it was reported. */
  text: string | null;
  createdAt: Date;
  status: ReportStatus;
  resolvedById: bigint | null;
  resolvedAt: Date | null;
}

export interface NewReport {
  /** Null if the id did not decode. */
  message: MessageKey | null;
  reason: ReportReason;
  comment?: string | null | undefined;
}

export interface Reports {
  /**
   * Reports another's message that the viewer sees. Idempotent while that report is open.
   *
   * @throws InvalidInputError (paths `comment`, `messageId`); NotFoundError also for deleted messages; RateLimitedError
   */
  report(viewer: Viewer, report: NewReport): Promise<ReportRow>;
  /** Idempotent; OPEN opens it again. @throws NotFoundError, ForbiddenError */
  resolve(viewer: Viewer, reportId: bigint | null, status: ReportStatus): Promise<ReportRow>;
  /** Oldest first; for others than administrators an empty page. @throws BadUserInputError for a malformed page */
  list(viewer: Viewer, status: ReportStatus, args: PageArgs): Promise<Connection<ReportRow>>;
  /** In the order of `ids`, null for those that do not exist, or are neither the viewer's own nor an administrator's to see. */
  byIds(viewer: Viewer, ids: readonly bigint[]): Promise<(ReportRow | null)[]>;
  /** The message as it is now; null if the viewer may not see it: administrators do by the report. So too the next. */
  message(viewer: Viewer, reportId: bigint): Promise<MessageRow | null>;
  /** The message and up to five on both sides, oldest first; for others than administrators none. */
  messagesAround(viewer: Viewer, reportId: bigint): Promise<MessageRow[]>;
}

export interface ReportsOptions {
  db: Database;
  limits: RateLimits;
}

const COMMENT_MAX_LENGTH = 1000;
const MOST_BESIDE = 5;

const oldest = createKeyset('reports', 'ascending', [['report.id', 'bigint']]);

const COLUMNS = `report.id, report.chat_id AS "chatId", report.message_seq AS "messageSeq", report.reporter_id AS "reporterId",
  report.reason::text AS reason, report.comment, report.text, report.created_at AS "createdAt", report.status::text AS status,
  report.resolved_by_id AS "resolvedById", report.resolved_at AS "resolvedAt"`;

/** So that one who reports twice at once reports once. */
const LOCK_REPORTER = 'SELECT FROM "user" WHERE id = $1 FOR NO KEY UPDATE';
const SEEN = `SELECT message.text, message.sender_id AS "senderId", message.deleted_at IS NOT NULL AS "isDeleted"
  FROM ${CHAT_AND_OWN} JOIN message ON message.chat_id = chat.id WHERE chat.id = $3 AND message.seq = $4 AND ${CAN_SEE}`;
const OPEN = `SELECT ${COLUMNS} FROM report
  WHERE chat_id = $1 AND message_seq = $2 AND reporter_id = $3 AND status = 'OPEN' ORDER BY id LIMIT 1`;
const INSERT = `INSERT INTO report (chat_id, message_seq, reporter_id, reason, comment, text)
  VALUES ($1, $2, $3, $4::report_reason, $5, $6) RETURNING ${COLUMNS}`;
const LOCK = `SELECT ${COLUMNS}, EXISTS (SELECT FROM "user" WHERE id = $2 AND role = 'ADMIN') AS "isAdmin"
  FROM report WHERE report.id = $1 FOR NO KEY UPDATE`;
const RESOLVE = `UPDATE report SET status = $2::report_status, resolved_by_id = CASE WHEN $2 <> 'OPEN' THEN $3::bigint END,
    resolved_at = CASE WHEN $2 <> 'OPEN' THEN clock_timestamp() END
  WHERE id = $1 RETURNING ${COLUMNS}`;
const BY_IDS = `SELECT ${COLUMNS} FROM report WHERE id = ANY($1::bigint[]) AND (reporter_id = $2 OR $3::boolean)`;

const ASKED_REPORTS = `${ASKED} JOIN report ON report.id = asked.id`;
const MESSAGE = `SELECT asked.n::int AS n, ${MESSAGE_COLUMNS} FROM ${ASKED_REPORTS}
  JOIN chat ON chat.id = report.chat_id LEFT JOIN ${OWN_OF_ASKED.replaceAll('asked.id', 'chat.id')}
  JOIN message ON message.chat_id = chat.id AND message.seq = report.message_seq
  JOIN "user" person ON person.id = message.sender_id
  WHERE asked.is_admin OR (report.reporter_id = asked.viewer_id AND ${ASKED_CAN_SEE})`;
const AROUND = `SELECT asked.n::int AS n, ${MESSAGE_COLUMNS} FROM ${ASKED_REPORTS} CROSS JOIN LATERAL (
    (SELECT * FROM message WHERE message.chat_id = report.chat_id AND message.seq >= report.message_seq
      ORDER BY message.seq LIMIT ${MOST_BESIDE} + 1)
    UNION ALL
    (SELECT * FROM message WHERE message.chat_id = report.chat_id AND message.seq < report.message_seq
      ORDER BY message.seq DESC LIMIT ${MOST_BESIDE})
  ) message JOIN "user" person ON person.id = message.sender_id
  WHERE asked.is_admin ORDER BY asked.n, message.seq`;

/** Programs of an administrator read reports only with the scope for it. */
const askingOf = (viewer: Viewer): Asking => ({ id: viewer.id, role: mayAdminister(viewer) ? 'ADMIN' : 'USER' });

export const createReports = ({ db, limits }: ReportsOptions): Reports => {
  const message = gatherAsked<MessageRow | null>(async (asked) => {
    const rows = await db.query<MessageColumns & { n: number }>(MESSAGE, askedParams(asked));
    const found = new Map(rows.map((row) => [row.n, toMessage(row)]));
    return asked.map((_one, index) => found.get(index + 1) ?? null);
  });
  const around = gatherAsked<MessageRow[]>(async (asked) => {
    const rows = await db.query<MessageColumns & { n: number }>(AROUND, askedParams(asked));
    return asked.map((_one, index) => rows.filter(({ n }) => n === index + 1).map(toMessage));
  });

  return {
    // BEGIN, three statements, one more if it is new, COMMIT.
    report: async (viewer, { message: key, reason, comment }) => {
      refuseProblems({ comment: commentProblem(comment) });
      if (key === null) throw new NotFoundError('Message');
      const taken = await limits.take('report', String(viewer.id));
      const giveBack = () => taken.allowed && taken.giveBack();
      const work = async (tx: Queryable) => {
        await tx.query(LOCK_REPORTER, [viewer.id]);
        const [seen] = await tx.query<SeenMessage>(SEEN, [...viewerParams(viewer), key.chatId, key.seq]);
        if (seen === undefined) throw new NotFoundError('Message');
        const [open] = await tx.query<ReportRow>(OPEN, [key.chatId, key.seq, viewer.id]);
        if (open !== undefined) return { report: open, isNew: false };
        if (seen.isDeleted) throw new NotFoundError('Message');
        if (seen.senderId === viewer.id) throw ownMessage();
        if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
        const values = [key.chatId, key.seq, viewer.id, reason, isGiven(comment) ? comment : null, seen.text];
        const [report] = await tx.query<ReportRow>(INSERT, values);
        return { report: report!, isNew: true };
      };
      try {
        const { report, isNew } = await db.transaction(work);
        if (!isNew) giveBack();
        return report;
      } catch (error) {
        giveBack();
        throw error;
      }
    },

    // BEGIN, one statement, one more for a change, COMMIT.
    resolve: async (viewer, reportId, status) => {
      if (reportId === null) throw new NotFoundError('Report');
      return db.transaction(async (tx) => {
        const [locked] = await tx.query<ReportRow & { isAdmin: boolean }>(LOCK, [reportId, viewer.id]);
        if (locked === undefined || !(locked.isAdmin || locked.reporterId === viewer.id))
          throw new NotFoundError('Report');
        mustAdminister(viewer);
        const { isAdmin, ...report } = locked;
        if (!isAdmin) throw new ForbiddenError('Only administrators do this');
        if (report.status === status) return report;
        return (await tx.query<ReportRow>(RESOLVE, [reportId, status, viewer.id]))[0]!;
      });
    },

    list: async (viewer, status, args) => {
      const page = parsePage(oldest, args);
      if (!mayAdminister(viewer)) return toConnection([], page, () => '');
      const { where, orderBy, limit, params } = pageSql(oldest, page, 2);
      const rows = await db.query<ReportRow>(
        `SELECT ${COLUMNS} FROM report WHERE status = $1::report_status AND ${where} ORDER BY ${orderBy} LIMIT ${limit}`,
        [status, ...params],
      );
      return toConnection(rows, page, ({ id }) => oldest.cursorOf([id]));
    },

    byIds: async (viewer, ids) => {
      const rows = await db.query<ReportRow>(BY_IDS, [ids, viewer.id, mayAdminister(viewer)]);
      const found = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => found.get(id) ?? null);
    },

    message: (viewer, reportId) => message(askingOf(viewer), reportId),
    messagesAround: (viewer, reportId) => around(askingOf(viewer), reportId),
  };
};

interface SeenMessage {
  text: string | null;
  senderId: bigint;
  isDeleted: boolean;
}

const isGiven = (comment: string | null | undefined): comment is string =>
  comment !== null && comment !== undefined && !isBlank(comment);

const commentProblem = (comment: string | null | undefined) => {
  if (!isGiven(comment)) return undefined;
  if (!isStorable(comment)) return NOT_STORABLE_PROBLEM;
  if (!isLonger(comment, COMMENT_MAX_LENGTH)) return undefined;
  const reason = `must be at most ${COMMENT_MAX_LENGTH} characters long`;
  return { code: 'TOO_LONG', reason, limit: COMMENT_MAX_LENGTH } as const;
};

const ownMessage = () =>
  new InvalidInputError([{ path: ['messageId'], code: 'NOT_ALLOWED', reason: 'must be a message of somebody else' }]);
