-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "indexed_seq" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "message_search" (
    "chat_id" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "seq" INTEGER NOT NULL,
    "sender_id" BIGINT NOT NULL,
    "edited_at" TIMESTAMPTZ(3),
    "words" tsvector NOT NULL,

    CONSTRAINT "message_search_pkey" PRIMARY KEY ("chat_id","created_at","seq")
);

-- CreateTable
CREATE TABLE "search_gap" (
    "chat_id" BIGINT NOT NULL,
    "from_seq" INTEGER NOT NULL,
    "before_seq" INTEGER NOT NULL,
    "before_time" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "search_gap_pkey" PRIMARY KEY ("chat_id")
);

-- CreateIndex
-- What is not yet merged into the index is read by every search, and merged by a send: a quarter of the default keeps both short, and costs
-- no more in all.
CREATE INDEX "message_search_words_idx" ON "message_search" USING GIN ("words") WITH (gin_pending_list_limit = 1024);

-- CreateIndex
CREATE INDEX "search_gap_before_time_idx" ON "search_gap"("before_time");
