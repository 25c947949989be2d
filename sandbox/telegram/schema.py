"""The tables of the sandbox's Telegram."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS telegram_facts (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS telegram_people (
    id INTEGER PRIMARY KEY,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL DEFAULT '',
    username TEXT NOT NULL DEFAULT '',
    language_code TEXT NOT NULL DEFAULT 'fr',
    phone TEXT NOT NULL,
    started INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS telegram_groups (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    title TEXT NOT NULL,
    migrated_to INTEGER,
    bot_status TEXT NOT NULL DEFAULT 'left'
);
CREATE TABLE IF NOT EXISTS telegram_members (
    group_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (group_id, person_id)
);
CREATE TABLE IF NOT EXISTS telegram_messages (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    date INTEGER NOT NULL,
    edit_date INTEGER,
    reply_to INTEGER,
    content TEXT NOT NULL,
    reply_markup TEXT,
    deleted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS telegram_messages_by_chat ON telegram_messages (chat_id, message_id);
CREATE TABLE IF NOT EXISTS telegram_pins (
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (chat_id, message_id)
);
CREATE TABLE IF NOT EXISTS telegram_keyboards (
    chat_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    markup TEXT NOT NULL,
    PRIMARY KEY (chat_id, person_id)
);
CREATE TABLE IF NOT EXISTS telegram_files (
    file_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS telegram_callbacks (
    id TEXT PRIMARY KEY,
    person_id INTEGER NOT NULL,
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    asked_at REAL NOT NULL,
    answer TEXT
);
CREATE TABLE IF NOT EXISTS telegram_commands (
    scope TEXT NOT NULL,
    language_code TEXT NOT NULL,
    commands TEXT NOT NULL,
    PRIMARY KEY (scope, language_code)
);
CREATE TABLE IF NOT EXISTS telegram_updates (
    update_id INTEGER PRIMARY KEY AUTOINCREMENT,
    turn REAL NOT NULL DEFAULT 0,
    body TEXT NOT NULL,
    chat_id INTEGER,
    message_id INTEGER,
    held INTEGER NOT NULL DEFAULT 0,
    repeats INTEGER NOT NULL DEFAULT 0,
    again INTEGER NOT NULL DEFAULT 0,
    served INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS telegram_updates_by_message ON telegram_updates (message_id);
CREATE TABLE IF NOT EXISTS telegram_changes (
    change INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    chat_id INTEGER,
    message_id INTEGER,
    person_id INTEGER,
    detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS telegram_changes_by_chat ON telegram_changes (chat_id, change);
"""
