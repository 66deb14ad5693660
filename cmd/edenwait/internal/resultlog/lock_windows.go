package resultlog

// lockName is the file to lock. A lock on the results themselves would keep this
// very process from reading them through another handle.
func lockName(path string) string { return path + ".lock" }
