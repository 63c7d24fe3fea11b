"""What builds an installation from its configuration: the parts of the composition root, app.py's alone."""
