"""The vendor's side: keys, update bundles, signed profiles and overlays, what is in a release, and may it go out."""
