"""What the service talks about: one file for each goal, no sentence inside."""
