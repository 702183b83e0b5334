/** What the schema's builder knows of our types. */
import type PrismaTypes from '../generated/pothos-types.js';
import type { JsonObject } from '../domain/metadata.js';
import type { Viewer } from '../domain/viewer.js';
import type { Context } from './context.js';

export interface SchemaTypes {
  Context: Context;
  AuthScopes: { signedIn: boolean };
  AuthContexts: { signedIn: Context & { viewer: Viewer } };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    Cursor: { Input: string; Output: string };
    JSONObject: { Input: JsonObject; Output: JsonObject };
  };
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: true;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
}
