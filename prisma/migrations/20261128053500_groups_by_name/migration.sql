-- parley: each statement by itself
CREATE INDEX CONCURRENTLY IF NOT EXISTS "chat_access_name_key_id_idx" ON "chat"("access", "name_key", "id");
