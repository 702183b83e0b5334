-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "avatar" TEXT,
ADD COLUMN     "avatar_upload_id" BIGINT;

-- AlterTable
ALTER TABLE "user" ADD COLUMN     "avatar" TEXT,
ADD COLUMN     "avatar_upload_id" BIGINT;
