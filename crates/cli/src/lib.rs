//! What every windlass command shares: exit codes, reports, error rendering, configuration.
