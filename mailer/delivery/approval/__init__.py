"""Nobody sends alone: one person asks, another one answers, and the answer holds for exactly what they saw."""
