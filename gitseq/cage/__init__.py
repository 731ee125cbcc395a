"""Running a hook's command so that it cannot outlive or escape us."""
