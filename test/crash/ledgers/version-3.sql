-- The tables of schema 3, as the Cartero that made it left them.
CREATE TABLE run (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     campaign TEXT NOT NULL,
     source TEXT NOT NULL,
     slot INTEGER,
     content_hash TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     on_uncertain TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     plan TEXT                                    -- JSON of PlanCounts; NULL until the plan is complete
   ) STRICT;
   CREATE INDEX run_by_campaign ON run (campaign);
   CREATE TABLE batch (
     number INTEGER PRIMARY KEY,
     run INTEGER NOT NULL REFERENCES run,
     batch INTEGER NOT NULL,
     fence INTEGER NOT NULL DEFAULT 0,
     rev INTEGER NOT NULL DEFAULT 0,
     holder TEXT,                                 -- a process; its lock says whether it lives
     policy TEXT NOT NULL DEFAULT 'hold',         -- the run's on_uncertain when it was claimed
     next_at INTEGER NOT NULL DEFAULT 0,
     closed INTEGER NOT NULL DEFAULT 0,
     UNIQUE (run, batch)
   ) STRICT;
   CREATE INDEX open_batch ON batch (run, batch) WHERE closed = 0;
   CREATE TABLE delivery (
     id INTEGER PRIMARY KEY,                      -- batch.number * 65536 + index
     row INTEGER NOT NULL,
     recipient TEXT NOT NULL,
     key TEXT,                                    -- NULL where it is the recipient
     message_id TEXT NOT NULL,
     state TEXT NOT NULL,
     attempt INTEGER NOT NULL DEFAULT 0,
     uncertain_attempts INTEGER NOT NULL DEFAULT 0,
     at INTEGER,
     next_at INTEGER,
     reply TEXT,
     enhanced_status TEXT,
     queue_id TEXT,
     problem TEXT
   ) STRICT;
   CREATE TABLE recipient (                       -- of complete plans, by run: filled in order of the key
     run INTEGER NOT NULL,
     key TEXT NOT NULL,
     delivery INTEGER NOT NULL,
     PRIMARY KEY (run, key, delivery)
   ) STRICT, WITHOUT ROWID;
ALTER TABLE run ADD COLUMN control TEXT NOT NULL DEFAULT 'going';
   ALTER TABLE run ADD COLUMN control_at INTEGER;  -- when it was last paused, resumed or cancelled
   CREATE TABLE suppression (
     key TEXT PRIMARY KEY,                        -- suppressionKey
     recipient TEXT NOT NULL,                     -- as it was first written
     reason TEXT,
     at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
ALTER TABLE run ADD COLUMN canary TEXT;          -- JSON of CanaryVerdict; NULL until it is given
PRAGMA application_id = 0x43617274;
PRAGMA user_version = 3;
