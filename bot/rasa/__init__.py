"""The same conversations for people who run a Rasa server: its project, and the names that it has for things."""
