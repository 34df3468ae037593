"""The compiled kernel: plain C without Python in it, called on buffers while other threads run. Optional everywhere."""
