-- AlterTable
ALTER TABLE "user" ADD COLUMN     "name_key" TEXT;
