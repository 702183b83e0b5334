-- parley: each statement by itself
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "session_used_hash_key" ON "session"("used_hash");
