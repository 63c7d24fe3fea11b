"""Everything over HTTP that is no provider."""
