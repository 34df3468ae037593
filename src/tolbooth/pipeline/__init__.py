"""The way, joined: each file is one journey over the steps and reads like a sentence."""
