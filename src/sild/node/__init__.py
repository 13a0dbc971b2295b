"""The composition: settings, pages, server, jobs and the `sild` command."""
