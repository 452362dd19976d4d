"""What every domain stands on: accounts, audit, inbox, outbox, storage, database."""
