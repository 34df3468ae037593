"""Reads a model and its run from MLflow, through MLflow's own client, which is imported only when it is asked."""
