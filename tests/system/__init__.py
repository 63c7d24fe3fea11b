"""The running product seen from outside: the real process, its doors and its commands."""
