"""The ledger: accounts, transfers, holds, and the guards that keep them true whoever writes.

One text describes the tables of both engines; the triggers are each engine's own. On PostgreSQL they fire once for a
whole INSERT, however many rows it brings, and move each account once. On SQLite they fire row by row, and every check
is a RAISE, because an `INSERT OR IGNORE` or `OR REPLACE` would talk the constraints beneath a trigger into silence.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TYPES = {
    "sqlite": {
        "id": "BLOB",
        "bytes": "BLOB",
        "whole": "INTEGER",
        "time": "TEXT",
        "seq": "INTEGER NOT NULL CONSTRAINT pk_ledger_transfer PRIMARY KEY",
        "writer": "0",
        "strict": "STRICT",
    },
    "postgresql": {
        "id": "UUID",
        "bytes": "BYTEA",
        "whole": "BIGINT",
        "time": "TIMESTAMPTZ",
        "seq": "BIGINT GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_ledger_transfer PRIMARY KEY",
        # One slot for each server process, so that two connections seldom meet on one row.
        "writer": "(pg_backend_pid() % 64)",
        "strict": "",
    },
}

_TABLES = """
CREATE TABLE ledger_account (
    id {id} NOT NULL CONSTRAINT pk_ledger_account PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    mode TEXT NOT NULL,
    balance {whole} NOT NULL DEFAULT 0,
    held {whole} NOT NULL DEFAULT 0,
    closed_at {time},
    created_at {time} NOT NULL,
    CONSTRAINT uq_ledger_account_owner_kind_currency UNIQUE (owner, kind, currency),
    CONSTRAINT ck_ledger_account_kind CHECK (
        kind IN ('wallet', 'parked', 'receivable', 'pot', 'provider', 'fees', 'cash', 'suspense')),
    CONSTRAINT ck_ledger_account_mode CHECK (mode = CASE
        WHEN kind IN ('wallet', 'parked', 'pot') THEN 'member'
        WHEN kind = 'receivable' THEN 'credit_line'
        ELSE 'system' END),
    CONSTRAINT ck_ledger_account_currency CHECK (length(currency) = 3),
    CONSTRAINT ck_ledger_account_held CHECK (held >= 0),
    CONSTRAINT ck_ledger_account_funds CHECK (mode <> 'member' OR balance - held >= 0),
    CONSTRAINT ck_ledger_account_closed CHECK (
        closed_at IS NULL OR (mode <> 'system' AND balance = 0 AND held = 0))
) {strict};

CREATE TABLE ledger_slot (
    account_id {id} NOT NULL CONSTRAINT fk_ledger_slot_account_id REFERENCES ledger_account (id),
    slot INTEGER NOT NULL,
    balance {whole} NOT NULL,
    CONSTRAINT pk_ledger_slot PRIMARY KEY (account_id, slot)
) {strict};

CREATE TABLE ledger_hold (
    id {id} NOT NULL CONSTRAINT pk_ledger_hold PRIMARY KEY,
    debit_id {id} NOT NULL,
    credit_id {id} NOT NULL,
    amount {whole} NOT NULL,
    kind TEXT NOT NULL,
    fingerprint {bytes} NOT NULL,
    expires_at {time},
    created_at {time} NOT NULL,
    CONSTRAINT ck_ledger_hold_amount CHECK (amount > 0),
    CONSTRAINT ck_ledger_hold_accounts CHECK (debit_id <> credit_id)
) {strict};

CREATE INDEX ix_ledger_hold_debit_id_expires_at ON ledger_hold (debit_id, expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE ledger_transfer (
    seq {seq},
    id {id} NOT NULL,
    journal_id {id} NOT NULL,
    leg INTEGER NOT NULL,
    debit_id {id} NOT NULL,
    credit_id {id} NOT NULL,
    amount {whole} NOT NULL,
    kind TEXT NOT NULL,
    fingerprint {bytes} NOT NULL,
    slot INTEGER NOT NULL DEFAULT {writer},
    hold_id {id} CONSTRAINT fk_ledger_transfer_hold_id REFERENCES ledger_hold (id),
    reverses_id {id} CONSTRAINT fk_ledger_transfer_reverses_id REFERENCES ledger_transfer (id),
    effective_at {time} NOT NULL,
    created_at {time} NOT NULL,
    CONSTRAINT uq_ledger_transfer_id UNIQUE (id),
    CONSTRAINT uq_ledger_transfer_journal_id_leg UNIQUE (journal_id, leg),
    CONSTRAINT ck_ledger_transfer_amount CHECK (amount > 0),
    CONSTRAINT ck_ledger_transfer_accounts CHECK (debit_id <> credit_id)
) {strict};

CREATE INDEX ix_ledger_transfer_debit_id_seq ON ledger_transfer (debit_id, seq);
CREATE INDEX ix_ledger_transfer_credit_id_seq ON ledger_transfer (credit_id, seq);
CREATE INDEX ix_ledger_transfer_reverses_id ON ledger_transfer (reverses_id) WHERE reverses_id IS NOT NULL;

CREATE TABLE ledger_resolution (
    hold_id {id} NOT NULL CONSTRAINT pk_ledger_resolution PRIMARY KEY
        CONSTRAINT fk_ledger_resolution_hold_id REFERENCES ledger_hold (id),
    outcome TEXT NOT NULL,
    transfer_id {id} CONSTRAINT fk_ledger_resolution_transfer_id REFERENCES ledger_transfer (id),
    created_at {time} NOT NULL,
    CONSTRAINT ck_ledger_resolution_outcome CHECK (outcome IN ('posted', 'voided', 'expired')),
    CONSTRAINT ck_ledger_resolution_transfer CHECK ((outcome = 'posted') = (transfer_id IS NOT NULL))
) {strict};

CREATE TABLE ledger_refusal (
    id {id} NOT NULL CONSTRAINT pk_ledger_refusal PRIMARY KEY,
    fingerprint {bytes} NOT NULL,
    reason TEXT NOT NULL,
    created_at {time} NOT NULL
) {strict};

CREATE VIEW ledger_entry AS
SELECT debit_id AS account_id, credit_id AS counterparty_id, -amount AS amount,
       seq, id AS transfer_id, journal_id, leg, kind, effective_at, created_at
FROM ledger_transfer
UNION ALL
SELECT credit_id, debit_id, amount, seq, id, journal_id, leg, kind, effective_at, created_at
FROM ledger_transfer;
"""

_APPEND_ONLY = ["ledger_transfer", "ledger_hold", "ledger_resolution", "ledger_refusal"]

_SQLITE_TRIGGERS = [
    # A REPLACE deletes without asking the DELETE trigger, so the id must be refused before it gets there.
    """
    CREATE TRIGGER ledger_transfer_is_new BEFORE INSERT ON ledger_transfer BEGIN
        SELECT RAISE(ABORT, 'ledger: this transfer is already written')
        WHERE EXISTS (SELECT 1 FROM ledger_transfer WHERE id = NEW.id)
           OR EXISTS (SELECT 1 FROM ledger_transfer WHERE seq = NEW.seq)
           OR EXISTS (SELECT 1 FROM ledger_transfer WHERE journal_id = NEW.journal_id AND leg = NEW.leg);
    END
    """,
    """
    CREATE TRIGGER ledger_transfer_moves_money AFTER INSERT ON ledger_transfer BEGIN
        SELECT RAISE(ABORT, 'ledger: unknown, closed or mixed accounts')
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger_account AS debit JOIN ledger_account AS credit ON credit.id = NEW.credit_id
            WHERE debit.id = NEW.debit_id AND debit.currency = credit.currency
              AND debit.closed_at IS NULL AND credit.closed_at IS NULL);
        SELECT RAISE(ABORT, 'ledger: not the mirror of what it reverses, or more than it')
        WHERE NEW.reverses_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM ledger_transfer AS original
            WHERE original.id = NEW.reverses_id
              AND original.debit_id = NEW.credit_id AND original.credit_id = NEW.debit_id
              AND original.amount >= (SELECT sum(amount) FROM ledger_transfer WHERE reverses_id = NEW.reverses_id));
        INSERT INTO ledger_resolution (hold_id, outcome, transfer_id, created_at)
        SELECT NEW.hold_id, 'posted', NEW.id, NEW.created_at WHERE NEW.hold_id IS NOT NULL;
        SELECT RAISE(ABORT, 'ledger: insufficient funds')
        FROM ledger_account
        WHERE id = NEW.debit_id AND mode = 'member' AND balance - held < NEW.amount;
        UPDATE ledger_account SET balance = balance - NEW.amount WHERE id = NEW.debit_id AND mode <> 'system';
        UPDATE ledger_account SET balance = balance + NEW.amount WHERE id = NEW.credit_id AND mode <> 'system';
        INSERT INTO ledger_slot (account_id, slot, balance)
        SELECT id, NEW.slot, CASE id WHEN NEW.credit_id THEN NEW.amount ELSE -NEW.amount END
        FROM ledger_account WHERE id IN (NEW.debit_id, NEW.credit_id) AND mode = 'system'
        ON CONFLICT (account_id, slot) DO UPDATE SET balance = balance + excluded.balance;
    END
    """,
    """
    CREATE TRIGGER ledger_hold_is_new BEFORE INSERT ON ledger_hold BEGIN
        SELECT RAISE(ABORT, 'ledger: this hold is already written')
        WHERE EXISTS (SELECT 1 FROM ledger_hold WHERE id = NEW.id);
    END
    """,
    """
    CREATE TRIGGER ledger_hold_reserves AFTER INSERT ON ledger_hold BEGIN
        SELECT RAISE(ABORT, 'ledger: unknown, closed or mixed accounts')
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger_account AS debit JOIN ledger_account AS credit ON credit.id = NEW.credit_id
            WHERE debit.id = NEW.debit_id AND debit.currency = credit.currency
              AND debit.closed_at IS NULL AND credit.closed_at IS NULL);
        SELECT RAISE(ABORT, 'ledger: insufficient funds')
        FROM ledger_account
        WHERE id = NEW.debit_id AND mode = 'member' AND balance - held < NEW.amount;
        UPDATE ledger_account SET held = held + NEW.amount WHERE id = NEW.debit_id;
    END
    """,
    """
    CREATE TRIGGER ledger_resolution_is_new BEFORE INSERT ON ledger_resolution BEGIN
        SELECT RAISE(ABORT, 'ledger: this hold is already resolved')
        WHERE EXISTS (SELECT 1 FROM ledger_resolution WHERE hold_id = NEW.hold_id);
    END
    """,
    """
    CREATE TRIGGER ledger_resolution_releases AFTER INSERT ON ledger_resolution BEGIN
        SELECT RAISE(ABORT, 'ledger: not what this hold allows')
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger_hold AS hold LEFT JOIN ledger_transfer AS transfer ON transfer.id = NEW.transfer_id
            WHERE hold.id = NEW.hold_id AND CASE NEW.outcome
                WHEN 'voided' THEN 1
                WHEN 'expired' THEN hold.expires_at <= NEW.created_at
                ELSE transfer.hold_id = hold.id AND transfer.amount <= hold.amount
                    AND transfer.debit_id = hold.debit_id AND transfer.credit_id = hold.credit_id
                    AND (hold.expires_at IS NULL OR hold.expires_at > NEW.created_at)
                END);
        UPDATE ledger_account SET held = held - (SELECT amount FROM ledger_hold WHERE id = NEW.hold_id)
        WHERE id = (SELECT debit_id FROM ledger_hold WHERE id = NEW.hold_id);
    END
    """,
    """
    CREATE TRIGGER ledger_refusal_is_new BEFORE INSERT ON ledger_refusal BEGIN
        SELECT RAISE(ABORT, 'ledger: this id is already refused')
        FROM ledger_refusal WHERE id = NEW.id AND (fingerprint <> NEW.fingerprint OR reason <> NEW.reason);
    END
    """,
    """
    CREATE TRIGGER ledger_account_is_new BEFORE INSERT ON ledger_account BEGIN
        SELECT RAISE(ABORT, 'ledger: an account opens empty, and once')
        WHERE NEW.balance <> 0 OR NEW.held <> 0
           OR EXISTS (SELECT 1 FROM ledger_account WHERE id = NEW.id)
           OR EXISTS (SELECT 1 FROM ledger_account
                      WHERE owner = NEW.owner AND kind = NEW.kind AND currency = NEW.currency);
    END
    """,
    """
    CREATE TRIGGER ledger_account_keeps_its_name
    BEFORE UPDATE OF id, owner, kind, currency, mode, created_at ON ledger_account BEGIN
        SELECT RAISE(ABORT, 'ledger: an account stays whose and what it is');
    END
    """,
]

_POSTGRESQL_TRIGGERS = [
    """
    CREATE FUNCTION ledger_denied() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'ledger: % of % is denied', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE FUNCTION ledger_transfer_moves_money() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM added
            LEFT JOIN ledger_account AS debit ON debit.id = added.debit_id
            LEFT JOIN ledger_account AS credit ON credit.id = added.credit_id
            WHERE debit.id IS NULL OR credit.id IS NULL OR debit.currency <> credit.currency
               OR debit.closed_at IS NOT NULL OR credit.closed_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'ledger: unknown, closed or mixed accounts' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (SELECT FROM added WHERE reverses_id IS NOT NULL) THEN
            -- Two reversals of one transfer queue here, so that each sees what the other took back.
            PERFORM FROM ledger_transfer WHERE id IN (SELECT reverses_id FROM added) ORDER BY id FOR UPDATE;
            IF EXISTS (
                SELECT FROM added JOIN ledger_transfer AS original ON original.id = added.reverses_id
                WHERE original.debit_id <> added.credit_id OR original.credit_id <> added.debit_id
                   OR original.amount < (SELECT sum(amount) FROM ledger_transfer WHERE reverses_id = original.id)
            ) THEN
                RAISE EXCEPTION 'ledger: not the mirror of what it reverses, or more than it'
                    USING ERRCODE = 'check_violation';
            END IF;
        END IF;
        IF EXISTS (SELECT FROM added WHERE hold_id IS NOT NULL) THEN
            INSERT INTO ledger_resolution (hold_id, outcome, transfer_id, created_at)
            SELECT hold_id, 'posted', id, created_at FROM added WHERE hold_id IS NOT NULL;
        END IF;
        UPDATE ledger_account AS account SET balance = account.balance + moved.amount
        FROM (
            SELECT account_id, sum(amount)::bigint AS amount
            FROM (SELECT debit_id AS account_id, -amount AS amount FROM added
                  UNION ALL SELECT credit_id, amount FROM added) AS entry
            GROUP BY account_id
        ) AS moved
        WHERE account.id = moved.account_id AND account.mode <> 'system';
        INSERT INTO ledger_slot AS kept (account_id, slot, balance)
        SELECT account_id, slot, sum(amount)::bigint
        FROM (SELECT debit_id AS account_id, slot, -amount AS amount FROM added
              UNION ALL SELECT credit_id, slot, amount FROM added) AS entry
        JOIN ledger_account AS account ON account.id = account_id
        WHERE account.mode = 'system'
        GROUP BY account_id, slot
        ORDER BY account_id, slot
        ON CONFLICT (account_id, slot) DO UPDATE SET balance = kept.balance + excluded.balance;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger_hold_reserves() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM added
            LEFT JOIN ledger_account AS debit ON debit.id = added.debit_id
            LEFT JOIN ledger_account AS credit ON credit.id = added.credit_id
            WHERE debit.id IS NULL OR credit.id IS NULL OR debit.currency <> credit.currency
               OR debit.closed_at IS NOT NULL OR credit.closed_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'ledger: unknown, closed or mixed accounts' USING ERRCODE = 'check_violation';
        END IF;
        UPDATE ledger_account AS account SET held = account.held + reserved.amount
        FROM (SELECT debit_id, sum(amount)::bigint AS amount FROM added GROUP BY debit_id) AS reserved
        WHERE account.id = reserved.debit_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger_resolution_releases() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM added
            LEFT JOIN ledger_hold AS hold ON hold.id = added.hold_id
            LEFT JOIN ledger_transfer AS transfer ON transfer.id = added.transfer_id
            WHERE NOT coalesce(CASE added.outcome
                WHEN 'voided' THEN true
                WHEN 'expired' THEN hold.expires_at <= added.created_at
                ELSE transfer.hold_id = hold.id AND transfer.amount <= hold.amount
                    AND transfer.debit_id = hold.debit_id AND transfer.credit_id = hold.credit_id
                    AND (hold.expires_at IS NULL OR hold.expires_at > added.created_at)
                END, false)
        ) THEN
            RAISE EXCEPTION 'ledger: not what this hold allows' USING ERRCODE = 'check_violation';
        END IF;
        UPDATE ledger_account AS account SET held = account.held - released.amount
        FROM (
            SELECT hold.debit_id, sum(hold.amount)::bigint AS amount
            FROM added JOIN ledger_hold AS hold ON hold.id = added.hold_id
            GROUP BY hold.debit_id
        ) AS released
        WHERE account.id = released.debit_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger_account_opens_empty() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.balance <> 0 OR NEW.held <> 0 THEN
            RAISE EXCEPTION 'ledger: an account opens empty, and once' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER {function} AFTER INSERT ON {table}
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION {function}()
        """
        for table, function in (
            ("ledger_transfer", "ledger_transfer_moves_money"),
            ("ledger_hold", "ledger_hold_reserves"),
            ("ledger_resolution", "ledger_resolution_releases"),
        )
    ),
    """
    CREATE TRIGGER ledger_account_opens_empty BEFORE INSERT ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_opens_empty()
    """,
    """
    CREATE TRIGGER ledger_account_keeps_its_name
    BEFORE UPDATE OF id, owner, kind, currency, mode, created_at ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_denied()
    """,
]


def upgrade() -> None:
    engine = op.get_context().dialect.name
    for statement in _TABLES.format(**_TYPES[engine]).strip().removesuffix(";").split(";\n"):
        op.execute(statement)
    for statement in _SQLITE_TRIGGERS if engine == "sqlite" else _POSTGRESQL_TRIGGERS:
        op.execute(statement)
    for statement in _denials(engine):
        op.execute(statement)


def _denials(engine: str) -> list[str]:
    """What is written stays as it is; accounts and slots may move, and are never taken away."""
    if engine == "postgresql":
        return [
            f"""
            CREATE TRIGGER {table}_stays BEFORE {"UPDATE OR " if table in _APPEND_ONLY else ""}DELETE OR TRUNCATE
            ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_denied()
            """
            for table in [*_APPEND_ONLY, "ledger_account", "ledger_slot"]
        ]
    denied = [("DELETE", table) for table in [*_APPEND_ONLY, "ledger_account", "ledger_slot"]]
    denied += [("UPDATE", table) for table in _APPEND_ONLY]
    return [
        f"""
        CREATE TRIGGER {table}_denies_{verb.lower()} BEFORE {verb} ON {table} BEGIN
            SELECT RAISE(ABORT, 'ledger: {verb} of {table} is denied');
        END
        """
        for verb, table in denied
    ]
