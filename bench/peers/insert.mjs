// The floor of a send: one row by one INSERT of `pg`, and nothing else.
import pg from 'pg';
import { answerRequests } from '../harness/answering.mjs';
import { keepUnderway } from '../harness/underway.mjs';

const TABLE = `
CREATE TABLE plain (id bigserial PRIMARY KEY, chat_id bigint NOT NULL, sender_id bigint NOT NULL, text text NOT NULL,
  client_message_id text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`;
const INSERT = 'INSERT INTO plain (chat_id, sender_id, text, client_message_id) VALUES ($1, $2, $3, $4) RETURNING id';

let pool;
let text;
let sent = 0;

answerRequests({
  start: async ({ options }) => {
    pool = new pg.Pool({ connectionString: options.databaseUrl, max: 10 }); // as Parley's own
    ({ text } = options);
    await pool.query(TABLE);
  },
  send: async ({ seconds, underway, chats }) => {
    const done = await keepUnderway({ seconds }, underway, async () => {
      const n = (sent += 1);
      await pool.query({ name: 'insert', text: INSERT, values: [n % chats, 1, text, `key ${n}`] });
    });
    const { rows } = await pool.query('SELECT count(*)::int AS count FROM plain');
    if (rows[0].count !== sent) throw new Error(`${rows[0].count} of ${sent} rows are there`);
    return done;
  },
});
