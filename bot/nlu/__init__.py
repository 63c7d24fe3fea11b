"""Text in, Rasa parse data out: language, intent and entities, by rules where they are exact and else by numbers."""
