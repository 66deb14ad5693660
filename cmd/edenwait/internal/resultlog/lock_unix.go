//go:build !windows

package resultlog

// lockName is the file to lock: the results file itself, so that no lock file is left
// behind. The lock is advisory, so others can read the file.
func lockName(path string) string { return path }
