"""What the service talks about: one file a goal, no sentence inside."""
