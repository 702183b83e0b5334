-- AlterTable
ALTER TABLE "session" ADD COLUMN     "rotation" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "used_at" TIMESTAMPTZ(3),
ADD COLUMN     "used_hash" BYTEA,
ADD COLUMN     "void_rotations" int4range NOT NULL DEFAULT 'empty'::int4range;
