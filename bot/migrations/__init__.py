"""The history of the tables; run by `bot.migrate`."""
