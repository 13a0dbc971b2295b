"""Solutions in a Kubernetes cluster (level L3): a Job whose RuntimeClass has a kernel of its own for each pod."""
