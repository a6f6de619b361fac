-- The terminal's store. Times are seconds since 1970 UTC, amounts are minor units.

-- One row: who this terminal is and what the platform has acknowledged.
CREATE TABLE terminal (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    id             INTEGER NOT NULL,
    name           TEXT    NOT NULL,
    merchant       INTEGER NOT NULL,
    branch         INTEGER NOT NULL,
    epoch          INTEGER NOT NULL CHECK (epoch > 0),
    url            TEXT    NOT NULL,
    root           BLOB    NOT NULL CHECK (length(root) = 32),
    acked_seq      INTEGER NOT NULL DEFAULT 0 CHECK (acked_seq >= 0),
    acked_hash     BLOB    NOT NULL CHECK (length(acked_hash) = 32),
    ack            BLOB,
    synced_at      INTEGER,
    -- Seconds by which this clock was ahead of the platform's when they were last compared.
    skew           INTEGER,
    -- Time floors up to here were set by a clock that was ahead.
    disowned       INTEGER NOT NULL DEFAULT 0,
    conflicts_after INTEGER NOT NULL DEFAULT 0,
    listed_after    INTEGER NOT NULL DEFAULT 0,
    -- The last entry the platform holds, where a carried reply says that it holds less than it acknowledged once.
    held_seq        INTEGER CHECK (held_seq >= 0),
    -- Set once the platform has shown that it knows another journal under this name.
    forked          INTEGER NOT NULL DEFAULT 0 CHECK (forked IN (0, 1)),
    -- The least version of the protocol that the platform was heard to speak or to ask for.
    least_protocol  INTEGER NOT NULL DEFAULT 0,
    -- Set where the end of this epoch may be lost: entries that are known to have been written and were not found. Nothing
    -- is appended, since another device's word, or a receipt, may hold other entries at these positions.
    lost            INTEGER CHECK (lost >= 0)
) STRICT;

-- The lives of the journal: under which key each was signed and, of those that are over, where they ended and what the platform
-- holds of them.
CREATE TABLE life (
    epoch INTEGER PRIMARY KEY,
    key   BLOB    NOT NULL CHECK (length(key) = 32),
    last  INTEGER NOT NULL DEFAULT 0,
    acked INTEGER NOT NULL DEFAULT 0,
    -- Set once the platform has shown that it holds other entries of it.
    forked INTEGER NOT NULL DEFAULT 0 CHECK (forked IN (0, 1))
) STRICT;

-- One row, written at every start: numbers it, and proves that the file takes durable writes before the first scan.
CREATE TABLE start (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    count      INTEGER NOT NULL,
    -- When all pages were last checked, and up to which position the chain was.
    checked_at INTEGER NOT NULL DEFAULT 0,
    verified   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO start (one, count) VALUES (1, 0);

-- The journal. position is epoch * 2^40 + seq, so that it is one tree that only grows at its right edge.
CREATE TABLE entry (
    position    INTEGER PRIMARY KEY,
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    prev        BLOB    NOT NULL CHECK (length(prev) = 32),
    bytes       BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    floor       INTEGER NOT NULL CHECK (floor >= at),
    kind        INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 6),
    minor       INTEGER,
    currency    INTEGER,
    of_position INTEGER REFERENCES entry (position)
) STRICT;
-- Days are found by the time floor, which never goes back. One entry in 64 is enough to begin near the place, and
-- keeps the redemption that a customer waits for from writing one more page.
CREATE INDEX entry_floor ON entry (floor) WHERE position & 63 = 0;
-- A redemption is rolled back in parts, or at once.
CREATE INDEX entry_of ON entry (of_position) WHERE of_position IS NOT NULL;

CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN (NEW.position & 1099511627775) > 1
 AND NOT EXISTS (SELECT 1 FROM entry WHERE position = NEW.position - 1 AND hash = NEW.prev)
BEGIN SELECT RAISE(ABORT, 'the entry does not follow the one before'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER entry_is_fixed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;

-- What was given back of each redemption, never more than it consumed.
CREATE TABLE returned (
    position  INTEGER PRIMARY KEY REFERENCES entry (position),
    uses      INTEGER NOT NULL CHECK (uses >= 0),
    minor     INTEGER NOT NULL CHECK (minor >= 0),
    -- Pieces of each line of an order: eight numbers of two bytes.
    lines     BLOB    NOT NULL CHECK (length(lines) = 16),
    uses_max  INTEGER NOT NULL,
    minor_max INTEGER NOT NULL,
    CHECK (uses <= uses_max),
    CHECK (minor <= minor_max)
) STRICT;

-- What this terminal consumed of each voucher, less what it rolled back. The limits guard the rule in code.
CREATE TABLE voucher (
    issuer         TEXT    NOT NULL,
    id             BLOB    NOT NULL CHECK (length(id) = 16),
    uses           INTEGER NOT NULL CHECK (uses >= 0),
    minor          INTEGER NOT NULL CHECK (minor >= 0),
    uses_max       INTEGER,
    minor_max      INTEGER,
    last_position  INTEGER NOT NULL,
    -- What of it was consumed in epochs before the current one.
    uses_before    INTEGER NOT NULL DEFAULT 0,
    minor_before   INTEGER NOT NULL DEFAULT 0,
    -- Pieces of each line of an order, in all and before; none for other kinds.
    lines          BLOB CHECK (length(lines) = 16),
    lines_before   BLOB CHECK (length(lines_before) = 16),
    -- The day of the branch it was last consumed on, as days since 1970, and the uses of that day.
    day            INTEGER NOT NULL,
    day_uses       INTEGER NOT NULL CHECK (day_uses >= 0),
    -- Whether its last redemption left nothing, with what the platform said of others, and nothing was taken back since.
    nothing_left   INTEGER NOT NULL DEFAULT 0 CHECK (nothing_left IN (0, 1)),
    -- How often it was taken back.
    cycles         INTEGER NOT NULL DEFAULT 0,
    -- The phone's time on its last presentation.
    shown_at       INTEGER,
    PRIMARY KEY (issuer, id),
    CHECK (uses <= uses_max),
    CHECK (minor <= minor_max),
    CHECK ((uses_max IS NULL) <> (minor_max IS NULL))
) STRICT, WITHOUT ROWID;

-- Uses by customer and campaign, less those rolled back. Campaign 0 is all redemptions of the customer.
CREATE TABLE tally (
    customer TEXT    NOT NULL,
    issuer   TEXT    NOT NULL,
    campaign INTEGER NOT NULL,
    uses     INTEGER NOT NULL CHECK (uses >= 0),
    day      INTEGER NOT NULL,
    day_uses INTEGER NOT NULL CHECK (day_uses >= 0),
    PRIMARY KEY (customer, issuer, campaign)
) STRICT, WITHOUT ROWID;

-- Shares of quotas and balances that were lent to this terminal, and what was taken from them.
CREATE TABLE lease (
    id          INTEGER PRIMARY KEY,
    issuer      TEXT    NOT NULL,
    campaign    INTEGER NOT NULL,
    -- None where it is of the whole campaign.
    voucher     BLOB CHECK (length(voucher) = 16),
    uses        INTEGER NOT NULL,
    minor       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    taken_uses  INTEGER NOT NULL DEFAULT 0 CHECK (taken_uses >= 0),
    taken_minor INTEGER NOT NULL DEFAULT 0 CHECK (taken_minor >= 0),
    ended       INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
    CHECK (taken_uses <= uses),
    CHECK (taken_minor <= minor)
) STRICT;
CREATE INDEX lease_of ON lease (issuer, campaign) WHERE ended = 0;

-- Vouchers whose short codes can be typed without a network.
CREATE TABLE listed (
    code INTEGER PRIMARY KEY,
    text TEXT    NOT NULL
) STRICT;

-- Requests that are under way by hand, by the parcel they were packed in: replies to no others are believed.
CREATE TABLE carried (
    nonce  BLOB PRIMARY KEY CHECK (length(nonce) = 16),
    parcel INTEGER NOT NULL CHECK (parcel > 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX carried_by_parcel ON carried (parcel);

-- One row: the trust bundle in force.
CREATE TABLE bundle (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL,
    bytes   BLOB    NOT NULL
) STRICT;
CREATE TRIGGER bundle_only_grows BEFORE UPDATE ON bundle
WHEN NEW.version < OLD.version
BEGIN SELECT RAISE(ABORT, 'the trust bundle goes backwards'); END;

CREATE TABLE status_list (
    issuer   TEXT    NOT NULL,
    campaign INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    as_of    INTEGER NOT NULL,
    covered  INTEGER NOT NULL,
    manifest BLOB    NOT NULL,
    PRIMARY KEY (issuer, campaign)
) STRICT, WITHOUT ROWID;
CREATE TABLE status_chunk (
    issuer   TEXT    NOT NULL,
    campaign INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    bits     BLOB    NOT NULL CHECK (length(bits) = 8192),
    PRIMARY KEY (issuer, campaign, number)
) STRICT;

-- Wrong PINs in a row, by the supervisor whose they were said to be; 0 where nobody was named.
CREATE TABLE pin_try (
    operator INTEGER PRIMARY KEY,
    wrong    INTEGER NOT NULL CHECK (wrong > 0),
    at       INTEGER NOT NULL
) STRICT;

-- Double redemptions the platform reported, with the signed entries of all sides.
CREATE TABLE conflict (
    id     INTEGER PRIMARY KEY,
    notice BLOB    NOT NULL
) STRICT;
