-- CreateTable
CREATE TABLE "installation" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "id" UUID NOT NULL,
    "secret_fingerprint" BYTEA,
    "secret_since" TIMESTAMPTZ(3),

    CONSTRAINT "installation_pkey" PRIMARY KEY ("only"),
    -- By hand: there is one row.
    CONSTRAINT "installation_only_check" CHECK ("only")
);
