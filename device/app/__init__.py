"""The service itself: the one place that knows both the makers and the users of facts."""
