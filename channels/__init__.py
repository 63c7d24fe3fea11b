"""The doors: one file a provider, and what every channel shares on the way in and out."""
