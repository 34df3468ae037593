"""What people and machines read: one report model, one file a format. Decides and measures nothing."""
