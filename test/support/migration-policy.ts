/**
 * What a migration may do while nodes serve, of this version and of the one before: take its locks for a moment, rewrite and scan
 * nothing under them, and bear being cut in the middle. CONTRIBUTING.md says so in words.
 */
import { isEachByItself } from '../../src/db/apply-migration.js';
import { splitScript, withoutComments } from '../../src/db/split-script.js';

/** @returns a sentence for each statement that may not be so; empty where all is well */
export const migrationProblems = (script: string): string[] => {
  const statements = splitScript(script).map(withoutComments);
  const facts: Facts = {
    isEachByItself: isEachByItself({ script }),
    isAlone: statements.length === 1,
    newTables: new Set(statements.flatMap((text) => nameOf(/^CREATE TABLE (?:IF NOT EXISTS )?/i, text) ?? [])),
  };
  return statements.flatMap((text) => {
    const problem = problemOf(text, facts);
    return problem === undefined ? [] : [`${text.length > 80 ? `${text.slice(0, 80)}…` : text}: ${problem}`];
  });
};

interface Facts {
  isEachByItself: boolean;
  isAlone: boolean;
  /** Nobody reads or writes them yet. */
  newTables: ReadonlySet<string>;
}

const nameOf = (before: RegExp, text: string): string | undefined => {
  const found = before.exec(text);
  return found === null ? undefined : /^"?([\w$]+)"?/.exec(text.slice(found.index + found[0].length))?.[1];
};

const problemOf = (text: string, facts: Facts): string | undefined => {
  if (/\bBEGIN ATOMIC\b/i.test(text)) return 'quote the body of a function';
  if (/^CREATE (UNIQUE )?INDEX\b/i.test(text)) return problemOfIndex(text, facts);
  if (/^DROP INDEX\b/i.test(text)) {
    return mustBeConcurrent(/^DROP INDEX CONCURRENTLY IF EXISTS /i, text, facts);
  }
  if (/^ALTER TABLE\b/i.test(text)) return problemOfTable(text, facts);
  const known = KNOWN.find(({ kind }) => kind.test(text));
  if (known === undefined) return 'of a kind that is not for a script; see CONTRIBUTING.md';
  return facts.isEachByItself && !known.repeatable.test(text) ? NOT_REPEATABLE : undefined;
};

const NOT_REPEATABLE = 'a script whose statements stand each by itself may be cut here: it must bear being repeated';

/** Rows are changed in batches, after the scripts (`src/domain/accounts/prepare-database.ts`), and tables go once no version knows them. */
const KNOWN = [
  { kind: /^CREATE TABLE\b/i, repeatable: /^CREATE TABLE IF NOT EXISTS\b/i },
  { kind: /^CREATE SEQUENCE\b/i, repeatable: /^CREATE SEQUENCE IF NOT EXISTS\b/i },
  { kind: /^CREATE TYPE\b/i, repeatable: /^$/ },
  { kind: /^ALTER TYPE \S+ ADD VALUE\b/i, repeatable: /ADD VALUE IF NOT EXISTS\b/i },
  { kind: /^CREATE (OR REPLACE )?FUNCTION\b/i, repeatable: /^CREATE OR REPLACE\b/i },
  { kind: /^COMMENT ON\b/i, repeatable: /^/ },
  { kind: /^INSERT INTO\b/i, repeatable: /\bON CONFLICT\b/i },
];

const problemOfIndex = (text: string, facts: Facts): string | undefined => {
  const table = nameOf(/\bON (ONLY )?/i, text);
  if (table !== undefined && facts.newTables.has(table) && !facts.isEachByItself) return undefined;
  return mustBeConcurrent(/^CREATE (UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS "?\w+"? ON /i, text, facts);
};

const mustBeConcurrent = (pattern: RegExp, text: string, { isAlone, isEachByItself: isMarked }: Facts) => {
  if (!pattern.test(text)) {
    return 'nobody could write meanwhile: CREATE INDEX CONCURRENTLY IF NOT EXISTS name, DROP INDEX CONCURRENTLY IF EXISTS name';
  }
  if (!isMarked || !isAlone)
    return 'CONCURRENTLY stands alone in its script, which begins with "-- parley: each statement by itself"';
  return undefined;
};

const problemOfTable = (text: string, facts: Facts): string | undefined => {
  const [head = '', table = ''] = /^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?"?([\w$]+)"? /i.exec(text) ?? [];
  const actions = splitActions(text.slice(head.length));
  if (facts.newTables.has(table) && !facts.isEachByItself) return undefined;
  for (const action of actions) {
    if (!ALLOWED.some((pattern) => pattern.test(action))) {
      return `it rewrites or scans the table while nobody can use it, or takes from older nodes what they need: ${action}`;
    }
    if (/^ADD COLUMN\b/i.test(action)) {
      const problem = problemOfColumn(action);
      if (problem !== undefined) return problem;
    }
    if (/^VALIDATE\b/i.test(action) && !facts.isEachByItself) {
      return 'it would keep the locks of the statements before it: give it a script with "-- parley: each statement by itself"';
    }
    if (facts.isEachByItself && !isRepeatable(action, actions)) return NOT_REPEATABLE;
  }
  return undefined;
};

const ALLOWED = [
  /^ADD COLUMN\b/i,
  /^ADD CONSTRAINT "?\w+"? (FOREIGN KEY|CHECK)\b.* NOT VALID$/i,
  /^ADD CONSTRAINT "?\w+"? (UNIQUE|PRIMARY KEY) USING INDEX\b/i,
  /^DROP CONSTRAINT\b/i,
  /^VALIDATE CONSTRAINT\b/i,
  /^ALTER (COLUMN )?"?\w+"? (SET DEFAULT|DROP DEFAULT|DROP NOT NULL|SET STATISTICS|SET STORAGE)\b/i,
  /^(SET|RESET) \(/i,
];

const CONSTANT =
  /^('[^']*'|-?\d+(\.\d+)?|true|false|null|ARRAY\[[^\]]*\]|CURRENT_TIMESTAMP|now\(\))(::("?\w+"?(\[\])?|[\w ]+))*$/i;

/** What is computed for each row rewrites the table; what refers or is unique scans it. */
const problemOfColumn = (action: string): string | undefined => {
  if (/\b(\w*SERIAL|GENERATED|PRIMARY KEY|UNIQUE|REFERENCES|CHECK)\b/i.test(action)) {
    return 'a new column comes plain; its constraints and indexes come after it';
  }
  const given = /\bDEFAULT (.*)$/i.exec(action)?.[1]?.replace(/ NOT NULL$/i, '');
  if (given === undefined)
    return /\bNOT NULL\b/i.test(action) ? 'NOT NULL takes a DEFAULT, for older nodes write rows too' : undefined;
  return CONSTANT.test(given) ? undefined : `a DEFAULT that is computed for each row rewrites the table: ${given}`;
};

const isRepeatable = (action: string, actions: readonly string[]): boolean => {
  if (/^ADD COLUMN\b/i.test(action)) return /^ADD COLUMN IF NOT EXISTS\b/i.test(action);
  if (/^DROP CONSTRAINT\b/i.test(action)) return /^DROP CONSTRAINT IF EXISTS\b/i.test(action);
  const added = nameOf(/^ADD CONSTRAINT /i, action);
  return added === undefined || actions.some((other) => nameOf(/^DROP CONSTRAINT IF EXISTS /i, other) === added);
};

const splitActions = (text: string): string[] => {
  const actions = [''];
  let depth = 0;
  for (const sign of text) {
    if (sign === ',' && depth === 0) actions.push('');
    else actions[actions.length - 1] += sign;
    depth += '(['.includes(sign) ? 1 : ')]'.includes(sign) ? -1 : 0;
  }
  return actions.map((action) => action.trim().replace(/\s+/g, ' '));
};
