"""The store's tasks; when they run stands in the settings of the queue. Each is safe to run twice."""
