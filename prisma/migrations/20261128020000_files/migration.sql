-- CreateEnum
CREATE TYPE "upload_purpose" AS ENUM ('ATTACHMENT', 'AVATAR');

-- CreateEnum
CREATE TYPE "file_kind" AS ENUM ('IMAGE', 'VIDEO', 'AUDIO', 'FILE');

-- CreateTable
CREATE TABLE "upload" (
    "id" BIGSERIAL NOT NULL,
    "owner_id" BIGINT NOT NULL,
    "purpose" "upload_purpose" NOT NULL,
    "filename" TEXT NOT NULL,
    "byte_size" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "source_hash" BYTEA,
    "hash" BYTEA,
    "stored_at" TIMESTAMPTZ(3),
    "content_type" TEXT,
    "kind" "file_kind",
    "width" INTEGER,
    "height" INTEGER,
    "thumb_hash" TEXT,
    "chat_id" BIGINT,
    "message_seq" INTEGER,
    "position" INTEGER,

    CONSTRAINT "upload_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "upload_owner_id_idx" ON "upload"("owner_id");

-- CreateIndex
CREATE INDEX "upload_hash_idx" ON "upload"("hash");

-- CreateIndex
CREATE INDEX "upload_expires_at_idx" ON "upload"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "upload_chat_id_message_seq_position_key" ON "upload"("chat_id", "message_seq", "position");

-- AddForeignKey
ALTER TABLE "upload" ADD CONSTRAINT "upload_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upload" ADD CONSTRAINT "upload_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat"("id") ON DELETE RESTRICT ON UPDATE NO ACTION;
