"""Solutions in containers: Podman with crun (level L1, for images) or with gVisor's runsc (level L2)."""
