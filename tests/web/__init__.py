"""The portal over a real portal.db in a temporary folder."""
