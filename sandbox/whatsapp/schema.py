"""The tables of the sandbox's WhatsApp."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS whatsapp_facts (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS whatsapp_accounts (
    person_id INTEGER PRIMARY KEY,
    phone TEXT,
    user_id TEXT NOT NULL,
    ids TEXT NOT NULL DEFAULT 'both',
    blocked INTEGER NOT NULL DEFAULT 0,
    open_until REAL NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS whatsapp_accounts_by_phone ON whatsapp_accounts (phone);
CREATE TABLE IF NOT EXISTS whatsapp_messages (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT,
    wamid TEXT NOT NULL UNIQUE,
    person_id INTEGER,
    author TEXT NOT NULL,
    date INTEGER NOT NULL,
    type TEXT NOT NULL,
    content TEXT NOT NULL,
    reply_to TEXT,
    tracker TEXT,
    status TEXT NOT NULL,
    error TEXT
);
CREATE INDEX IF NOT EXISTS whatsapp_messages_by_person ON whatsapp_messages (person_id, message_id);
CREATE TABLE IF NOT EXISTS whatsapp_media (
    media_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    body BLOB NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS whatsapp_templates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    category TEXT NOT NULL,
    components TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    UNIQUE (name, language)
);
CREATE TABLE IF NOT EXISTS whatsapp_notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    turn REAL NOT NULL DEFAULT 0,
    entry TEXT NOT NULL,
    about TEXT NOT NULL,
    person_id INTEGER NOT NULL,
    due_at REAL NOT NULL,
    passing INTEGER NOT NULL DEFAULT 0,
    repeats INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS whatsapp_notices_by_person ON whatsapp_notices (person_id, turn);
CREATE TABLE IF NOT EXISTS whatsapp_changes (
    change INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    chat_id INTEGER,
    message_id INTEGER,
    person_id INTEGER,
    detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS whatsapp_changes_by_chat ON whatsapp_changes (chat_id, change);
"""
