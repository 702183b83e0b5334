-- AlterTable
ALTER TABLE "message" ADD COLUMN     "attachment_count" INTEGER NOT NULL DEFAULT 0;
