/** Whether this role has every right that a node needs, and that the next version's migrations will need. */
import type { Queryable } from './database.js';
import { ok, type Finding } from './finding.js';

interface Rights {
  role: string;
  /** Where tables are created and found; null if no schema of the search path exists. */
  schema: string | null;
  maySee: boolean | null;
  mayCreate: boolean | null;
  /** The search path, if it is a single schema: as `?schema=` of DATABASE_URL sets it. */
  named: string | null;
  isMissing: boolean;
  mayMakeSchemas: boolean;
}

const RIGHTS = `
  SELECT current_user AS role, current_schema() AS schema,
    has_schema_privilege(current_schema(), 'USAGE') AS "maySee",
    has_schema_privilege(current_schema(), 'CREATE') AS "mayCreate",
    substring(current_setting('search_path') FROM '^"[^",]+"$') AS named,
    NOT EXISTS (SELECT FROM pg_namespace WHERE '"' || nspname || '"' = current_setting('search_path')) AS "isMissing",
    has_database_privilege(current_database(), 'CREATE') AS "mayMakeSchemas"`;

/** On our tables and sequences; a list of rights would mean any of them, so each one is checked. */
const TABLES = `
  SELECT c.relname AS name,
    pg_has_role(c.relowner, 'USAGE') AS "isOwn",
    has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
      AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS "mayUse"
  FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind = 'r'
  ORDER BY c.relname`;

export const checkRights = async (db: Queryable): Promise<Finding> => {
  const [rights] = await db.query<Rights>(RIGHTS);
  const { role, schema, maySee, mayCreate, named, isMissing, mayMakeSchemas } = rights!;
  // As `migrate` does.
  if (named !== null && isMissing && mayMakeSchemas) return ok(`The first start makes the schema ${named}`);
  if (schema === null && named !== null) {
    return {
      outcome: 'refusal',
      sentence: `${role} ${isMissing ? 'may not make the schema' : 'may not use the schema'} ${named} that DATABASE_URL names`,
      remedy: `As the owner of the database: ${isMissing ? `CREATE SCHEMA ${named} AUTHORIZATION ${role}` : `GRANT USAGE, CREATE ON SCHEMA ${named} TO ${role}`}`,
    };
  }
  if (schema === null || maySee !== true) {
    return {
      outcome: 'refusal',
      sentence: `${role} has no schema in which its tables could be: none of its search_path is there, or is open to it`,
      remedy: `Make one: CREATE SCHEMA ${role} AUTHORIZATION ${role}`,
    };
  }
  const tables = await db.query<{ name: string; isOwn: boolean; mayUse: boolean }>(TABLES);
  const closed = tables.filter(({ mayUse }) => !mayUse).map(({ name }) => name);
  if (closed.length > 0) {
    return {
      outcome: 'refusal',
      sentence: `${role} may not read and write ${listed(closed)}`,
      remedy: ownAll(role, schema),
    };
  }
  if (mayCreate !== true) {
    return {
      outcome: tables.length === 0 ? 'refusal' : 'warning',
      sentence: `${role} may not make tables in the schema ${schema}${tables.length === 0 ? '' : ', as migrations of a later version may have to'}`,
      remedy: `GRANT CREATE ON SCHEMA ${schema} TO ${role}, or make it the owner of the database`,
    };
  }
  const others = tables.filter(({ isOwn }) => !isOwn).map(({ name }) => name);
  if (others.length > 0) {
    return {
      outcome: 'warning',
      sentence: `${role} may use ${listed(others)} but does not own them, so migrations that change them will be refused`,
      remedy: ownAll(role, schema),
    };
  }
  return ok(`${role} may do all that is needed in the schema ${schema}`);
};

const ownAll = (role: string, schema: string) =>
  `As a superuser or the owner: ALTER TABLE ${schema}.… OWNER TO ${role} for each (pg_restore --no-owner makes them whose it runs as)`;

const listed = (names: readonly string[]) =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more tables`;
