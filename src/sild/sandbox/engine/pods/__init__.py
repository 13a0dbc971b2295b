"""Pods: the machines of one sample, each from an image of its own, together in one kernel of gVisor's (level L2)."""
