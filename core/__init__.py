"""The words everybody uses: money, phones, time, the database, jobs, the outbox, events, errors, settings."""
