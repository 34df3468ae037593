"""The portable profile: what a rule may say so that it decides alike on both engines. One file a family."""
