-- AlterTable
ALTER TABLE "member" ADD COLUMN     "joined_seq" INTEGER NOT NULL DEFAULT 0;
