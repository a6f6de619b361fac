-- Times are seconds since 1970 (UTC), amounts whole minor units, keys and hashes 32 bytes, voucher ids 16 bytes.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE merchants (
    id   INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80)
) STRICT;

CREATE TABLE branches (
    id        INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    merchant  INTEGER NOT NULL REFERENCES merchants (id),
    name      TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    time_zone TEXT NOT NULL,
    -- Millionths of a degree.
    latitude  INTEGER CHECK (latitude BETWEEN -90000000 AND 90000000),
    longitude INTEGER CHECK (longitude BETWEEN -180000000 AND 180000000),
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) STRICT;

CREATE TABLE groups (
    id   INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80)
) STRICT;

CREATE TABLE group_branches (
    group_id INTEGER NOT NULL REFERENCES groups (id),
    branch   INTEGER NOT NULL REFERENCES branches (id),
    PRIMARY KEY (group_id, branch)
) STRICT, WITHOUT ROWID;

CREATE TABLE operators (
    id       INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    merchant INTEGER NOT NULL REFERENCES merchants (id),
    name     TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    -- A CBOR array of numbers of branches; empty for all of the merchant's.
    branches BLOB NOT NULL CHECK (length(branches) > 0),
    -- 0 cashier, 1 supervisor.
    role     INTEGER NOT NULL CHECK (role IN (0, 1)),
    -- A CBOR array of salt and hash; never the PIN.
    pin      BLOB
) STRICT;

CREATE TABLE issuer_keys (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    issuer     TEXT NOT NULL CHECK (length(issuer) BETWEEN 1 AND 16),
    public     BLOB NOT NULL UNIQUE CHECK (length(public) = 32),
    from_s     INTEGER NOT NULL,
    until_s    INTEGER NOT NULL CHECK (until_s > from_s),
    withdrawn  INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1))
) STRICT;

CREATE TABLE campaigns (
    id           INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    issuer       TEXT NOT NULL,
    -- Where its vouchers are honoured: one of the two.
    merchant     INTEGER REFERENCES merchants (id),
    group_id     INTEGER REFERENCES groups (id),
    title        TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 80),
    suspended    INTEGER NOT NULL CHECK (suspended IN (0, 1)),
    policy       BLOB NOT NULL,
    capacity     INTEGER NOT NULL CHECK (capacity > 0),
    next_ordinal INTEGER NOT NULL CHECK (next_ordinal BETWEEN 0 AND capacity),
    scramble     BLOB NOT NULL CHECK (length(scramble) = 32),
    list_version INTEGER NOT NULL CHECK (list_version > 0),
    CHECK ((merchant IS NULL) != (group_id IS NULL))
) STRICT;

CREATE TABLE bundles (
    merchant INTEGER NOT NULL REFERENCES merchants (id),
    version  INTEGER NOT NULL CHECK (version > 0),
    bytes    BLOB NOT NULL,
    PRIMARY KEY (merchant, version)
) STRICT;

CREATE TABLE vouchers (
    issuer     TEXT NOT NULL,
    voucher    BLOB NOT NULL CHECK (length(voucher) = 16),
    campaign   INTEGER NOT NULL REFERENCES campaigns (id),
    list_index INTEGER NOT NULL CHECK (list_index >= 0),
    -- Where it is honoured: one of the two.
    merchant   INTEGER REFERENCES merchants (id),
    group_id   INTEGER REFERENCES groups (id),
    -- Numbers of branches, each between commas, such as ,3,7, ; null for all.
    branches   TEXT CHECK (branches GLOB ',[0-9]*,'),
    short_code INTEGER NOT NULL UNIQUE CHECK (short_code >= 0),
    text       TEXT NOT NULL,
    -- 0 valid, 1 revoked, 2 suspended: the bits of the status list.
    standing   INTEGER NOT NULL CHECK (standing IN (0, 1, 2)),
    loaded     INTEGER NOT NULL DEFAULT 0 CHECK (loaded >= 0),
    -- Grows with every voucher that terminals shall hold; the greatest is never taken away.
    listed     INTEGER CHECK (listed > 0),
    PRIMARY KEY (issuer, voucher),
    UNIQUE (campaign, list_index),
    CHECK ((merchant IS NULL) != (group_id IS NULL))
) STRICT;

CREATE UNIQUE INDEX vouchers_listed ON vouchers (listed) WHERE listed IS NOT NULL;

CREATE TABLE status_chunks (
    campaign INTEGER NOT NULL REFERENCES campaigns (id),
    number   INTEGER NOT NULL CHECK (number >= 0),
    bits     BLOB NOT NULL CHECK (length(bits) = 8192),
    PRIMARY KEY (campaign, number)
) STRICT;

CREATE TABLE terminals (
    id           INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    merchant     INTEGER NOT NULL REFERENCES merchants (id),
    branch       INTEGER NOT NULL REFERENCES branches (id),
    name         TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    epoch        INTEGER NOT NULL CHECK (epoch >= 0),
    last_contact INTEGER,
    software     TEXT CHECK (length(software) <= 80)
) STRICT;

CREATE TABLE terminal_keys (
    terminal    INTEGER NOT NULL REFERENCES terminals (id),
    epoch       INTEGER NOT NULL CHECK (epoch >= 0),
    public      BLOB NOT NULL CHECK (length(public) = 32),
    enrolled_at INTEGER NOT NULL,
    revoked     INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
    PRIMARY KEY (terminal, epoch)
) STRICT;

CREATE TABLE enrolments (
    secret_hash   BLOB PRIMARY KEY CHECK (length(secret_hash) = 32),
    merchant      INTEGER NOT NULL REFERENCES merchants (id),
    branch        INTEGER NOT NULL REFERENCES branches (id),
    name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    terminal      INTEGER REFERENCES terminals (id),
    expires       INTEGER NOT NULL,
    used_key      BLOB CHECK (length(used_key) = 32),
    used_terminal INTEGER REFERENCES terminals (id),
    used_epoch    INTEGER,
    CHECK ((used_key IS NULL) = (used_terminal IS NULL)),
    CHECK ((used_key IS NULL) = (used_epoch IS NULL))
) STRICT;

CREATE TABLE tokens (
    id       INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    name     TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    role     TEXT NOT NULL CHECK (role IN ('owner', 'settlement', 'audit', 'wallet')),
    -- Whose lists an owner reads.
    merchant INTEGER REFERENCES merchants (id),
    hash     BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    made     INTEGER NOT NULL,
    used     INTEGER,
    revoked  INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
    CHECK ((role = 'owner') = (merchant IS NOT NULL))
) STRICT;

CREATE TABLE journal (
    arrival  INTEGER PRIMARY KEY AUTOINCREMENT,
    terminal INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    seq      INTEGER NOT NULL CHECK (seq > 0),
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    bytes    BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 4096),
    merchant INTEGER NOT NULL REFERENCES merchants (id),
    received INTEGER NOT NULL,
    note     TEXT,
    -- What follows is read from the bytes, for listing only.
    kind     TEXT NOT NULL
             CHECK (kind IN ('opened', 'redeemed', 'refused', 'rolled_back', 'bundle_taken',
                             'lease_ended')),
    branch   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    UNIQUE (terminal, epoch, seq),
    FOREIGN KEY (terminal, epoch) REFERENCES terminal_keys (terminal, epoch)
) STRICT;

CREATE INDEX journal_listed ON journal (arrival) WHERE kind IN ('redeemed', 'rolled_back');
CREATE INDEX journal_of_merchant ON journal (merchant, arrival) WHERE kind IN ('redeemed', 'rolled_back');

CREATE TABLE uses (
    arrival  INTEGER PRIMARY KEY AUTOINCREMENT,
    issuer   TEXT NOT NULL,
    voucher  BLOB NOT NULL CHECK (length(voucher) = 16),
    terminal INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    uses     INTEGER NOT NULL CHECK (uses >= 0),
    minor    INTEGER NOT NULL,
    -- A CBOR array of pieces by line of an order.
    lines    BLOB,
    -- What uses are counted by. Days are those of the branch, since 1970.
    campaign INTEGER NOT NULL,
    merchant INTEGER NOT NULL,
    day      INTEGER NOT NULL,
    customer TEXT,
    lease    INTEGER,
    UNIQUE (terminal, epoch, seq),
    FOREIGN KEY (terminal, epoch, seq) REFERENCES journal (terminal, epoch, seq)
) STRICT;

CREATE INDEX uses_of_voucher ON uses (issuer, voucher);
CREATE INDEX uses_of_campaign ON uses (issuer, campaign, uses);
CREATE INDEX uses_of_customer ON uses (customer, issuer) WHERE customer IS NOT NULL;
CREATE INDEX uses_of_lease ON uses (lease) WHERE lease IS NOT NULL;

CREATE TABLE claims (
    issuer   TEXT NOT NULL,
    voucher  BLOB NOT NULL CHECK (length(voucher) = 16),
    terminal INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    after    INTEGER NOT NULL CHECK (after >= 0),
    uses     INTEGER NOT NULL CHECK (uses >= 0),
    minor    INTEGER NOT NULL CHECK (minor >= 0),
    lines    BLOB,
    at       INTEGER NOT NULL,
    campaign INTEGER NOT NULL,
    merchant INTEGER NOT NULL,
    day      INTEGER NOT NULL,
    customer TEXT,
    PRIMARY KEY (issuer, voucher, terminal),
    FOREIGN KEY (terminal, epoch) REFERENCES terminal_keys (terminal, epoch)
) STRICT;

CREATE INDEX claims_of_terminal ON claims (terminal, epoch);
CREATE INDEX claims_of_campaign ON claims (issuer, campaign);

CREATE TABLE leases (
    id       INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    issuer   TEXT NOT NULL,
    campaign INTEGER NOT NULL REFERENCES campaigns (id),
    -- Null where it is of the whole campaign.
    voucher  BLOB CHECK (length(voucher) = 16),
    terminal INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    uses     INTEGER NOT NULL CHECK (uses > 0),
    minor    INTEGER NOT NULL CHECK (minor > 0),
    until    INTEGER NOT NULL,
    lent_at  INTEGER NOT NULL,
    -- 0 open, 1 ending, 2 ended, 3 released.
    state    INTEGER NOT NULL CHECK (state IN (0, 1, 2, 3)),
    FOREIGN KEY (terminal, epoch) REFERENCES terminal_keys (terminal, epoch)
) STRICT;

CREATE INDEX leases_of_campaign ON leases (issuer, campaign) WHERE state < 2;
CREATE INDEX leases_of_terminal ON leases (terminal, epoch) WHERE state < 2;

CREATE TABLE conflicts (
    id       INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    issuer   TEXT NOT NULL,
    voucher  BLOB NOT NULL CHECK (length(voucher) = 16),
    -- 0 issuer, 1 merchant.
    liable   INTEGER NOT NULL CHECK (liable IN (0, 1)),
    found    INTEGER NOT NULL,
    terminal INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    UNIQUE (terminal, epoch, seq)
) STRICT;

CREATE TABLE conflict_evidence (
    conflict INTEGER NOT NULL REFERENCES conflicts (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    terminal INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (conflict, position),
    FOREIGN KEY (terminal, epoch, seq) REFERENCES journal (terminal, epoch, seq)
) STRICT, WITHOUT ROWID;
