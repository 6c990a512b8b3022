-- Rows carry their identity, so that whatever is written twice is one row under FINAL.
-- Positions are those of the journal, hits log and work log of one data folder; `logs` says which.
-- {database} is replaced by the writer; statements are separated by a line with a single semicolon.
-- Inserts are synced before they are acknowledged (fsync_after_insert), because the writer's cursor
-- moves behind them. Old partitions are dropped by the writer: retention is a setting.
-- Each can be run again (IF NOT EXISTS), because a crash between two starts the file over.

CREATE TABLE IF NOT EXISTS {database}.logs
(
    log LowCardinality(String),
    identity String
)
ENGINE = ReplacingMergeTree ORDER BY log
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- How far each log is stored. Written behind the rows that it covers. `dropped` is no log: journal
-- positions below its own may have been dropped to make room.
CREATE TABLE IF NOT EXISTS {database}.cursors
(
    log LowCardinality(String),
    position UInt64,
    -- Ingest time of the newest record below.
    ingest_ms Int64,
    -- Journal only: start of the block whose sums are being made (see account_hours).
    block UInt64
)
ENGINE = ReplacingMergeTree(position) ORDER BY log
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- One row a transaction: identity is the journal position.
CREATE TABLE IF NOT EXISTS {database}.transactions
(
    position UInt64 CODEC(Delta, ZSTD(1)),
    id String CODEC(ZSTD(1)),
    event_ms Int64 CODEC(Delta, ZSTD(1)),
    ingest_ms Int64 CODEC(Delta, ZSTD(1)),
    source UInt16,
    origin_partition UInt16,
    origin_offset UInt64 CODEC(Delta, ZSTD(1)),
    origin_index UInt32,
    debtor_subject String CODEC(ZSTD(1)),
    debtor_account String CODEC(ZSTD(1)),
    creditor_subject String CODEC(ZSTD(1)),
    creditor_account String CODEC(ZSTD(1)),
    amount_minor UInt64,
    currency LowCardinality(String),
    amount_base_minor UInt64,
    type LowCardinality(String),
    channel LowCardinality(String),
    history Bool,
    reversed_transaction String CODEC(ZSTD(1)),
    -- Its only side that is ours is a merchant's card receipt.
    receipt Bool,
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
-- By ingest day, as YYYYMMDD00, and receipts by four hours of it: they come first when room is made.
PARTITION BY (toUInt8(receipt), toYYYYMMDD(fromUnixTimestamp64Milli(ingest_ms, 'UTC')) * 100
    + if(receipt, intDiv(toHour(fromUnixTimestamp64Milli(ingest_ms, 'UTC')), 4) * 4, 0))
ORDER BY position
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- One row for each side that is ours, laid out for a customer's picture.
CREATE TABLE IF NOT EXISTS {database}.legs
(
    subject String CODEC(ZSTD(1)),
    event_ms Int64 CODEC(Delta, ZSTD(1)),
    position UInt64 CODEC(Delta, ZSTD(1)),
    -- 0 debit, 1 credit.
    side UInt8,
    ingest_ms Int64 CODEC(Delta, ZSTD(1)),
    transaction_id String CODEC(ZSTD(1)),
    account String CODEC(ZSTD(1)),
    counterparty String CODEC(ZSTD(1)),
    country LowCardinality(String),
    amount_base_minor UInt64,
    amount_minor UInt64,
    currency LowCardinality(String),
    type LowCardinality(String),
    channel LowCardinality(String),
    class_bits UInt32,
    balance_after_minor Nullable(Int64)
)
ENGINE = ReplacingMergeTree
-- As in transactions; bit 19 is merchantReceipt (schemas/classes.ts).
PARTITION BY (toUInt8(bitTest(class_bits, 19)),
    toYYYYMMDD(fromUnixTimestamp64Milli(ingest_ms, 'UTC')) * 100
    + if(bitTest(class_bits, 19), intDiv(toHour(fromUnixTimestamp64Milli(ingest_ms, 'UTC')), 4) * 4, 0))
ORDER BY (subject, event_ms, position, side)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- Absolute values over one block of the journal (up to 262,144 positions), replaced while the block
-- grows: never a count of inserts, so a retry with any batch size gives the same row. `block` is
-- the position that the block starts at, `hour` counts hours since the epoch. Sums over blocks are
-- the truth; see the views.
CREATE TABLE IF NOT EXISTS {database}.account_hours
(
    subject String CODEC(ZSTD(1)),
    account String CODEC(ZSTD(1)),
    hour UInt32,
    block UInt64,
    -- End of the journal positions that this row covers: the larger replaces.
    upto UInt64,
    in_count UInt32,
    in_minor UInt64,
    out_count UInt32,
    out_minor UInt64,
    customer_made UInt32
)
ENGINE = ReplacingMergeTree(upto)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(toInt64(hour) * 3600000, 'UTC'))
ORDER BY (subject, account, hour, block)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- `day`: bank day in the bank's zone.
CREATE TABLE IF NOT EXISTS {database}.account_days
(
    subject String CODEC(ZSTD(1)),
    account String CODEC(ZSTD(1)),
    day Date,
    block UInt64,
    upto UInt64,
    in_count UInt32,
    in_minor UInt64,
    out_count UInt32,
    out_minor UInt64,
    customer_made UInt32
)
ENGINE = ReplacingMergeTree(upto)
PARTITION BY toYYYYMM(day)
ORDER BY (subject, account, day, block)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

CREATE VIEW IF NOT EXISTS {database}.customer_hours AS
SELECT subject, hour, sum(in_count) AS in_count, sum(in_minor) AS in_minor,
       sum(out_count) AS out_count, sum(out_minor) AS out_minor,
       sum(customer_made) AS customer_made
FROM {database}.account_hours FINAL GROUP BY subject, hour
;

CREATE VIEW IF NOT EXISTS {database}.customer_days AS
SELECT subject, day, sum(in_count) AS in_count, sum(in_minor) AS in_minor,
       sum(out_count) AS out_count, sum(out_minor) AS out_minor,
       sum(customer_made) AS customer_made
FROM {database}.account_days FINAL GROUP BY subject, day
;

CREATE TABLE IF NOT EXISTS {database}.hits
(
    id FixedString(32),
    -- In the hits log.
    position UInt64,
    rule LowCardinality(String),
    rule_version UInt32,
    catalogue_version LowCardinality(String),
    family LowCardinality(String),
    subject String CODEC(ZSTD(1)),
    severity UInt8,
    score Float32,
    band LowCardinality(String),
    amount_base_minor UInt64,
    event_ms Int64,
    detected_ms Int64,
    history Bool,
    body String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(detected_ms, 'UTC'))
ORDER BY id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- Records of the work log with what their hit says; an alert is the fold of its events.
CREATE TABLE IF NOT EXISTS {database}.alert_events
(
    alert_id FixedString(32),
    -- In the work log.
    position UInt64,
    at_ms Int64,
    -- open, append, take, release, close ...
    what LowCardinality(String),
    user String,
    reason LowCardinality(String),
    hit_id String,
    rule LowCardinality(String),
    family LowCardinality(String),
    subject String CODEC(ZSTD(1)),
    severity UInt8,
    score Float32,
    amount_base_minor UInt64,
    event_ms Int64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(at_ms, 'UTC'))
ORDER BY (alert_id, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;
