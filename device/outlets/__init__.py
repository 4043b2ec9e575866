"""Outlets: how a diagnosis reaches people and programs."""
